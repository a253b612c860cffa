import RelayContract
import Testing

@testable import RelayRecords
@testable import RelayStore

@Suite("A store of an older format")
struct MovingOnTests {
    private static let formats = Limits.oldestFormat..<Limits.formatVersion

    /// The lists that stores of a format lack.
    private static func new(since format: UInt32) -> [RecordList] {
        RecordList.allCases.filter { $0.format > format }
    }

    /// Makes a store what a program of an older format would have made of it.
    private func turnBack(_ store: Store, to format: UInt32) throws {
        let new = Self.new(since: format)
        var lists: [ListKey] = []
        var texts: [UniqueKey] = []
        let reader = try store.makeReader()
        try reader.view.forEachList { (list) throws(StoreError) in
            if new.contains(where: { $0.rawValue == list.kind }) { lists.append(list) }
            return true
        }
        try reader.view.forEachUniqueKey { (key, _) throws(StoreError) in
            if format < 2, key.family.kind == ListTerm.Kind.unitMscNumber.rawValue {
                texts.append(key)
            }
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
                UInt64(format), old.epoch, UInt64(bitPattern: old.created),
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

    @Test("is read as it is, and its check misses nothing.", arguments: formats)
    func read(format: UInt32) throws {
        let fixture = try filled()
        try turnBack(fixture.store, to: format)
        #expect(try self.format(fixture.store) == format)
        #expect(try findings(fixture.store) == [])
        #expect(try fixture.list(.orders).count == 300)
    }

    @Test("is moved on by whoever serves it, and has all lists then.", arguments: formats)
    func served(format: UInt32) throws {
        let fixture = try filled()
        let before = try fixture.image()
        try turnBack(fixture.store, to: format)
        let lacks = !Self.new(since: format).isEmpty
        #expect(try (fixture.image().lists != before.lists) == lacks)
        try RecordApplier().moveOn(fixture.store)
        #expect(try self.format(fixture.store) == Limits.formatVersion)
        // The texts have got numbers anew; what is on the lists is the same.
        let after = try fixture.image()
        #expect(after.documents == before.documents && after.sequence == before.sequence)
        for list in Self.new(since: format) where list != .unitsOfMscNumber {
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

    @Test("is moved on before its first change, which finds what it needs.", arguments: formats)
    func changed(format: UInt32) throws {
        let fixture = try filled()
        try turnBack(fixture.store, to: format)
        try fixture.must(DeleteOrderField(17, .none))
        #expect(try self.format(fixture.store) == Limits.formatVersion)
        try fixture.must(DeleteAttachment(1, .none))
        try fixture.must(DeleteAttachment(2, .none))
        try fixture.refuse(DeleteCustomer(1, .none), 409)
        #expect(try findings(fixture.store) == [])
    }

    @Test("keeps its format through a new epoch.", arguments: formats)
    func restored(format: UInt32) throws {
        let fixture = try filled()
        try turnBack(fixture.store, to: format)
        try fixture.store.renewEpoch()
        #expect(try self.format(fixture.store) == format)
        try fixture.must(CreateOrder(NewOrder(title: "t")))
        #expect(try findings(fixture.store) == [])
    }

    @Test("is moved on again after a crash before the end, from where it was.")
    func interrupted() throws {
        let fixture = try filled()
        try turnBack(fixture.store, to: 2)
        let before = try fixture.image()
        #expect(throws: StoreError.self) {
            try fixture.store.write { (transaction) throws(StoreError) in
                try RecordApplier().moveOn(&transaction)
                #expect(try transaction.view.formatVersion() == Limits.formatVersion)
                throw .corrupted(what: "power, which went out,")
            }
        }
        #expect(try fixture.image() == before)
        #expect(try format(fixture.store) == 2)
        try RecordApplier().moveOn(fixture.store)
        #expect(try findings(fixture.store) == [])
    }

    @Test("lets its new lists be asked only when they are there.", arguments: formats)
    func asked(format: UInt32) throws {
        let fixture = try filled()
        var since = RecordFilter(.units)
        since.updatedSince = RecordFixture.time
        var number = RecordFilter(.units)
        number.mscNumber = "0010"
        func areAnswerable() throws -> [Bool] {
            let reader = try fixture.store.makeReader()
            return try [since, number, RecordFilter(.units)].map {
                try RecordQuery(account: 1, $0).isAnswerable(reader.view)
            }
        }
        try turnBack(fixture.store, to: format)
        #expect(try areAnswerable() == [format >= 3, format >= 2, true])
        try RecordApplier().moveOn(fixture.store)
        #expect(try areAnswerable() == [true, true, true])
    }

    @Test("of which a record is damaged is moved on with the others.", arguments: formats)
    func damaged(format: UInt32) throws {
        let fixture = try filled()
        try turnBack(fixture.store, to: format)
        try fixture.store.write { (transaction) throws(StoreError) in
            let json = Array("{\"id\":5}".utf8)
            try transaction.putDocument(
                Resource.order.key(1, 5), json: json.span.bytes, version: 1)
        }
        try RecordApplier().moveOn(fixture.store)
        #expect(try self.format(fixture.store) == Limits.formatVersion)
        let reader = try fixture.store.makeReader()
        let about = try RecordCheck(reader.view).findings.filter { !$0.contains("order 5 ") }
        #expect(about.allSatisfy { $0.contains("entries for") }, "\(about)")
    }
}
