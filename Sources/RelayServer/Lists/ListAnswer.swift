import HTTP2
import RelayContract
import RelayRecords
import RelayStore

/// Which records a list answers.
struct ListAnswer {
    var list: RecordList
    /// The id that a list "of" something is about, which is also the filter's value.
    var parameter: UInt64

    init(_ list: RecordList, _ parameter: UInt64? = nil) {
        self.list = list
        self.parameter = parameter ?? 0
    }

    func key(_ account: UInt32) -> ListKey { list.key(account, parameter) }
}

/// Where a list that is answered in portions goes on: the application state of its exchange.
struct ListContinuation {
    var operation: RelayContract.Operation
    var answer: ListAnswer
    var account: UInt32
    var after: UInt64
    /// Records still to come; a list without a limit has `Int.max`.
    var remaining: Int

    var state: ApplicationState {
        var state = ApplicationState()
        state.words.0 =
            UInt64(account) << 16 | UInt64(answer.list.rawValue) << 8
            | UInt64(operation.rawValue)
        state.words.1 = answer.parameter
        state.words.2 = after
        state.words.3 = UInt64(remaining)
        return state
    }

    init(
        operation: RelayContract.Operation, answer: ListAnswer, account: UInt32, after: UInt64,
        remaining: Int
    ) {
        self.operation = operation
        self.answer = answer
        self.account = account
        self.after = after
        self.remaining = remaining
    }

    /// Reads back what `state` wrote.
    init?(_ state: ApplicationState) {
        guard let list = RecordList(rawValue: UInt8(truncatingIfNeeded: state.words.0 >> 8)),
            let operation = RelayContract.Operation(
                rawValue: UInt8(truncatingIfNeeded: state.words.0))
        else { return nil }
        self.operation = operation
        answer = ListAnswer(list, state.words.1)
        account = UInt32(truncatingIfNeeded: state.words.0 >> 16)
        after = state.words.2
        remaining = Int(state.words.3)
    }
}
