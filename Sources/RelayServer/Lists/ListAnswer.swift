import RelayRecords
import RelayStore

/// Which records a list answers.
struct ListAnswer: Equatable {
    var list: RecordList
    /// The id that a list "of" something is about, which is also the filter's value.
    var parameter: UInt64

    init(_ list: RecordList, _ parameter: UInt64? = nil) {
        self.list = list
        self.parameter = parameter ?? 0
    }

    func key(_ account: UInt32) -> ListKey { list.key(account, parameter) }
}
