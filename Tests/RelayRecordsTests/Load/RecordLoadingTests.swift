import CivilTime
import JSON
import RelayContract
import RelayRecords
import RelayStore
import TestSupport
import Testing

/// A dump in memory, and a load without relayctl.
struct DumpedLines {
    var lines: [String]

    /// All records of a store, with header and end.
    init(_ store: Store, _ filter: DumpFilter = DumpFilter()) throws {
        let reader = try store.makeReader()
        var writer = DumpWriter(filter)
        let extent = try writer.measure(reader.view)
        var bytes: [UInt8] = []
        _ = try writer.write(reader.view, store.metadata, extent) { piece, _ in
            bytes += piece
            return true
        }
        lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    init(_ lines: [String]) { self.lines = lines }

    /// Lines that say which ids were given out.
    var counters: Int { lines.count { $0.contains(",\"lastId\":") } }

    /// Lines of records, if there are no files.
    var documents: UInt64 { UInt64(lines.count - counters - 2) }

    /// The records, without what differs between stores that hold the same.
    var records: [String] {
        lines.dropFirst().map { line in
            guard let start = line.firstRange(of: ",\"version\":")?.lowerBound,
                let end = line.firstRange(of: ",\"document\":")?.lowerBound
            else { return line }
            return String(line[..<start] + line[end...]).withoutChangeTime
        }
    }

    @discardableResult
    func load(into fixture: RecordFixture) throws -> LoadOutcome {
        let reading = DumpReader().read(Array(lines.joined(separator: "\n").utf8))
        var outcome = try fixture.store.write { (transaction) throws(StoreError) in
            try RecordApplier().load(reading.batches, to: &transaction)
        }
        outcome.faults += reading.faults
        return outcome
    }

    func dryRun(in fixture: RecordFixture) throws -> LoadOutcome {
        let reader = try fixture.store.makeReader()
        var dryRun = LoadDryRun()
        var outcome = LoadOutcome()
        let reading = DumpReader().read(Array(lines.joined(separator: "\n").utf8))
        for batch in reading.batches {
            outcome.add(try dryRun.judge(batch, in: reader.view))
        }
        return outcome
    }
}

extension String {
    /// A record's line without the time of its last change, which is that of its load.
    fileprivate var withoutChangeTime: String {
        replacing(/("createdAt":"[^"]*"),"updatedAt":"[^"]*"/) { $0.output.1 }
    }
}

@Suite("Loading a dump")
struct RecordLoadingTests {
    /// A store of random changes to two accounts.
    private func filled(
        seed: UInt64, count: Int = 600, without left: Set<ChangeKind> = []
    ) throws -> RecordFixture {
        let fixture = try RecordFixture()
        var source = ChangeSource(seed: seed)
        for number in 0..<count {
            let account: UInt32 = UInt64.random(in: 0..<10, using: &source.random) < 8 ? 1 : 2
            source.account = account
            let (change, time) = (source.next(), source.time())
            if !left.contains(change.kind) {
                try fixture.apply(change, account: account, time: time)
            }
            source.largestID = 3 + UInt64(number) / 25
        }
        return fixture
    }

    @Test("brings the same documents, lists and names to an empty store; a second load nothing.")
    func empty() throws {
        let source = try filled(seed: 7)
        let dump = try DumpedLines(source.store)
        // Its clock is not behind any time of the source's records.
        let clock = SetClock(Timestamp.latest.milliseconds)
        let target = try RecordFixture(options: clock.options)
        #expect(try dump.dryRun(in: target).created == dump.documents)
        #expect(try target.sequence() == 0)
        let outcome = try dump.load(into: target)
        #expect(outcome.faults == [])
        #expect(outcome.created == dump.documents)
        #expect(try DumpedLines(target.store).records == dump.records)
        // What finds the records is what finds them in the source.
        // Texts get their numbers in the order in which they come, and a load has a time of its own:
        // those lists RecordCheck compares.
        let numbered = [
            "ordersOfType", "ordersByInternalID", "ByUpdate", "unitsOfMscNumber",
        ]
        func lists(_ fixture: RecordFixture) throws -> [String: [UInt128]] {
            try fixture.image().lists.filter { list in
                !numbered.contains { list.key.contains($0) }
            }
        }
        #expect(try lists(target) == lists(source))
        let reader = try target.store.makeReader()
        #expect(try RecordCheck(reader.view).findings == [])

        let before = try target.image()
        let again = try dump.load(into: target)
        #expect(again.unchanged == outcome.created && again.created + again.updated == 0)
        #expect(try target.image() == before)
    }

    @Test("over other records makes them what the dump says, with all that finds them.")
    func over() throws {
        // What was deleted in the source stays in the target, and keeps its names.
        let source = try filled(seed: 7, without: [.deleteCustomer])
        let dump = try DumpedLines(source.store)
        let target = try filled(seed: 7, count: 300, without: [.deleteCustomer])
        var outcome = try dump.load(into: target)
        // A name can move from one record to another: the first has to lose it first.
        while outcome.faults.contains(where: \.waits) {
            let next = try dump.load(into: target)
            try #require(next.created + next.updated > 0, "\(next.faults)")
            outcome = next
        }
        #expect(outcome.faults == [])
        // A record that is there keeps the time when it was created: another one may have had its id.
        func plain(_ line: String) -> String {
            line.replacing(/"createdAt":"[^"]*"/, with: "")
        }
        let loaded = Set(try DumpedLines(target.store).records.map(plain))
        let missing = dump.records.dropLast().first { !loaded.contains(plain($0)) }
        #expect(missing == nil)
        let reader = try target.store.makeReader()
        #expect(try RecordCheck(reader.view).findings == [])
    }

    @Test("leaves change records from which it can be done again.")
    func replay() throws {
        let target = try filled(seed: 3, count: 200)
        try DumpedLines(filled(seed: 4).store).load(into: target)
        let copy = try RecordFixture()
        for recorded in try RecordedChange.all(of: target.store) {
            let change = try #require(recorded.change, "kind \(recorded.kind)")
            try copy.apply(change, account: recorded.account, time: recorded.time)
        }
        #expect(try copy.image() == target.image())
    }

    @Test("gives later records ids behind the ones that were loaded.")
    func counters() throws {
        let order = """
            {"account":1,"resource":"order","id":70,"document":{"id":70,"title":"Aufzug",\
            "status":"OPEN","createdAt":"2026-01-01T00:00:00.000Z","updatedAt":\
            "2026-01-01T00:00:00.000Z","fields":[{"id":9,"position":1,"name":"a","content":"b"}],\
            "attachments":[],"comments":[],"contactPersons":[]}}
            """
        let fixture = try RecordFixture()
        #expect(try DumpedLines([order]).load(into: fixture).created == 1)
        #expect(try fixture.must(CreateOrder(NewOrder(title: "x"))).createdID == 71)
        let field = OrderFieldAddition(name: "c", content: "d", position: 2, orderId: 70)
        #expect(try fixture.must(CreateOrderField(field)).createdID == 10)
    }

    @Test("names what is wrong with a line, and loads the others.")
    func faults() throws {
        let address = """
            {"account":1,"resource":"address","document":{"id":1,"streetAddress":"a",\
            "postalCode":"b","locality":"c","country":"DE","accountId":1}}
            """
        let unit = """
            {"account":1,"resource":"unit","document":{"propertyId":5,"id":"1","name":"x",\
            "createdAt":"2026-01-01T00:00:00.000Z","updatedAt":"2026-01-01T00:00:00.000Z"}}
            """
        let fixture = try RecordFixture()
        let lines = DumpedLines([
            address, unit, "[]", "{\"a", address.replacing("\"a\"", with: "7"),
            address.replacing("accountId\":1", with: "accountId\":2"),
            address.replacing("address\"", with: "house\""),
            address.replacing("\"account\":1", with: "\"account\":1048576"),
            address.replacing("\"document\"", with: "\"id\":2,\"document\""),
        ])
        let outcome = try lines.load(into: fixture)
        #expect(outcome.created == 1)
        let faults = outcome.faults.sorted { $0.line < $1.line }
        #expect(faults.map(\.line) == Array(1...8))
        #expect(faults.map(\.waits) == [true] + Array(repeating: false, count: 7))
        #expect(faults[0].detail == "document/propertyId: the account has no property 5")
        #expect(faults[3].detail.hasPrefix("document/streetAddress: expected a string"))
    }

    @Test("refuses an appointment that ends before it begins, or at once, and loads the others.")
    func backwards() throws {
        let fixture = try RecordFixture()
        let customer = try fixture.customer()
        func line(_ id: Int, _ start: String, _ end: String) -> String {
            """
            {"account":1,"resource":"appointment","document":{"id":\(id),"title":"Ablesung",\
            "dateStart":"\(start)","dateEnd":"\(end)","location":"Keller",\
            "customerId":\(customer)}}
            """
        }
        let (early, late) = ("2026-01-01 08:00:00", "2026-01-01 09:00:00")
        let lines = DumpedLines([
            line(1, late, early), line(2, early, early), line(3, early, late),
        ])
        for outcome in [try lines.dryRun(in: fixture), try lines.load(into: fixture)] {
            #expect(outcome.created == 1)
        }
        let faults = try lines.load(into: fixture).faults
        #expect(faults.map(\.line) == [0, 1] && !faults.contains { $0.waits })
        #expect(
            faults.allSatisfy { $0.detail == "document/dateEnd: dateEnd must be after dateStart" })
        #expect(try fixture.store.check().faults == [])
    }

    @Test("of one kind or account holds no others.")
    func filters() throws {
        let source = try filled(seed: 7)
        let all = try DumpedLines(source.store).records.dropLast()
        for account in [nil, 1, 2] as [UInt32?] {
            for resource in [nil, .address, .property, .order] as [Resource?] {
                let filter = DumpFilter(account: account, resource: resource)
                let lines = try DumpedLines(source.store, filter).records.dropLast()
                let wanted = all.filter { line in
                    let isOfAccount = account.map { line.contains("{\"account\":\($0),") } ?? true
                    return isOfAccount
                        && (resource.map { line.contains("\"resource\":\"\($0)\"") } ?? true)
                }
                #expect(lines == wanted[...])
            }
        }
    }
}
