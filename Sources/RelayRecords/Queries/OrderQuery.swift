import JSON
import RelayContract
import RelayStore

/// The orders that a filter lets through, in the order that it asks for.
///
/// One condition in its own order is a stretch of a list: nothing is looked for. Otherwise, where
/// one condition leaves few, those are gathered and sorted. Where each leaves many, a list in the
/// right order is walked and every other condition asked, as far as one request may go.
public struct OrderQuery {
    /// What is asked for.
    public let filter: OrderFilter
    private let account: UInt32
    private let sort: OrderSort
    /// Orders that one page may look at before it ends short.
    public var budget = Limits.candidates
    /// Orders of the smallest condition up to which they are gathered.
    public var gathered = Limits.gathered

    /// A selection; nothing is read yet.
    public init(account: UInt32, _ filter: OrderFilter) {
        self.account = account
        self.filter = filter
        sort = filter.sort ?? .id
    }

    /// The counted list that is this selection, in ascending order of ids, if there is one.
    public func list(_ view: borrowing StoreView) throws(StoreError) -> (RecordList, UInt64)? {
        guard sort == .id else { return nil }
        let conditions = try view.conditions(filter, account)
        if conditions.isEmpty { return (.orders, 0) }
        guard conditions.count == 1, case .member(let list) = conditions[0].test,
            let kind = RecordList(rawValue: list.kind)
        else { return nil }
        return (kind, list.parameter)
    }

    /// Fills a page.
    public func fill(
        _ page: SelectedPage, _ view: borrowing StoreView, from start: SelectionStart, limit: Int
    ) throws(StoreError) {
        precondition(limit >= 0, "a page has a limit")
        page.reset()
        defer { precondition(page.count <= limit, "a page has no more than its limit") }
        let conditions = try view.conditions(filter, account)
        let smallest = conditions.indices.min {
            conditions[$0].stretch.count < conditions[$1].stretch.count
        }
        if conditions.count == 1 { page.total = conditions[0].stretch.count }
        var driver = try wholeList(view)
        var tests = conditions.map(\.test)
        // The condition that is in the order asked for is the list to walk.
        if let index = conditions.indices.first(where: { isInOrder(conditions[$0]) }) {
            driver = conditions[sort.isByID ? smallestByID(conditions) ?? index : index].stretch
            tests.remove(at: sort.isByID ? smallestByID(conditions) ?? index : index)
        } else if let smallest, conditions[smallest].stretch.count <= UInt64(gathered) {
            return try gather(page, view, conditions, smallest, start, limit)
        }
        if !tests.isEmpty, let smallest, conditions[smallest].stretch.count <= UInt64(gathered) {
            return try gather(page, view, conditions, smallest, start, limit)
        }
        if conditions.isEmpty { page.total = driver.count }
        // Pages behind a cursor leave it to the first one, which has said it.
        if start.after == nil, conditions.count > 1 {
            page.total = try countOfAll(conditions, view)
        }
        try walk(page, view, driver, tests, start, limit)
    }

    /// How many orders meet every condition: said where all of them are lists by id that are short
    /// enough to be run through side by side.
    private func countOfAll(
        _ conditions: [OrderCondition], _ view: borrowing StoreView
    ) throws(StoreError) -> UInt64? {
        let keys = conditions.reduce(0) { $0 + $1.stretch.count }
        guard keys <= Limits.comparedKeys, conditions.allSatisfy(\.isByID) else { return nil }
        let ascending = conditions.sorted { $0.stretch.count < $1.stretch.count }
        var ids: [UInt64] = []
        ids.reserveCapacity(Int(ascending[0].stretch.count))
        try view.forEachKey(of: ascending[0].stretch) { (key) throws(StoreError) in
            ids.append(key.recordID)
            return true
        }
        for condition in ascending.dropFirst() {
            var (kept, next) = (0, 0)
            try view.forEachKey(of: condition.stretch) { (key) throws(StoreError) in
                let id = key.recordID
                while next < ids.count, ids[next] < id { next += 1 }
                if next < ids.count, ids[next] == id {
                    ids[kept] = id
                    (kept, next) = (kept + 1, next + 1)
                }
                return next < ids.count
            }
            ids.removeLast(ids.count - kept)
        }
        return UInt64(ids.count)
    }

    private func smallestByID(_ conditions: [OrderCondition]) -> Int? {
        conditions.indices.filter { conditions[$0].isByID }.min {
            conditions[$0].stretch.count < conditions[$1].stretch.count
        }
    }

    private func isInOrder(_ condition: OrderCondition) -> Bool {
        switch condition.test {
        case .member, .internalID, .never: sort.isByID
        case .due: sort == .dueDate || sort == .dueDateDescending
        case .updated: sort == .updatedAt || sort == .updatedAtDescending
        }
    }

    /// The list of all orders that is in the order asked for.
    private func wholeList(_ view: borrowing StoreView) throws(StoreError) -> ListStretch {
        let list: RecordList =
            switch sort {
            case .id, .idDescending: .orders
            case .dueDate, .dueDateDescending: .ordersByDueDate
            case .updatedAt, .updatedAtDescending: .ordersByUpdate
            }
        let key = list.key(account)
        return ListStretch(list: key, isWide: list.isWide, low: 0, high: try view.count(key))
    }

    // MARK: Gathering

    private func gather(
        _ page: SelectedPage, _ view: borrowing StoreView, _ conditions: [OrderCondition],
        _ smallest: Int, _ start: SelectionStart, _ limit: Int
    ) throws(StoreError) {
        var others = conditions.map(\.test)
        others.remove(at: smallest)
        var places: [UInt128] = []
        try view.forEachKey(of: conditions[smallest].stretch) { (key) throws(StoreError) in
            let id = key.recordID
            for test in others where try !view.meets(test, id, account) { return true }
            places.append(place(of: try sortKey(id, view)))
            return true
        }
        places.sort()
        page.total = UInt64(places.count)
        var first = 0
        if let after = start.after {
            let behind = place(of: after)
            first = places.firstIndex { $0 > behind } ?? places.count
        }
        first += Int(min(start.skip, UInt64(places.count - first)))
        let end = first + min(limit, places.count - first)
        for place in places[first..<end] { page.append(key(at: place)) }
        page.isLast = end == places.count
        page.next.after = page.keys.last
    }

    /// The key that an order has in the list that is in the order asked for.
    private func sortKey(
        _ id: UInt64, _ view: borrowing StoreView
    ) throws(StoreError) -> UInt128 {
        switch sort {
        case .id, .idDescending: UInt128(id)
        case .dueDate, .dueDateDescending: UInt128(try view.orderFacts(id, account).due, id)
        case .updatedAt, .updatedAtDescending:
            UInt128(try view.orderFacts(id, account).updated, id)
        }
    }

    /// A number by which keys ascend in the order asked for; orders without a due date are last.
    private func place(of key: UInt128) -> UInt128 {
        guard sort.isDescending else { return key }
        let value = UInt64(truncatingIfNeeded: key >> 64)
        return UInt128(value == .max ? .max : .max - 1 - value, ~key.recordID)
    }

    /// The key that has this place; the same calculation once more.
    private func key(at place: UInt128) -> UInt128 { self.place(of: place) }

    // MARK: Walking

    private func walk(
        _ page: SelectedPage, _ view: borrowing StoreView, _ driver: ListStretch,
        _ tests: [OrderCondition.Test], _ start: SelectionStart, _ limit: Int
    ) throws(StoreError) {
        var walk = OrderWalk(tests: tests, account: account, budget: budget, skip: start.skip)
        for var stretch in try stretches(driver, view) {
            if let after = start.after { try trim(&stretch, after, view) }
            // Without tests every place counts, and an offset is a place.
            if tests.isEmpty {
                let passed = min(walk.skip, stretch.count)
                walk.skip -= passed
                if sort.isDescending { stretch.high -= passed } else { stretch.low += passed }
            }
            guard stretch.count > 0 else { continue }
            try view.forEachKey(of: stretch, descending: sort.isDescending) {
                (key) throws(StoreError) in
                try walk.take(key, page, view, limit)
            }
            if walk.isEnded { return }
        }
        page.isLast = true
        page.next.after = page.keys.last
        // The whole was walked from its beginning: then it is counted, too.
        if start.after == nil, start.skip == 0, page.total == nil {
            page.total = UInt64(page.keys.count)
        }
    }

    /// The stretches in the order in which they are walked: descending by due date, orders without
    /// one are last all the same.
    private func stretches(
        _ driver: ListStretch, _ view: borrowing StoreView
    ) throws(StoreError) -> [ListStretch] {
        guard sort == .dueDateDescending else { return [driver] }
        let dated = try view.rank(ofWide: UInt128(.max, 0), in: driver.list)
        var (first, second) = (driver, driver)
        first.high = min(driver.high, max(dated, driver.low))
        second.low = first.high
        return [first, second]
    }

    /// Leaves what comes behind a key.
    private func trim(
        _ stretch: inout ListStretch, _ after: UInt128, _ view: borrowing StoreView
    ) throws(StoreError) {
        if sort.isDescending {
            let isUndated = sort == .dueDateDescending && after >> 64 == UInt128(UInt64.max)
            let first = try view.key(at: stretch.low, of: stretch)
            let isUndatedStretch =
                sort == .dueDateDescending && first.map { $0 >> 64 == UInt128(UInt64.max) } ?? false
            // Of two stretches, the one before the key is done and the one behind it is whole.
            if isUndated != isUndatedStretch {
                if isUndated { stretch.high = stretch.low }
                return
            }
            stretch.high = min(stretch.high, max(stretch.low, try view.rank(of: after, stretch)))
        } else {
            stretch.low = min(stretch.high, max(stretch.low, try view.rank(of: after + 1, stretch)))
        }
    }
}

/// What a walk over candidates has left.
private struct OrderWalk {
    let tests: [OrderCondition.Test]
    let account: UInt32
    var budget: Int
    var skip: UInt64
    /// Whether the page is done before the list is.
    var isEnded = false

    /// Looks at a candidate; false when the walk ends.
    mutating func take(
        _ key: UInt128, _ page: SelectedPage, _ view: borrowing StoreView, _ limit: Int
    ) throws(StoreError) -> Bool {
        if !tests.isEmpty { budget -= 1 }
        var isMet = true
        for test in tests where try !view.meets(test, key.recordID, account) {
            isMet = false
            break
        }
        if isMet {
            if page.keys.count == limit {
                // One more than the page holds: that is how it is known not to be the last.
                page.isLast = false
                page.next.after = page.keys.last
                isEnded = true
                return false
            }
            if skip > 0 { skip -= 1 } else { page.append(key) }
        }
        if tests.isEmpty || budget > 0 { return true }
        page.isLast = false
        page.next = SelectionStart(after: key, skip: skip)
        isEnded = true
        return false
    }
}

extension OrderSort {
    fileprivate var isDescending: Bool {
        switch self {
        case .id, .dueDate, .updatedAt: false
        case .idDescending, .dueDateDescending, .updatedAtDescending: true
        }
    }

    fileprivate var isByID: Bool { self == .id || self == .idDescending }
}
