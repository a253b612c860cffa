import JSON
import RelayContract
import RelayStore

/// One predicate of a filter of orders or of other records: the ranges of indexes that hold those that
/// meet it, and how to tell of any other whether it does.
struct OrderPredicate {
    enum Condition {
        /// It is on this list.
        case member(ListKey)
        /// It is on one of these lists, of which no two share an order.
        case memberOfAny([ListKey])
        /// It is in the list by internalId, under this number.
        case internalID(UInt64)
        /// It is due from one time to before another.
        case due(UInt64, UInt64)
        /// It was changed then or later.
        case updated(Resource, since: UInt64)
        /// No order meets it.
        case never

        /// Lookups that it takes to tell whether an order meets it.
        var lookups: Int {
            if case .memberOfAny(let lists) = self { lists.count } else { 1 }
        }
    }

    let condition: Condition
    let ranges: RangeUnion

    init(_ condition: Condition, _ range: ListRange) {
        self.condition = condition
        ranges = RangeUnion(range)
    }

    /// The orders of several lists, of which no two share one.
    init(anyOf lists: [ListRange]) {
        condition = .memberOfAny(lists.map(\.list))
        ranges = RangeUnion(disjoint: lists)
    }

    /// How many orders meet it.
    var count: UInt64 { ranges.count }

    /// Whether the ranges are sorted by id.
    var isByID: Bool {
        switch condition {
        case .member, .memberOfAny, .internalID, .never: true
        case .due, .updated: false
        }
    }
}

extension StoreView {
    /// The predicates of a filter.
    func predicates(
        _ filter: OrderFilter, _ account: UInt32
    ) throws(StoreError) -> [OrderPredicate] {
        var predicates: [OrderPredicate] = []
        // An order has one status, one type, one property and one customer at most: lists of several are disjoint.
        if let statuses = filter.status {
            predicates.append(
                try members(.ordersOfStatus, account, statuses) { (status) in status.parameter })
        }
        if let types = filter.type {
            predicates.append(
                try members(.ordersOfType, account, types) { (type) throws(StoreError) in
                    let term = ListTerm(account: account, kind: .orderType, text: type)
                    return try record(named: term.name)
                })
        }
        if let ids = filter.propertyId {
            predicates.append(try members(.ordersOfProperty, account, ids) { (id) in id })
        }
        if let ids = filter.customerId {
            predicates.append(try members(.ordersOfCustomer, account, ids) { (id) in id })
        }
        if let isInternal = filter.isInternal {
            predicates.append(try member(.ordersOfInternal, account, isInternal ? 1 : 0))
        }
        if let text = filter.internalId { predicates.append(try internalID(text, account)) }
        if filter.dueFrom != nil || filter.dueTo != nil {
            let from = filter.dueFrom?.listKey ?? 0
            let to = filter.dueTo?.listKey ?? .max
            let range = try self.range(.ordersByDueDate, account, from, to)
            predicates.append(OrderPredicate(.due(from, to), range))
        }
        if let since = filter.updatedSince?.listKey {
            predicates.append(try updated(.order, account, since))
        }
        return predicates
    }

    /// Those that were changed then or later.
    func updated(
        _ resource: Resource, _ account: UInt32, _ since: UInt64
    ) throws(StoreError) -> OrderPredicate {
        guard let list = resource.listByUpdate else {
            preconditionFailure("records that say when they were changed")
        }
        return OrderPredicate(
            .updated(resource, since: since), try range(list, account, since, .max))
    }

    /// The predicate of a filter's values: of those that no order has, and of those that were sent twice, nothing is
    /// left.
    private func members<Value>(
        _ list: RecordList, _ account: UInt32, _ values: AnyOf<Value>,
        _ parameter: (Value) throws(StoreError) -> UInt64?
    ) throws(StoreError) -> OrderPredicate {
        if values.others.isEmpty {
            guard let only = try parameter(values.first) else { return never(account) }
            return try member(list, account, only)
        }
        var parameters: [UInt64] = []
        for value in values.all {
            guard let parameter = try parameter(value), !parameters.contains(parameter) else {
                continue
            }
            parameters.append(parameter)
        }
        guard let first = parameters.first else { return never(account) }
        if parameters.count == 1 { return try member(list, account, first) }
        var ranges: [ListRange] = []
        for parameter in parameters { ranges.append(try whole(list.key(account, parameter))) }
        return OrderPredicate(anyOf: ranges)
    }

    /// Those on a list.
    func member(
        _ list: RecordList, _ account: UInt32, _ parameter: UInt64
    ) throws(StoreError) -> OrderPredicate {
        let list = list.key(account, parameter)
        return OrderPredicate(.member(list), try whole(list))
    }

    private func whole(_ list: ListKey) throws(StoreError) -> ListRange {
        ListRange(list: list, low: 0, high: try count(list))
    }

    private func never(_ account: UInt32) -> OrderPredicate {
        let list = RecordList.ordersByInternalID.key(account)
        return OrderPredicate(.never, ListRange(list: list, low: 0, high: 0))
    }

    private func internalID(
        _ text: String, _ account: UInt32
    ) throws(StoreError) -> OrderPredicate {
        let term = ListTerm(account: account, kind: .orderInternalID, text: text)
        guard let number = try record(named: term.name) else { return never(account) }
        return OrderPredicate(
            .internalID(number), try range(.ordersByInternalID, account, number, number + 1))
    }

    /// The range of a list in which the high words are from one value to before another.
    private func range(
        _ list: RecordList, _ account: UInt32, _ from: UInt64, _ to: UInt64
    ) throws(StoreError) -> ListRange {
        let keys = try self.list(list.key(account), of: UInt128.self)
        return ListRange(
            list: keys.key, low: try keys.rank(of: UInt128(from, 0)),
            high: try keys.rank(of: UInt128(to, 0)))
    }

    /// Whether a record meets a condition. No document is parsed for that.
    func meets(
        _ condition: OrderPredicate.Condition, _ id: UInt64, _ account: UInt32
    ) throws(StoreError) -> Bool {
        switch condition {
        case .member(let list): return try self.list(list, of: UInt64.self).contains(id)
        case .memberOfAny(let lists):
            for list in lists where try self.list(list, of: UInt64.self).contains(id) {
                return true
            }
            return false
        case .internalID(let number):
            let list = RecordList.ordersByInternalID.key(account)
            return try self.list(list, of: UInt128.self).contains(UInt128(number, id))
        case .due(let from, let to):
            let due = try orderFacts(id, account).due
            return from <= due && due < to
        case .updated(let resource, let since):
            return try updateKey(resource, id, account) >= since
        case .never: return false
        }
    }

    /// Due date and time of change, as the lists have them.
    func orderFacts(
        _ id: UInt64, _ account: UInt32
    ) throws(StoreError) -> (due: UInt64, updated: UInt64) {
        guard let document = try document(Resource.order.key(account, id)),
            document.privateBytes.byteCount == 16
        else { throw .corrupted(what: "order \(id)") }
        // SAFETY: sixteen bytes, as was checked, read while the view is borrowed.
        return document.privateBytes.withUnsafeBytes { bytes in
            (
                UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }
}
