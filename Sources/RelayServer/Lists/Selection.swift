import HTTP2
import RelayContract
import RelayRecords
import RelayStore

/// A list that no single counted list says: which records, in which order.
enum Selection {
    case unitsWithoutEed(UnitsWithoutEed)
    case appointments(AppointmentWindow)
    case orders(OrderQuery)

    /// The kind of record on it.
    var resource: Resource {
        switch self {
        case .unitsWithoutEed: .unit
        case .appointments: .appointment
        case .orders: .order
        }
    }

    /// Fills a page.
    func fill(
        _ page: SelectedPage, _ view: borrowing StoreView, from start: SelectionStart,
        limit: Int
    ) throws(StoreError) {
        switch self {
        case .unitsWithoutEed(let units):
            try units.fill(page, view, from: start, limit: limit)
        case .appointments(let window):
            try window.fill(page, view, from: start, limit: limit)
        case .orders(let query): try query.fill(page, view, from: start, limit: limit)
        }
    }

    /// Filters and order, for cursors.
    var fingerprint: UInt64 {
        var fingerprint = Fingerprint()
        switch self {
        case .unitsWithoutEed(let units):
            fingerprint.mix(1)
            fingerprint.mix(UInt64(units.month.number))
        case .appointments(let window):
            fingerprint.mix(2)
            fingerprint.mix(window.customer ?? 0)
            fingerprint.mix(window.from?.seconds ?? .max)
            fingerprint.mix(window.to?.seconds ?? .max)
        case .orders(let query):
            fingerprint.mix(3)
            fingerprint.mix(query.filter)
        }
        return fingerprint.value
    }

    /// The version of the list: that of the last change to any record that it looks at.
    func version(_ view: borrowing StoreView, _ account: UInt32) throws(StoreError) -> UInt64 {
        var version = try view.counter(account: account, resource: resource.rawValue)
            .changeSequence
        if case .unitsWithoutEed = self {
            let months = try view.counter(
                account: account, resource: Resource.eedMonth.rawValue)
            version = max(version, months.changeSequence)
        }
        return version
    }

    /// The selection that a request asks for, read again from its query: how a list that is
    /// answered in portions knows what it was about.
    init?(
        _ operation: RelayContract.Operation, _ request: APIRequest,
        _ exchange: inout RelayExchange
    ) {
        switch operation {
        case .getUnitsWithoutEed:
            guard let input = GetUnitsWithoutEedInput(request, &exchange) else { return nil }
            self = .unitsWithoutEed(UnitsWithoutEed(account: exchange.account, input.period))
        case .getAppointments:
            guard let input = GetAppointmentsInput(request, &exchange) else { return nil }
            self = .appointments(AppointmentWindow(input, exchange.account))
        case .getOrders:
            guard let input = GetOrdersInput(request, &exchange) else { return nil }
            self = .orders(OrderQuery(account: exchange.account, OrderFilter(input)))
        default: return nil
        }
    }
}

/// Where a selection that is answered in portions goes on: the application state of its exchange.
struct SelectionContinuation {
    var operation: RelayContract.Operation
    var account: UInt32
    /// Whether a record was written already, so that the next one follows a comma.
    var hasRecords: Bool
    var start: SelectionStart
    /// Records still to come; a list without a limit has `Int.max`.
    var remaining: Int

    /// Set in the first word, where `ListContinuation` and `ContentContinuation` never set it.
    private static let mark: UInt64 = 1 << 63
    private static let recordsMark: UInt64 = 1 << 62
    /// Set in the last word of a list without a limit, beside how many are still to be passed over.
    private static let endlessMark: UInt64 = 1 << 63
    /// In place of a key before the first one.
    private static let beginning = UInt128.max

    var state: ApplicationState {
        precondition(
            start.skip == 0 || remaining == .max, "a page passes over in its first portion")
        let after = start.after ?? Self.beginning
        var state = ApplicationState()
        state.words.0 =
            Self.mark | (hasRecords ? Self.recordsMark : 0) | UInt64(account) << 16
            | UInt64(operation.rawValue)
        state.words.1 = UInt64(truncatingIfNeeded: after >> 64)
        state.words.2 = UInt64(truncatingIfNeeded: after)
        state.words.3 =
            remaining == .max ? Self.endlessMark | start.skip : UInt64(remaining)
        return state
    }

    init(
        operation: RelayContract.Operation, account: UInt32, hasRecords: Bool,
        start: SelectionStart, remaining: Int
    ) {
        self.operation = operation
        self.account = account
        self.hasRecords = hasRecords
        self.start = start
        self.remaining = remaining
    }

    /// Reads back what `state` wrote; nil when it is of another kind.
    init?(_ state: ApplicationState) {
        guard state.words.0 & Self.mark != 0,
            let operation = RelayContract.Operation(
                rawValue: UInt8(truncatingIfNeeded: state.words.0))
        else { return nil }
        let after = UInt128(state.words.1) << 64 | UInt128(state.words.2)
        self.operation = operation
        account = UInt32(truncatingIfNeeded: state.words.0 >> 16 & 0xFFFF_FFFF)
        hasRecords = state.words.0 & Self.recordsMark != 0
        let isEndless = state.words.3 & Self.endlessMark != 0
        start = SelectionStart(
            after: after == Self.beginning ? nil : after,
            skip: isEndless ? state.words.3 & ~Self.endlessMark : 0)
        remaining = isEndless ? .max : Int(state.words.3)
    }
}
