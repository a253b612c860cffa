import RelayStore

/// The lists that a query reads, and the predicates that its filter has.
extension RecordQuery {
    /// Whether the store has the lists that are needed: one of an older format that there was no room to move
    /// on lacks some.
    public func isAnswerable(_ view: borrowing StoreView) throws(StoreError) -> Bool {
        guard case .records(let filter) = filter else { return true }
        var lists: [RecordList] = []
        if filter.mscNumber != nil { lists.append(.unitsOfMscNumber) }
        if filter.updatedSince != nil || !sort.isByID { lists.append(byUpdate) }
        let format = try view.formatVersion()
        return lists.allSatisfy { $0.format <= format }
    }

    func predicates(
        _ view: borrowing StoreView
    ) throws(StoreError) -> [OrderPredicate] {
        switch filter {
        case .orders(let filter): try view.predicates(filter, account)
        case .records(let filter): try view.predicates(filter, account)
        }
    }

    /// The index of all records that is in the order asked for.
    func wholeIndex(_ view: borrowing StoreView) throws(StoreError) -> ListRange {
        let list: RecordList =
            switch sort {
            case .id, .idDescending: byID
            case .dueDate, .dueDateDescending: .ordersByDueDate
            case .updatedAt, .updatedAtDescending: byUpdate
            }
        let key = list.key(account)
        return ListRange(list: key, low: 0, high: try view.count(key))
    }

    var byID: RecordList {
        guard let list = resource.list else { preconditionFailure("records that a list has") }
        return list
    }

    private var byUpdate: RecordList {
        guard let list = resource.listByUpdate else {
            preconditionFailure("records that say when they were changed")
        }
        return list
    }
}
