import RelayContract
import Testing

@testable import RelayRecords
@testable import RelayStore

@Suite("A store of format 1")
struct MovingOnTests {
    private static let new = RecordList.allCases.filter(\.isSinceFormat2)

    /// Makes a store what a program of format 1 would have made of it.
    private func turnBack(_ store: Store) throws {
        var lists: [ListKey] = []
        var texts: [UniqueKey] = []
        let reader = try store.makeReader()
        try reader.view.forEachList { (list) throws(StoreError) in
            if Self.new.contains(where: { $0.rawValue == list.kind }) { lists.append(list) }
            return true
        }
        try reader.view.forEachUniqueKey { (key, _) throws(StoreError) in
            if key.family.kind == ListTerm.Kind.unitMscNumber.rawValue { texts.append(key) }
            return true
        }
        try store.write { (transaction) throws(StoreError) in
            for list in lists {
                let keys = try Self.keys(of: list, transaction.view)
                for key in keys { try transaction.remove(ListEntry(list: list, key: key)) }
            }
            for text in texts { try transaction.removeUnique(text) }
            let old = try transaction.view.metadata()
            let record: InlineArray<3, UInt64> = [
                1, old.epoch, UInt64(bitPattern: old.created),
            ]
            let key = Array("store".utf8)
            try transaction.put(
                record.span.bytes, at: key.span.bytes, in: transaction.databases.meta)
        }
    }

    private static func keys(
        of list: ListKey, _ view: borrowing StoreView
    ) throws(StoreError) -> [UInt128] {
        var found: [UInt128] = []
        if list.isWide {
            let keys = try view.list(list, of: UInt128.self)
            try keys.forEach(in: keys.offsets) { (key) throws(StoreError) in
                found.append(key)
                return true
            }
        } else {
            let keys = try view.list(list, of: UInt64.self)
            try keys.forEach(in: keys.offsets) { (key) throws(StoreError) in
                found.append(UInt128(key))
                return true
            }
        }
        return found
    }

    private func findings(_ store: Store) throws -> [String] {
        let reader = try store.makeReader()
        return try RecordCheck(reader.view).findings + store.check().faults
    }

    private func format(_ store: Store) throws -> UInt32 {
        try store.makeReader().view.formatVersion()
    }

    private func filled() throws -> RecordFixture {
        let fixture = try RecordFixture()
        let property = try fixture.property(of: try fixture.customer())
        for number in ["0010", "0011", "0010"] {
            _ = try fixture.unit(of: property, mscNumber: number)
        }
        let fields = (0..<3).map { NewOrderField(position: $0, name: "n", content: "c") }
        let person = NewContactPerson(type: "t", name: "n", email: "a@b.de")
        for _ in 0..<300 {
            try fixture.must(
                CreateOrder(NewOrder(title: "t", fields: fields, contactPersons: [person])))
        }
        let file = try fixture.upload([1, 2, 3])
        try fixture.must(CreateComment(7, NewComment(text: "t", authorName: "a"), [file]))
        try fixture.must(
            CreateDocument(NewDocument(title: "d", propertyId: property, customerId: 1)))
        let pdf = try fixture.upload([4, 5])
        try fixture.must(CreateDocumentAttachment(1, pdf, nil))
        return fixture
    }

    @Test("is read as it is, and its check misses nothing.")
    func read() throws {
        let fixture = try filled()
        try turnBack(fixture.store)
        #expect(try format(fixture.store) == 1)
        #expect(try findings(fixture.store) == [])
        #expect(try fixture.list(.orders).count == 300)
    }

    @Test("is moved on by whoever serves it, and has all lists then.")
    func served() throws {
        let fixture = try filled()
        let before = try fixture.image()
        try turnBack(fixture.store)
        #expect(try fixture.image().lists != before.lists)
        try RecordApplier().moveOn(fixture.store)
        #expect(try format(fixture.store) == Limits.formatVersion)
        // The texts have got numbers anew; what is on the lists is the same.
        let after = try fixture.image()
        #expect(after.documents == before.documents && after.sequence == before.sequence)
        for list in Self.new where list != .unitsOfMscNumber {
            #expect(
                after.lists.filter { $0.key.contains("/\(list)/") }
                    == before.lists.filter { $0.key.contains("/\(list)/") })
        }
        #expect(try findings(fixture.store) == [])
        // Once is enough.
        let transaction = fixture.store.lastTransactionID
        try RecordApplier().moveOn(fixture.store)
        #expect(fixture.store.lastTransactionID == transaction)
    }

    @Test("is moved on before its first change, which finds what it needs.")
    func changed() throws {
        let fixture = try filled()
        try turnBack(fixture.store)
        try fixture.must(DeleteOrderField(17, .none))
        #expect(try format(fixture.store) == Limits.formatVersion)
        try fixture.must(DeleteAttachment(1, .none))
        try fixture.must(DeleteAttachment(2, .none))
        try fixture.refuse(DeleteCustomer(1, .none), 409)
        #expect(try findings(fixture.store) == [])
    }

    @Test("keeps its format through a new epoch.")
    func restored() throws {
        let fixture = try filled()
        try turnBack(fixture.store)
        try fixture.store.renewEpoch()
        #expect(try format(fixture.store) == 1)
        try fixture.must(CreateOrder(NewOrder(title: "t")))
        #expect(try findings(fixture.store) == [])
    }

    @Test("of which a record is damaged is moved on with the others.")
    func damaged() throws {
        let fixture = try filled()
        try turnBack(fixture.store)
        try fixture.store.write { (transaction) throws(StoreError) in
            let json = Array("{\"id\":5}".utf8)
            try transaction.putDocument(
                Resource.order.key(1, 5), json: json.span.bytes, version: 1)
        }
        try RecordApplier().moveOn(fixture.store)
        #expect(try format(fixture.store) == Limits.formatVersion)
        let reader = try fixture.store.makeReader()
        let about = try RecordCheck(reader.view).findings.filter { !$0.contains("order 5 ") }
        #expect(about.allSatisfy { $0.contains("entries for") }, "\(about)")
    }
}
