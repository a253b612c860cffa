import JSON
import RelayContract
import RelayStore

/// The records that a filter lets through, in the order that it asks for.
///
/// `plan` chooses one of two ways. Where the most selective predicate has few records, they are read,
/// filtered by the other predicates and sorted. Otherwise an index in the order asked for is scanned
/// (the driving index), and each of its records is asked the predicates that the index does not
/// answer (the residual ones), as far as the scan budget of one request goes.
public struct RecordQuery {
    /// What can be asked for.
    public enum Filter: Equatable, Sendable {
        /// Orders.
        case orders(OrderFilter)
        /// Records of another kind that say when they were changed.
        case records(RecordFilter)
    }

    /// What is asked for.
    public let filter: Filter
    /// The kind of record.
    public let resource: Resource
    let account: UInt32
    let sort: OrderSort
    /// Records that one page may look at before it ends short.
    public var scanBudget = Limits.scanBudget
    /// Records of the most selective predicate up to which they are sorted.
    public var sortedRecords = Limits.sortedRecords

    /// A selection of orders; nothing is read yet.
    public init(account: UInt32, _ filter: OrderFilter) {
        self.account = account
        self.filter = .orders(filter)
        resource = .order
        sort = filter.sort ?? .id
    }

    /// A selection of other records; nothing is read yet.
    public init(account: UInt32, _ filter: RecordFilter) {
        self.account = account
        self.filter = .records(filter)
        resource = filter.list.resource
        sort = filter.sort.map { OrderSort($0) } ?? .id
    }

    /// The counted list that is this selection, in ascending order of ids, if there is one.
    public func list(_ view: borrowing StoreView) throws(StoreError) -> (RecordList, UInt64)? {
        guard sort == .id else { return nil }
        if case .orders(let filter) = filter, let list = filter.namedList { return list }
        let predicates = try predicates(view)
        if predicates.isEmpty { return (byID, 0) }
        guard predicates.count == 1, case .member(let list) = predicates[0].condition,
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
        let predicates = try predicates(view)
        if predicates.count == 1 { page.total = predicates[0].count }
        switch try plan(predicates, view) {
        case .sort(let ranges, let residual):
            try sortRecords(of: ranges, residual, page, view, start, limit)
        case .scan(let driving, let residual):
            if predicates.isEmpty { page.total = driving.count }
            // Pages behind a cursor leave it to the first one, which has said it.
            if start.after == nil, predicates.count > 1 {
                page.total = try intersectionCount(predicates, view)
            }
            try scan(driving, residual, page, view, start, limit)
        }
    }

    // MARK: Planning

    /// How the records of a page are found.
    private enum Plan {
        /// Read the records of ranges, leave out those that fail a residual predicate, sort.
        case sort(RangeUnion, [OrderPredicate.Condition])
        /// Scan the driving index, leave out those that fail a residual predicate.
        case scan(RangeUnion, [OrderPredicate.Condition])
    }

    private func plan(
        _ predicates: [OrderPredicate], _ view: borrowing StoreView
    ) throws(StoreError) -> Plan {
        let driving = drivingPredicate(predicates)
        let needsMore = predicates.count > (driving == nil ? 0 : 1)
        if needsMore, let selective = mostSelective(predicates, of: predicates.indices.map { $0 }),
            case let residual = conditions(predicates, without: selective),
            predicates[selective].count <= UInt64(sortedRecords / residual.lookupsPerRecord)
        {
            return .sort(predicates[selective].ranges, residual)
        }
        guard let driving else {
            return .scan(RangeUnion(try wholeIndex(view)), predicates.map(\.condition))
        }
        return .scan(predicates[driving].ranges, conditions(predicates, without: driving))
    }

    /// The predicate whose ranges are in the order asked for; of several the most selective.
    private func drivingPredicate(_ predicates: [OrderPredicate]) -> Int? {
        mostSelective(predicates, of: predicates.indices.filter { isInOrder(predicates[$0]) })
    }

    private func mostSelective(_ predicates: [OrderPredicate], of indices: [Int]) -> Int? {
        indices.min { predicates[$0].count < predicates[$1].count }
    }

    private func conditions(
        _ predicates: [OrderPredicate], without index: Int
    ) -> [OrderPredicate.Condition] {
        var conditions = predicates.map(\.condition)
        conditions.remove(at: index)
        return conditions
    }

    /// How many records meet every predicate: said where all of their ranges are by id and
    /// short enough to be merged.
    private func intersectionCount(
        _ predicates: [OrderPredicate], _ view: borrowing StoreView
    ) throws(StoreError) -> UInt64? {
        let keys = predicates.reduce(0) { $0 + $1.count }
        guard keys <= Limits.comparedKeys, predicates.allSatisfy(\.isByID) else { return nil }
        let ascending = predicates.sorted { $0.count < $1.count }
        var ids: [UInt64] = []
        ids.reserveCapacity(Int(ascending[0].count))
        try ascending[0].ranges.forEachKey(descending: false, view) { (key) throws(StoreError) in
            ids.append(key.recordID)
            return true
        }
        for predicate in ascending.dropFirst() {
            var (kept, next) = (0, 0)
            try predicate.ranges.forEachKey(descending: false, view) { (key) throws(StoreError) in
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

    private func isInOrder(_ predicate: OrderPredicate) -> Bool {
        switch predicate.condition {
        case .member, .memberOfAny, .internalID, .never: sort.isByID
        case .due: sort == .dueDate || sort == .dueDateDescending
        case .updated: sort == .updatedAt || sort == .updatedAtDescending
        }
    }

    // MARK: Sorting

    private func sortRecords(
        of ranges: RangeUnion, _ residual: [OrderPredicate.Condition], _ page: SelectedPage,
        _ view: borrowing StoreView, _ start: SelectionStart, _ limit: Int
    ) throws(StoreError) {
        var sortKeys: [UInt128] = []
        try ranges.forEachKey(descending: false, view) { (key) throws(StoreError) in
            let id = key.recordID
            for condition in residual where try !view.meets(condition, id, account) { return true }
            sortKeys.append(ascending(try indexKey(id, view)))
            return true
        }
        sortKeys.sort()
        page.total = UInt64(sortKeys.count)
        var first = 0
        if let after = start.after {
            let behind = ascending(after)
            first = sortKeys.firstIndex { $0 > behind } ?? sortKeys.count
        }
        first += Int(min(start.skip, UInt64(sortKeys.count - first)))
        let end = first + min(limit, sortKeys.count - first)
        // The calculation is its own inverse.
        for key in sortKeys[first..<end] { page.append(ascending(key)) }
        page.isLast = end == sortKeys.count
        page.next.after = page.keys.last
    }

    /// The key that a record has in the index that is in the order asked for.
    private func indexKey(
        _ id: UInt64, _ view: borrowing StoreView
    ) throws(StoreError) -> UInt128 {
        switch sort {
        case .id, .idDescending: UInt128(id)
        case .dueDate, .dueDateDescending: UInt128(try view.orderFacts(id, account).due, id)
        case .updatedAt, .updatedAtDescending:
            UInt128(try view.updateKey(resource, id, account), id)
        }
    }

    /// A number that ascends in the order asked for where the index's key may descend; orders
    /// without a due date are last. Applied to that number it gives the key.
    private func ascending(_ key: UInt128) -> UInt128 {
        guard sort.isDescending else { return key }
        let value = UInt64(truncatingIfNeeded: key >> 64)
        return UInt128(value == .max ? .max : .max - 1 - value, ~key.recordID)
    }

    // MARK: Scanning

    private func scan(
        _ driving: RangeUnion, _ residual: [OrderPredicate.Condition], _ page: SelectedPage,
        _ view: borrowing StoreView, _ start: SelectionStart, _ limit: Int
    ) throws(StoreError) {
        var scan = OrderScan(
            residual: residual, account: account, budget: scanBudget, skip: start.skip)
        for var part in try parts(driving, view) {
            if let after = start.after {
                try part.forEach { (range) throws(StoreError) in
                    try seek(&range, past: after, view)
                }
            }
            // Without residual predicates every key counts, and an offset is a rank.
            if residual.isEmpty {
                let passed = min(scan.skip, part.count)
                scan.skip -= passed
                try part.removeFirst(passed, descending: sort.isDescending, view)
            }
            guard part.count > 0 else { continue }
            try part.forEachKey(descending: sort.isDescending, view) { (key) throws(StoreError) in
                try scan.take(key, page, view, limit)
            }
            if scan.isEnded { return }
        }
        page.isLast = true
        page.next.after = page.keys.last
        // The whole was scanned from its beginning: then it is counted, too.
        if start.after == nil, start.skip == 0, page.total == nil {
            page.total = UInt64(page.keys.count)
        }
    }

    /// The parts in the order in which they are scanned: descending by due date, orders without one
    /// are last all the same.
    private func parts(
        _ driving: RangeUnion, _ view: borrowing StoreView
    ) throws(StoreError) -> [RangeUnion] {
        guard sort == .dueDateDescending, let range = driving.only else { return [driving] }
        let dated = try view.list(range.list, of: UInt128.self).rank(of: UInt128(.max, 0))
        var (first, second) = (range, range)
        first.high = min(range.high, max(dated, range.low))
        second.low = first.high
        return [RangeUnion(first), RangeUnion(second)]
    }

    /// Leaves of a range what comes behind a key.
    private func seek(
        _ range: inout ListRange, past after: UInt128, _ view: borrowing StoreView
    ) throws(StoreError) {
        if sort.isDescending {
            let isUndated = sort == .dueDateDescending && after >> 64 == UInt128(UInt64.max)
            let first = try view.key(at: range.low, of: range)
            let isUndatedRange =
                sort == .dueDateDescending && first.map { $0 >> 64 == UInt128(UInt64.max) } ?? false
            // Of two ranges, the one before the key is done and the one behind it is whole.
            if isUndated != isUndatedRange {
                if isUndated { range.high = range.low }
                return
            }
            range.high = min(range.high, max(range.low, try view.rank(of: after, range)))
        } else {
            range.low = min(range.high, max(range.low, try view.rank(of: after + 1, range)))
        }
    }
}

extension OrderSort {
    fileprivate var isDescending: Bool {
        switch self {
        case .id, .dueDate, .updatedAt: false
        case .idDescending, .dueDateDescending, .updatedAtDescending: true
        }
    }

    var isByID: Bool { self == .id || self == .idDescending }
}

extension [OrderPredicate.Condition] {
    /// Lookups for a record that meets all, as a budget counts them: one, and one more for each further value of a
    /// filter.
    var lookupsPerRecord: Int { reduce(1) { $0 + $1.lookups - 1 } }
}
