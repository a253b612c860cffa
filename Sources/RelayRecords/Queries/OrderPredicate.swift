import JSON
import RelayContract
import RelayStore

/// One predicate of a filter of orders or of other records: the range of an index that holds those that
/// meet it, and how to tell of any other whether it does.
struct OrderPredicate {
    enum Condition {
        /// It is on this list.
        case member(ListKey)
        /// It is in the list by internalId, under this number.
        case internalID(UInt64)
        /// It is due from one time to before another.
        case due(UInt64, UInt64)
        /// It was changed then or later.
        case updated(Resource, since: UInt64)
        /// No order meets it.
        case never
    }

    let condition: Condition
    let range: ListRange

    /// Whether the range is sorted by id.
    var isByID: Bool {
        switch condition {
        case .member, .internalID, .never: true
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
        if let status = filter.status {
            predicates.append(try member(.ordersOfStatus, account, status.parameter))
        }
        if let type = filter.type {
            let term = ListTerm(account: account, kind: .orderType, text: type)
            if let number = try record(named: term.name) {
                predicates.append(try member(.ordersOfType, account, number))
            } else {
                predicates.append(never(account))
            }
        }
        if let id = filter.propertyId {
            predicates.append(try member(.ordersOfProperty, account, id))
        }
        if let id = filter.customerId {
            predicates.append(try member(.ordersOfCustomer, account, id))
        }
        if let isInternal = filter.isInternal {
            predicates.append(try member(.ordersOfInternal, account, isInternal ? 1 : 0))
        }
        if let text = filter.internalId { predicates.append(try internalID(text, account)) }
        if filter.dueFrom != nil || filter.dueTo != nil {
            let from = filter.dueFrom?.listKey ?? 0
            let to = filter.dueTo?.listKey ?? .max
            let range = try self.range(.ordersByDueDate, account, from, to)
            predicates.append(OrderPredicate(condition: .due(from, to), range: range))
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
            condition: .updated(resource, since: since),
            range: try range(list, account, since, .max))
    }

    /// Those on a list.
    func member(
        _ list: RecordList, _ account: UInt32, _ parameter: UInt64
    ) throws(StoreError) -> OrderPredicate {
        let list = list.key(account, parameter)
        return OrderPredicate(
            condition: .member(list),
            range: ListRange(list: list, low: 0, high: try count(list)))
    }

    private func never(_ account: UInt32) -> OrderPredicate {
        let list = RecordList.ordersByInternalID.key(account)
        return OrderPredicate(
            condition: .never, range: ListRange(list: list, low: 0, high: 0))
    }

    private func internalID(
        _ text: String, _ account: UInt32
    ) throws(StoreError) -> OrderPredicate {
        let term = ListTerm(account: account, kind: .orderInternalID, text: text)
        guard let number = try record(named: term.name) else { return never(account) }
        return OrderPredicate(
            condition: .internalID(number),
            range: try range(.ordersByInternalID, account, number, number + 1))
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
