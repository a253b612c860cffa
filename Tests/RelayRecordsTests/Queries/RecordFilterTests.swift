import CivilTime
import JSON
import RelayContract
import RelayRecords
import RelayStore
import TestSupport
import Testing

@Suite("Properties, units and documents by the time of their last change")
struct RecordFilterTests {
    /// What a filter looks at.
    private struct Row {
        var id: UInt64
        var updated: Timestamp
        /// What the lists "of" something are about.
        var owner: UInt64 = 0
        var number: String?
    }

    private func time(_ source: inout SplitMix) -> Timestamp {
        // Few values, so that several records share one.
        Timestamp(milliseconds: 1_700_000_000_000 + Int64.random(in: 0..<40, using: &source))
    }

    private func maybe<Value>(_ percent: Int, _ source: inout SplitMix, _ value: Value) -> Value? {
        Int.random(in: 0..<100, using: &source) < percent ? value : nil
    }

    private func fill(_ fixture: RecordFixture, _ source: inout SplitMix) throws {
        for _ in 0..<3 { try fixture.customer() }
        for customer: UInt64 in [1, 2, 2, 3] { try fixture.property(of: customer) }
        for _ in 0..<600 {
            let id = UInt64.random(in: 1...120, using: &source)
            let change: any RecordChange
            switch Int.random(in: 0..<10, using: &source) {
            case 0:
                let customer = UInt64.random(in: 1...3, using: &source)
                change = UpsertProperties([
                    maybe(50, &source, PropertyInput(name: "Haus", customerId: customer))
                        ?? PropertyInput(id: id % 4 + 1, customerId: customer)
                ])
            case 1...3:
                // Refused, if the property is another customer's by now.
                let customer = UInt64.random(in: 1...3, using: &source)
                change = CreateDocument(
                    NewDocument(title: "d", propertyId: id % 4 + 1, customerId: customer))
            case 4: change = UpdateDocument(id, DocumentPatch(title: "e"), .none)
            case 5: change = DeleteDocument(id, .none)
            case 6: change = DeleteUnit(id, .none)
            default:
                let number = maybe(60, &source, "00\(id % 3)")
                let property = UInt64.random(in: 1...4, using: &source)
                change = UpsertUnits([
                    maybe(
                        60, &source,
                        UnitInput(propertyId: property, name: "WE", unitMscNumber: number))
                        ?? UnitInput(id: id, propertyId: property, unitMscNumber: number)
                ])
            }
            _ = try fixture.apply(change, time: time(&source))
        }
    }

    private func rows<Model: ContractModel>(
        _ fixture: RecordFixture, _ list: RecordList, _ type: Model.Type,
        _ row: (Model) throws -> Row
    ) throws -> [Row] {
        try fixture.list(list).map { id in
            try row(try #require(try fixture.model(type, list.resource, id)))
        }
    }

    private func rows(_ fixture: RecordFixture, _ list: RecordList) throws -> [Row] {
        switch list.resource {
        case .property:
            try rows(fixture, list, Property.self) { Row(id: $0.id, updated: $0.updatedAt) }
        case .document:
            try rows(fixture, list, Document.self) { Row(id: $0.id, updated: $0.updatedAt) }
        default:
            try rows(fixture, .units, Unit.self) { unit in
                let property = try fixture.model(Property.self, .property, unit.propertyId)
                return Row(
                    id: unit.id, updated: unit.updatedAt, owner: property?.customerId ?? 0,
                    number: unit.unitMscNumber)
            }
        }
    }

    private func filter(_ source: inout SplitMix) -> RecordFilter {
        let lists: [RecordList] = [
            .properties, .documents, .units, .unitsOfCustomer, .unitsWithMscNumber,
            .unitsWithMscNumberOfCustomer,
        ]
        let list = lists.randomElement(using: &source)!
        let isOfCustomer = [.unitsOfCustomer, .unitsWithMscNumberOfCustomer].contains(list)
        let customer = UInt64.random(in: 1...4, using: &source)
        var filter = RecordFilter(list, isOfCustomer ? customer : nil)
        if list == .units {
            filter.mscNumber = maybe(
                40, &source, "00\(Int.random(in: 0..<4, using: &source))")
        }
        filter.updatedSince = maybe(60, &source, time(&source))
        filter.sort = maybe(80, &source, RecordSort.allCases.randomElement(using: &source)!)
        return filter
    }

    private func wanted(_ rows: [Row], _ filter: RecordFilter) -> [UInt64] {
        var found = rows
        func keep(_ condition: (Row) -> Bool) { found = found.filter(condition) }
        if filter.parameter != 0 { keep { $0.owner == filter.parameter } }
        if [.unitsWithMscNumber, .unitsWithMscNumberOfCustomer].contains(filter.list) {
            keep { $0.number != nil }
        }
        if let number = filter.mscNumber { keep { $0.number == number } }
        if let since = filter.updatedSince { keep { $0.updated >= since } }
        switch filter.sort ?? .id {
        case .id: break
        case .idDescending: found.reverse()
        case .updatedAt: found.sort { ($0.updated, $0.id) < ($1.updated, $1.id) }
        case .updatedAtDescending: found.sort { ($0.updated, $0.id) > ($1.updated, $1.id) }
        }
        return found.map(\.id)
    }

    @Test("Every filter, sort, offset and cursor agrees with an array, gathered or walked.")
    func model() throws {
        let fixture = try RecordFixture()
        var source = SplitMix(state: 17)
        try fill(fixture, &source)
        let reader = try fixture.store.makeReader()
        #expect(try RecordCheck(reader.view).findings == [])
        let kinds: [RecordList] = [.properties, .documents, .units]
        let rows = try kinds.map { try self.rows(fixture, $0) }
        #expect(rows.allSatisfy { $0.count > 15 }, "\(rows.map(\.count))")
        let page = SelectedPage()
        for _ in 0..<1_500 {
            let filter = filter(&source)
            let kind = kinds.firstIndex { $0.resource == filter.list.resource }!
            let wanted = wanted(rows[kind], filter)
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

    @Test(
        "A time alone is always counted exactly, and in its own order found without a search.",
        arguments: [RecordList.properties, .units, .documents])
    func single(list: RecordList) throws {
        let fixture = try RecordFixture()
        var source = SplitMix(state: 18)
        try fill(fixture, &source)
        let rows = try rows(fixture, list)
        let reader = try fixture.store.makeReader()
        let page = SelectedPage()
        for sort in [RecordSort.updatedAt, .updatedAtDescending] {
            var filter = RecordFilter(list)
            filter.updatedSince = Timestamp(milliseconds: 1_700_000_000_010)
            filter.sort = sort
            let wanted = wanted(rows, filter)
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
