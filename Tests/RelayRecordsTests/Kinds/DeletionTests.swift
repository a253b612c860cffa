import CivilTime
import JSON
import RelayContract
import RelayStore
import Testing

@testable import RelayRecords

/// What the vectors cannot show of deletions: lists, files and what else is in the store.
@Suite("A deletion")
struct DeletionTests {
    private func findings(_ fixture: RecordFixture) throws -> [String] {
        let reader = try fixture.store.makeReader()
        return try RecordCheck(reader.view).findings + fixture.store.check().faults
    }

    private func comment(_ fixture: RecordFixture, on order: UInt64, files: Int) throws {
        let files = try (0..<files).map { try fixture.upload([UInt8($0), 1, 2]) }
        try fixture.must(CreateComment(order, NewComment(text: "t", authorName: "a"), files))
    }

    @Test("of an order gives the bytes of all its files up, and leaves those of others.")
    func order() throws {
        let fixture = try RecordFixture()
        for _ in 0..<2 { try fixture.must(CreateOrder(NewOrder(title: "t"))) }
        try comment(fixture, on: 1, files: 2)
        try comment(fixture, on: 2, files: 1)
        try comment(fixture, on: 1, files: 1)
        try fixture.must(DeleteOrder(1, .none))
        #expect(try fixture.files().owned == 1)
        #expect(try fixture.files().released == 3)
        for id in [1, 2, 4] as [UInt64] {
            #expect(try fixture.model(Attachment.self, .attachment, id) == nil)
        }
        #expect(try fixture.model(Attachment.self, .attachment, 3) != nil)
        #expect(try findings(fixture) == [])
    }

    @Test("of a file takes it from the order, whose version and time change.")
    func attachment() throws {
        let fixture = try RecordFixture()
        try fixture.must(CreateOrder(NewOrder(title: "t")))
        try comment(fixture, on: 1, files: 2)
        let before = try fixture.version(.order, 1)
        let later = Timestamp(milliseconds: RecordFixture.time.milliseconds + 5)
        let answer = try fixture.apply(DeleteAttachment(1, .none), time: later)
        #expect(answer.status == 200)
        let order = try #require(try fixture.model(Order.self, .order, 1))
        #expect(order.attachments.map(\.id) == [2])
        #expect(order.comments[0].attachments.map(\.id) == [2])
        #expect(order.updatedAt == later)
        #expect(try fixture.version(.order, 1) != before)
        #expect(try fixture.refuse(DeleteAttachment(1, .none), 404) == [])
        #expect(try fixture.files().owned == 1)
        #expect(try findings(fixture) == [])
    }

    @Test("of an order leaves a file that another record has as well, as a dump may say.")
    func sharedFile() throws {
        let fixture = try RecordFixture()
        for _ in 0..<2 { try fixture.must(CreateOrder(NewOrder(title: "t"))) }
        try comment(fixture, on: 1, files: 1)
        var order = try #require(try fixture.model(Order.self, .order, 1))
        order.id = 2
        let line =
            "{\"account\":1,\"resource\":\"order\",\"id\":2,\"document\":"
            + String(decoding: order.json, as: UTF8.self) + "}"
        #expect(try DumpedLines([line]).load(into: fixture).faults == [])
        try fixture.must(DeleteOrder(1, .none))
        #expect(try fixture.files().owned == 1)
        try fixture.must(DeleteOrder(2, .none))
        #expect(try fixture.files().owned == 0)
        #expect(try findings(fixture) == [])
    }

    @Test("of parts in any order leaves nothing that finds them, however many there were.")
    func parts() throws {
        let fixture = try RecordFixture()
        let fields = (0..<40).map { NewOrderField(position: $0, name: "n", content: "\($0)") }
        let persons = (0..<40).map { NewContactPerson(type: "t", name: "\($0)", email: "a@b.de") }
        for _ in 0..<2 {
            try fixture.must(
                CreateOrder(NewOrder(title: "t", fields: fields, contactPersons: persons)))
        }
        for id in (1...80).filter({ $0 % 3 != 0 }).reversed() as [Int] {
            try fixture.must(DeleteOrderField(UInt64(id), .none))
            try fixture.must(DeleteContactPerson(UInt64(id), .none))
        }
        for id in [1, 80] as [UInt64] {
            try fixture.refuse(DeleteOrderField(id, .none), 404)
            try fixture.refuse(UpdateContactPerson(id, ContactPersonPatch(name: "x"), .none), 404)
        }
        let order = try #require(try fixture.model(Order.self, .order, 2))
        #expect(order.fields.map(\.id) == (41...80).filter { $0 % 3 == 0 })
        #expect(try findings(fixture) == [])
        // All at once, by a patch.
        try fixture.must(UpdateOrder(2, OrderPatch(fields: [], contactPersons: []), .none))
        try fixture.refuse(UpdateOrderField(42, OrderFieldPatch(name: "x"), .none), 404)
        #expect(try findings(fixture) == [])
    }

    @Test("that is only tried changes nothing, files included.")
    func dryRun() throws {
        let fixture = try RecordFixture()
        try fixture.must(CreateOrder(NewOrder(title: "t")))
        try comment(fixture, on: 1, files: 1)
        let before = try fixture.image()
        let writer = try Writer(fixture.store)
        let deletion = RecordCommand(DeleteOrder(1, .none), account: 1, isDryRun: true)
        let command = deletion.pending { result in #expect((try? result.get())?.status == 200) }
        #expect(writer.submit(command) == .accepted)
        writer.stop()
        #expect(try fixture.image() == before)
        #expect(try fixture.files().owned == 1)
    }

    @Test("is made again from the change log.")
    func replayed() throws {
        let fixture = try RecordFixture()
        let customer = try fixture.customer()
        let property = try fixture.property(of: customer)
        let unit = try fixture.unit(of: property, mscNumber: "0010")
        try fixture.must(CreateOrder(NewOrder(title: "t", propertyId: property)))
        try fixture.must(CreateComment(1, NewComment(text: "t", authorName: "a"), []))
        try fixture.must(UpdateComment(1, 1, CommentPatch(text: "u"), .none))
        let document = NewDocument(title: "d", propertyId: property, customerId: customer)
        try fixture.must(CreateDocument(document))
        try fixture.must(UpdateDocument(1, DocumentPatch(title: "e"), .exists))
        try fixture.must(DeleteComment(1, 1, .none))
        for change: any RecordChange in [
            DeleteDocument(1, .none), DeleteOrder(1, .exists), DeleteUnit(unit, .none),
            DeleteProperty(property, .none), DeleteCustomer(customer, .none),
        ] {
            try fixture.must(change)
        }
        let copy = try RecordFixture()
        for recorded in try RecordedChange.all(of: fixture.store) {
            try copy.must(try #require(recorded.change))
        }
        #expect(try copy.image() == fixture.image())
        #expect(try findings(copy) == [])
        #expect(try RecordCheck(fixture.store.makeReader().view).records == 0)
    }
}
