import CivilTime
import JSON
import RelayContract
import RelayStore
import Testing

@testable import RelayRecords

/// A change record, out of the store.
struct RecordedChange: Sendable {
    var account: UInt32
    var kind: UInt8
    var time: Timestamp
    var payload: [UInt8]

    static func all(of store: Store) throws -> [RecordedChange] {
        let reader = try store.makeReader()
        var changes: [RecordedChange] = []
        try reader.view.forEachChange(from: 1) { (change) throws(StoreError) in
            changes.append(
                RecordedChange(
                    account: change.account, kind: change.kind,
                    time: Timestamp(milliseconds: change.time),
                    payload: change.payload.withUnsafeBytes { Array($0) }))
            return true
        }
        return changes
    }

    var change: (any RecordChange)? {
        payload.withUnsafeBytes {
            ChangeKind.decode(kind, $0, JSONParser())
        }
    }
}

extension RecordChange {
    /// Whether it may find everything as it wants it, and then leaves no record.
    fileprivate var mayBeIdle: Bool {
        [.upsertProperties, .consumeEedBatch, .loadRecords, .loadDatedRecords].contains(kind)
    }
}

@Suite("Change records")
struct RecordChangeTests {
    /// Applies random changes to both accounts; returns how many left a record.
    private func fill(_ fixture: RecordFixture, seed: UInt64, count: Int) throws -> Int {
        var source = ChangeSource(seed: seed)
        var happened = 0
        while happened < count {
            let before = try fixture.sequence()
            let account: UInt32 = UInt64.random(in: 0..<10, using: &source.random) < 8 ? 1 : 2
            source.account = account
            let change = source.next()
            let answer = try fixture.apply(change, account: account, time: source.time())
            let recorded = try fixture.sequence() - before
            #expect(recorded == (answer.problem == nil ? 1 : 0) || change.mayBeIdle)
            happened += Int(recorded)
            source.largestID = 3 + UInt64(happened) / 25
        }
        return happened
    }

    @Test("A log of 2 500 random changes, replayed on a fresh store, gives the same store.")
    func replay() throws {
        let fixture = try RecordFixture()
        // Energy data needs three records that belong together, which chance seldom finds.
        try fixture.unit(of: try fixture.property(of: try fixture.customer()))
        try fixture.must(
            ConsumeEed(
                EedDelivery(
                    propertyId: 1, unitId: 1, customerId: 1, period: CalendarMonth(number: 24_000),
                    mscName: "m", consumptions: [], benchmarks: [])))
        // And so do comments their orders.
        try fixture.must(CreateOrder(NewOrder(title: "t")))
        try fixture.must(CreateComment(1, NewComment(text: "t", authorName: "a"), []))
        try fixture.must(UpdateComment(1, 1, CommentPatch(text: "u"), .none))
        try fixture.must(DeleteComment(1, 1, .none))
        // Neither does it find documents, which need a property and a customer of it.
        try fixture.must(CreateDocument(NewDocument(title: "d", propertyId: 1, customerId: 1)))
        try fixture.must(UpdateDocument(1, DocumentPatch(title: "e"), .none))
        try fixture.must(DeleteDocument(1, .none))
        #expect(try fill(fixture, seed: 1, count: 2_500) == 2_500)
        let changes = try RecordedChange.all(of: fixture.store)
        #expect(changes.count == 2_511)
        // What adopts files cannot be applied again, and dated loads are no longer made.
        let kinds = Set(ChangeKind.allCases)
            .subtracting([.createDocumentAttachment, .deleteAttachment, .loadDatedRecords])
        #expect(Set(changes.map(\.kind)) == Set(kinds.map(\.rawValue)))

        // In other groups than the first time: where a transaction ends must not matter.
        let copy = try Store.inMemory()
        let applier = RecordApplier()
        for start in stride(from: 0, to: changes.count, by: 70) {
            try copy.write { (transaction) throws(StoreError) in
                for recorded in changes[start..<min(start + 70, changes.count)] {
                    guard let change = recorded.change else {
                        Issue.record("unreadable: \(recorded)")
                        continue
                    }
                    let answer = try applier.apply(
                        change, account: recorded.account, time: recorded.time,
                        to: &transaction)
                    #expect(answer.problem == nil, "\(recorded)")
                }
            }
        }
        let (original, replayed) = (try StoreImage(fixture.store), try StoreImage(copy))
        #expect(original.documents.count > 1_000)
        #expect(original.documents == replayed.documents)
        #expect(original.lists == replayed.lists)
        #expect(original.counters == replayed.counters)
        #expect(try RecordedChange.all(of: copy).map(\.payload) == changes.map(\.payload))
        // Lookups have no listing: what they name shows in what the next changes come to.
        var source = ChangeSource(seed: 2)
        source.largestID = 100
        for _ in 0..<500 {
            let (change, time) = (source.next(), source.time())
            let one = try fixture.apply(change, time: time)
            let other = try copy.write { (transaction) throws(StoreError) in
                try applier.apply(change, account: 1, time: time, to: &transaction)
            }
            #expect(one.body == other.body && one.problem == other.problem)
        }
        #expect(try copy.check().faults == [])
        #expect(try fixture.store.check().faults == [])
    }

    @Test("After random changes every list holds exactly what the documents say.")
    func listsAndDocuments() throws {
        let fixture = try RecordFixture()
        _ = try fill(fixture, seed: 3, count: 1_500)
        let image = try fixture.image()
        var lists: [String: [UInt128]] = [:]
        for key in image.documents.keys.sorted().map({ DocumentKey(rawValue: $0) }) {
            for (list, parameter) in try memberships(of: key, in: fixture) {
                lists["\(key.account)/\(list)/\(parameter)", default: []].append(UInt128(key.id))
            }
        }
        // The lists that filters and orders need are RecordCheck's to compare.
        let simple = RecordList.allCases.filter { $0.rawValue < 30 }.map { "/\($0)/" }
        let found = image.lists.filter { list in simple.contains { list.key.contains($0) } }
        #expect(lists == found)
        let reader = try fixture.store.makeReader()
        #expect(try RecordCheck(reader.view).findings == [])
    }

    /// The lists that a record belongs to, by its document alone.
    private func memberships(
        of key: DocumentKey, in fixture: RecordFixture
    ) throws -> [(RecordList, UInt64)] {
        func model<Model: ContractModel>(
            _ type: Model.Type, _ resource: Resource, _ id: UInt64
        ) throws -> Model {
            try #require(try fixture.model(type, resource, id, account: key.account))
        }
        switch Resource(rawValue: key.resource) {
        case .customer: return [(.customers, 0)]
        case .property:
            let property = try model(Property.self, .property, key.id)
            return [(.properties, 0), (.propertiesOfCustomer, property.customerId)]
        case .unit:
            let unit = try model(Unit.self, .unit, key.id)
            let property = try model(Property.self, .property, unit.propertyId)
            #expect(unit.propertyMscNumber == property.mscNumber)
            let all: [(RecordList, UInt64)] = [
                (.units, 0), (.unitsOfProperty, property.id),
                (.unitsOfCustomer, property.customerId),
            ]
            if unit.unitMscNumber == nil { return all }
            return all + [
                (.unitsWithMscNumber, 0), (.unitsWithMscNumberOfCustomer, property.customerId),
            ]
        case .order:
            let order = try model(Order.self, .order, key.id)
            return [(.orders, 0)]
                + (order.propertyId.map { [(.ordersOfProperty, $0)] } ?? [])
                + (order.customerId.map { [(.ordersOfCustomer, $0)] } ?? [])
        case .document:
            let document = try model(Document.self, .document, key.id)
            return [(.documents, 0), (.documentsOfProperty, document.propertyId)]
        default: return []
        }
    }

    @Test(
        "A change of each kind reads back from its record as it was, but for its precondition.",
        arguments: ChangeKind.allCases)
    func roundTrip(kind: ChangeKind) throws {
        var source = ChangeSource(seed: 4 + UInt64(kind.rawValue))
        for _ in 0..<100 {
            let change = source.next(of: kind)
            #expect(change.kind == kind && type(of: change) == kind.type)
            let recorded = RecordedChange(
                account: 1, kind: kind.rawValue, time: RecordFixture.time, payload: change.payload)
            let read = try #require(recorded.change, "\(change)")
            #expect(type(of: read) == kind.type && read.payload == change.payload)
            #expect(read.adoptsFiles == change.adoptsFiles)
            #expect("\(read)".withoutPrecondition == "\(change)".withoutPrecondition)
        }
    }

    @Test(
        "What is no change record is told apart, whatever is wrong with it.",
        arguments: [
            (0, "{}"), (8, "{}"), (255, "{}"), (1, ""), (1, "{}"), (1, "[]"), (4, "{}"),
            (4, "{\"id\":-1}"), (6, "{\"title\":5}"), (6, "{\"title\":\"t\",\"x\":1}"),
            (7, "[]"), (7, "[1]"), (7, "[-1,{}]"), (7, "[\"a\",{}]"), (7, "{}"), (7, "[1,5]"),
        ])
    func unreadable(kind: UInt8, payload: String) {
        let recorded = RecordedChange(
            account: 1, kind: kind, time: RecordFixture.time, payload: Array(payload.utf8))
        #expect(recorded.change == nil)
    }

    @Test("A refused command leaves no change record, and the next change takes its number.")
    func refusals() throws {
        let fixture = try RecordFixture()
        try fixture.refuse(CreateOrder(NewOrder(title: "t", propertyId: 1)))
        try fixture.refuse(UpdateOrder(1, OrderPatch(), .none), 404)
        try fixture.refuse(DeleteProperty(1, .none), 404)
        #expect(try RecordedChange.all(of: fixture.store).isEmpty)
        try fixture.must(CreateOrder(NewOrder(title: "t")))
        #expect(try RecordedChange.all(of: fixture.store).count == 1)
        #expect(try fixture.version(.order, 1) == 1)
    }
}

extension String {
    /// A change's description up to the precondition, which its record does not hold.
    fileprivate var withoutPrecondition: Substring {
        self[..<(firstRange(of: ", precondition:")?.lowerBound ?? endIndex)]
    }
}
