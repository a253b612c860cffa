import RelayContract
import RelayRecords
import RelayStore
import Testing

@Suite("The internalId of an order")
struct ListTermTests {
    private func create(_ fixture: RecordFixture, _ text: String) throws {
        try fixture.must(CreateOrder(NewOrder(title: "t", internalId: text)))
    }

    /// The orders that a text finds.
    private func orders(_ fixture: RecordFixture, _ text: String) throws -> [UInt64] {
        let reader = try fixture.store.makeReader()
        let page = SelectedPage()
        var filter = OrderFilter()
        filter.internalId = text
        let query = RecordQuery(account: 1, filter)
        try query.fill(page, reader.view, from: SelectionStart(), limit: 10)
        return page.keys.map(\.recordID)
    }

    private func findings(_ fixture: RecordFixture) throws -> [String] {
        let reader = try fixture.store.makeReader()
        return try RecordCheck(reader.view).findings
    }

    /// Texts that the store has a number or an owner for.
    private func texts(_ fixture: RecordFixture) throws -> UInt64? {
        let databases = try fixture.store.statistics().databases
        return databases.first { $0.name == "lookups" }?.statistics.entries
    }

    @Test("takes no room any more when it was the last one, however often it is changed.")
    func forgotten() throws {
        let fixture = try RecordFixture()
        try create(fixture, "a")
        try create(fixture, "a")
        #expect(try texts(fixture) == 1)
        for number in 0..<50 {
            try fixture.must(UpdateOrder(1, OrderPatch(internalId: "x\(number)"), .none))
        }
        #expect(try texts(fixture) == 2)
        #expect(try orders(fixture, "a") == [2])
        #expect(try orders(fixture, "x49") == [1])
        #expect(try orders(fixture, "x48") == [])
        try fixture.must(UpdateOrder(1, OrderPatch(internalId: "a"), .none))
        #expect(try orders(fixture, "a") == [1, 2])
        try fixture.must(DeleteOrder(1, .none))
        try fixture.must(DeleteOrder(2, .none))
        #expect(try texts(fixture) == 0)
        try create(fixture, "a")
        #expect(try orders(fixture, "a") == [3])
        #expect(try findings(fixture) == [])
    }

    @Test("still finds a new order when a load takes it from another one.")
    func loaded() throws {
        let source = try RecordFixture()
        try create(source, "b")
        try create(source, "c")
        let target = try RecordFixture()
        try create(target, "a")
        try create(target, "b")
        try target.must(DeleteOrder(1, .none))
        let outcome = try DumpedLines(source.store).load(into: target)
        #expect(outcome.faults.isEmpty)
        #expect(try orders(target, "b") == [1])
        #expect(try orders(target, "c") == [2])
        #expect(try findings(target) == [])
    }
}
