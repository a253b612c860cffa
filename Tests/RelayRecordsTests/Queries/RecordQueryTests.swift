import CivilTime
import JSON
import RelayContract
import RelayRecords
import RelayStore
import TestSupport
import Testing

@Suite("Filters and sorts of orders")
struct RecordQueryTests {
    private static let types = ["REPAIR", "AUDIT", "Müller", "Mu\u{308}ller"]

    private func time(_ source: inout SplitMix) -> Timestamp {
        // Few values, so that several orders share one.
        Timestamp(milliseconds: 1_700_000_000_000 + Int64.random(in: 0..<40, using: &source))
    }

    private func maybe<Value>(_ percent: Int, _ source: inout SplitMix, _ value: Value) -> Value? {
        Int.random(in: 0..<100, using: &source) < percent ? value : nil
    }

    private func fill(_ fixture: RecordFixture, _ source: inout SplitMix) throws -> [Order] {
        let customer = try fixture.customer()
        for _ in 0..<2 { try fixture.property(of: customer) }
        let statuses: [OrderStatus] = [.open, .open, .finished, .null]
        for _ in 0..<400 {
            let isUpdate = Int.random(in: 0..<4, using: &source) == 0
            let status = statuses.randomElement(using: &source)!
            let due = maybe(60, &source, time(&source))
            let text = "i\(Int.random(in: 0..<20, using: &source))"
            let change: any RecordChange
            if isUpdate {
                let id = UInt64.random(in: 1...100, using: &source)
                let patch = OrderPatch(
                    status: status, dueDate: due, internalId: maybe(50, &source, text))
                change = UpdateOrder(id, patch, .none)
            } else {
                let type = Self.types.randomElement(using: &source)!
                let property = UInt64.random(in: 1...2, using: &source)
                change = CreateOrder(
                    NewOrder(
                        title: "t", status: status, dueDate: due,
                        internalId: maybe(60, &source, text),
                        isInternal: maybe(60, &source, Bool.random(using: &source)),
                        type: maybe(80, &source, type), propertyId: maybe(70, &source, property),
                        customerId: maybe(50, &source, customer)))
            }
            _ = try fixture.apply(change, time: time(&source))
        }
        return try fixture.list(.orders).map { id in
            try #require(try fixture.model(Order.self, .order, id))
        }
    }

    /// One value half of the time, else several, some of them twice.
    private func values<Value>(of all: [Value], _ source: inout SplitMix) -> AnyOf<Value> {
        let count = Bool.random(using: &source) ? 1 : Int.random(in: 2...6, using: &source)
        return AnyOf((0..<count).map { _ in all.randomElement(using: &source)! })!
    }

    private func filter(_ source: inout SplitMix) -> OrderFilter {
        var filter = OrderFilter()
        let rare = [20, 35, 70].randomElement(using: &source)!
        filter.status = maybe(rare, &source, values(of: OrderStatus.allCases, &source))
        filter.type = maybe(rare, &source, values(of: Self.types + ["none"], &source))
        filter.propertyId = maybe(rare / 2, &source, values(of: [1, 2, 3], &source))
        filter.customerId = maybe(rare / 2, &source, values(of: [1, 2], &source))
        filter.isInternal = maybe(rare / 2, &source, Bool.random(using: &source))
        filter.internalId = maybe(rare / 2, &source, "i\(Int.random(in: 0..<22, using: &source))")
        filter.dueFrom = maybe(rare / 2, &source, time(&source))
        filter.dueTo = maybe(rare / 2, &source, time(&source))
        filter.updatedSince = maybe(rare / 2, &source, time(&source))
        filter.sort = OrderSort.allCases.randomElement(using: &source)
        return filter
    }

    private func wanted(_ orders: [Order], _ filter: OrderFilter) -> [UInt64] {
        var found = orders
        func keep(_ condition: (Order) -> Bool) { found = found.filter(condition) }
        if let statuses = filter.status { keep { statuses.all.contains($0.status) } }
        if let types = filter.type {
            let texts = types.all.map { Array($0.utf8) }
            keep { $0.type.map { texts.contains(Array($0.utf8)) } ?? false }
        }
        if let ids = filter.propertyId { keep { $0.propertyId.map(ids.all.contains) ?? false } }
        if let ids = filter.customerId { keep { $0.customerId.map(ids.all.contains) ?? false } }
        if let isInternal = filter.isInternal { keep { $0.isInternal == isInternal } }
        if let id = filter.internalId { keep { $0.internalId == id } }
        if let from = filter.dueFrom { keep { $0.dueDate.map { $0 >= from } ?? false } }
        if let to = filter.dueTo { keep { $0.dueDate.map { $0 < to } ?? false } }
        if let since = filter.updatedSince { keep { $0.updatedAt >= since } }
        func sorted(_ orders: [Order], by value: (Order) -> Timestamp?) -> [Order] {
            orders.sorted { (value($0)!, $0.id) < (value($1)!, $1.id) }
        }
        let dated = sorted(found.filter { $0.dueDate != nil }) { $0.dueDate }
        let undated = found.filter { $0.dueDate == nil }
        let updated = sorted(found) { $0.updatedAt }
        let result: [Order] =
            switch filter.sort ?? .id {
            case .id: found
            case .idDescending: found.reversed()
            case .dueDate: dated + undated
            case .dueDateDescending: dated.reversed() + undated.reversed()
            case .updatedAt: updated
            case .updatedAtDescending: updated.reversed()
            }
        return result.map(\.id)
    }

    @Test("Every filter, sort, offset and cursor agrees with an array, gathered or walked.")
    func model() throws {
        let fixture = try RecordFixture()
        var source = SplitMix(state: 11)
        let orders = try fill(fixture, &source)
        let reader = try fixture.store.makeReader()
        #expect(try RecordCheck(reader.view).findings == [])
        let page = SelectedPage()
        for _ in 0..<1_500 {
            let filter = filter(&source)
            let wanted = wanted(orders, filter)
            var query = RecordQuery(account: 1, filter)
            query.sortedRecords = [0, 10, 10_000].randomElement(using: &source)!
            query.scanBudget = [3, 50, 10_000].randomElement(using: &source)!
            let limit = [1, 7, 1_000].randomElement(using: &source)!
            let offset = Int.random(in: 0...wanted.count + 1, using: &source)
            var start = SelectionStart(skip: UInt64(offset))
            var ids: [UInt64] = []
            var pages = 0
            repeat {
                try query.fill(page, reader.view, from: start, limit: limit)
                if let total = page.total {
                    #expect(total == UInt64(wanted.count), "\(filter)")
                }
                // What is on lists by id is counted whatever the budget.
                let isByTime = filter.dueFrom ?? filter.dueTo ?? filter.updatedSince != nil
                if start.after == nil, !isByTime { #expect(page.total != nil, "\(filter)") }
                ids += page.keys.map(\.recordID)
                start = page.next
                pages += 1
            } while !page.isLast && pages < 1_000
            #expect(ids == Array(wanted.dropFirst(offset)), "\(filter)")
            if query.scanBudget == 10_000 {
                #expect(pages == max(1, (max(0, wanted.count - offset) + limit - 1) / limit))
            }
        }
    }

    @Test("One filter is always counted exactly, and in its own order found without a search.")
    func single() throws {
        let fixture = try RecordFixture()
        var source = SplitMix(state: 12)
        let orders = try fill(fixture, &source)
        let reader = try fixture.store.makeReader()
        let page = SelectedPage()
        var filters = [OrderFilter](repeating: OrderFilter(), count: 10)
        filters[0].dueFrom = time(&source)
        filters[0].sort = .dueDateDescending
        filters[1].updatedSince = time(&source)
        filters[1].sort = .updatedAt
        filters[2].internalId = "i3"
        filters[3].type = AnyOf("REPAIR")
        filters[3].sort = .idDescending
        filters[4].sort = .dueDateDescending
        filters[5].type = AnyOf("nothing of this kind")
        filters[6].status = AnyOf([.finished, .open])
        filters[7].status = AnyOf([.null, .open, .finished, .null])
        filters[7].sort = .idDescending
        filters[8].type = AnyOf(Self.types + ["nothing of this kind"])
        filters[9].propertyId = AnyOf([2, 1])
        filters[9].sort = .idDescending
        for filter in filters {
            let wanted = wanted(orders, filter)
            var query = RecordQuery(account: 1, filter)
            // Nothing may be looked at in vain.
            query.scanBudget = 1
            query.sortedRecords = 0
            for offset in 0...wanted.count {
                let start = SelectionStart(skip: UInt64(offset))
                try query.fill(page, reader.view, from: start, limit: 2)
                #expect(page.total == UInt64(wanted.count))
                #expect(page.keys.map(\.recordID) == Array(wanted.dropFirst(offset).prefix(2)))
            }
        }
    }
}
