import HTTP2
import RelayRecords
import RelayStore

/// What a list answers: which records, and what stands around them.
struct ListAnswer {
    /// What stands around the records of a list.
    enum Frame: UInt8 {
        case array, customers, properties, units, appointments, documents

        /// Bytes before the first record.
        var opening: StaticString {
            switch self {
            case .array: "["
            case .customers: "{\"customers\":["
            case .properties: "{\"properties\":["
            case .units: "{\"units\":["
            case .appointments: "{\"appointments\":["
            case .documents: "{\"documents\":["
            }
        }

        /// Bytes behind the last record.
        var closing: StaticString { self == .array ? "]" : "]}" }
    }

    var list: RecordList
    var frame: Frame
    /// The id that a list "of" something is about, which is also the filter's value.
    var parameter: UInt64

    init(_ list: RecordList, _ frame: Frame, _ parameter: UInt64? = nil) {
        self.list = list
        self.frame = frame
        self.parameter = parameter ?? 0
    }

    func key(_ account: UInt32) -> ListKey { list.key(account, parameter) }
}

/// Where a list that is answered in portions goes on: the application state of its exchange.
struct ListContinuation {
    var answer: ListAnswer
    var account: UInt32
    var after: UInt64
    /// Records still to come; a list without a limit has `Int.max`.
    var remaining: Int

    var state: ApplicationState {
        var state = ApplicationState()
        state.words.0 =
            UInt64(account) << 16 | UInt64(answer.list.rawValue) << 8
            | UInt64(answer.frame.rawValue)
        state.words.1 = answer.parameter
        state.words.2 = after
        state.words.3 = UInt64(remaining)
        return state
    }

    init(answer: ListAnswer, account: UInt32, after: UInt64, remaining: Int) {
        self.answer = answer
        self.account = account
        self.after = after
        self.remaining = remaining
    }

    /// Reads back what `state` wrote.
    init?(_ state: ApplicationState) {
        guard let list = RecordList(rawValue: UInt8(truncatingIfNeeded: state.words.0 >> 8)),
            let frame = ListAnswer.Frame(rawValue: UInt8(truncatingIfNeeded: state.words.0))
        else { return nil }
        answer = ListAnswer(list, frame, state.words.1)
        account = UInt32(truncatingIfNeeded: state.words.0 >> 16)
        after = state.words.2
        remaining = Int(state.words.3)
    }
}
