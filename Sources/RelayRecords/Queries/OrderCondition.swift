import JSON
import RelayContract
import RelayStore

/// One condition of a filter: where the orders are that meet it, and how to tell of another order
/// whether it does.
struct OrderCondition {
    enum Test {
        /// It is on this list.
        case member(ListKey)
        /// It is in the list by internalId, under this number.
        case internalID(UInt64)
        /// It is due from one time to before another.
        case due(UInt64, UInt64)
        /// It was changed then or later.
        case updated(UInt64)
        /// No order meets it.
        case never
    }

    let test: Test
    let stretch: ListStretch

    /// Whether the stretch is in the order of ids.
    var isByID: Bool {
        switch test {
        case .member, .internalID, .never: true
        case .due, .updated: false
        }
    }
}

extension StoreView {
    /// The conditions of a filter.
    func conditions(
        _ filter: OrderFilter, _ account: UInt32
    ) throws(StoreError) -> [OrderCondition] {
        var conditions: [OrderCondition] = []
        if let status = filter.status {
            conditions.append(try member(.ordersOfStatus, account, status.parameter))
        }
        if let type = filter.type {
            let term = ListTerm(account: account, kind: .orderType, text: type)
            if let number = try lookup(term.name) {
                conditions.append(try member(.ordersOfType, account, number))
            } else {
                conditions.append(never(account))
            }
        }
        if let id = filter.propertyId {
            conditions.append(try member(.ordersOfProperty, account, id))
        }
        if let id = filter.customerId {
            conditions.append(try member(.ordersOfCustomer, account, id))
        }
        if let isInternal = filter.isInternal {
            conditions.append(try member(.ordersOfInternal, account, isInternal ? 1 : 0))
        }
        if let text = filter.internalId { conditions.append(try internalID(text, account)) }
        if filter.dueFrom != nil || filter.dueTo != nil {
            let from = filter.dueFrom?.listKey ?? 0
            let to = filter.dueTo?.listKey ?? .max
            let stretch = try self.stretch(.ordersByDueDate, account, from, to)
            conditions.append(OrderCondition(test: .due(from, to), stretch: stretch))
        }
        if let since = filter.updatedSince?.listKey {
            let stretch = try self.stretch(.ordersByUpdate, account, since, .max)
            conditions.append(OrderCondition(test: .updated(since), stretch: stretch))
        }
        return conditions
    }

    private func member(
        _ list: RecordList, _ account: UInt32, _ parameter: UInt64
    ) throws(StoreError) -> OrderCondition {
        let list = list.key(account, parameter)
        return OrderCondition(
            test: .member(list),
            stretch: ListStretch(list: list, isWide: false, low: 0, high: try count(list)))
    }

    private func never(_ account: UInt32) -> OrderCondition {
        let list = RecordList.ordersByInternalID.key(account)
        return OrderCondition(
            test: .never, stretch: ListStretch(list: list, isWide: true, low: 0, high: 0))
    }

    private func internalID(
        _ text: String, _ account: UInt32
    ) throws(StoreError) -> OrderCondition {
        let term = ListTerm(account: account, kind: .orderInternalID, text: text)
        guard let number = try lookup(term.name) else { return never(account) }
        return OrderCondition(
            test: .internalID(number),
            stretch: try stretch(.ordersByInternalID, account, number, number + 1))
    }

    /// The stretch of a list in which the high words are from one value to before another.
    private func stretch(
        _ list: RecordList, _ account: UInt32, _ from: UInt64, _ to: UInt64
    ) throws(StoreError) -> ListStretch {
        let list = list.key(account)
        return ListStretch(
            list: list, isWide: true, low: try rank(ofWide: UInt128(from, 0), in: list),
            high: try rank(ofWide: UInt128(to, 0), in: list))
    }

    /// Whether an order meets a condition. No document is parsed for that.
    func meets(
        _ test: OrderCondition.Test, _ id: UInt64, _ account: UInt32
    ) throws(StoreError) -> Bool {
        switch test {
        case .member(let list): return try contains(id, in: list)
        case .internalID(let number):
            return try contains(
                wide: UInt128(number, id), in: RecordList.ordersByInternalID.key(account))
        case .due(let from, let to):
            let due = try orderFacts(id, account).due
            return from <= due && due < to
        case .updated(let since): return try orderFacts(id, account).updated >= since
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
