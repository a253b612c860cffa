import RelayRecords
import RelayStore

/// A counted list of records that a request asks for.
struct RequestedList: Equatable {
    var kind: RecordList
    /// The id that a list "of" something is about, which is also the filter's value.
    var parameter: UInt64

    init(_ kind: RecordList, _ parameter: UInt64? = nil) {
        self.kind = kind
        self.parameter = parameter ?? 0
    }

    func key(_ account: UInt32) -> ListKey { kind.key(account, parameter) }
}
