import CivilTime
import JSON
import RelayContract
import RelayRecords
import RelayStore
import Testing

@Suite("Parts of orders")
struct OrderPartsTests {
    @Test("Fields and contact persons come into the order, whose time and version change.")
    func additions() throws {
        let fixture = try RecordFixture()
        try fixture.must(CreateOrder(NewOrder(title: "t")))
        let before = try fixture.version(.order, 1)
        let later = Timestamp(milliseconds: RecordFixture.time.milliseconds + 5)
        let field = OrderFieldAddition(name: "n", content: "c", position: 3, orderId: 1)
        let answer = try fixture.apply(CreateOrderField(field), time: later)
        #expect(answer.status == 201 && answer.body == Array("1".utf8) && answer.createdID == 1)
        let person = ContactPersonAddition(name: "n", type: "t", email: "a@b.de", orderId: 1)
        try fixture.must(CreateContactPerson(person))
        let order = try #require(try fixture.model(Order.self, .order, 1))
        #expect(order.fields == [OrderField(id: 1, position: 3, name: "n", content: "c")])
        #expect(order.contactPersons.first?.emailAddress == "a@b.de")
        #expect(order.updatedAt == RecordFixture.time && order.createdAt == RecordFixture.time)
        #expect(try fixture.version(.order, 1) != before)
    }

    @Test("An order has at most 1 000 fields; one more is refused.")
    func limit() throws {
        let fixture = try RecordFixture()
        let fields = (0..<1_000).map { NewOrderField(position: $0, name: "n", content: "") }
        try fixture.must(CreateOrder(NewOrder(title: "t", fields: fields)))
        let field = OrderFieldAddition(name: "n", content: "c", position: 3, orderId: 1)
        #expect(try fixture.refuse(CreateOrderField(field)) == ["/orderId tooMany"])
        #expect(
            try fixture.refuse(
                CreateOrderField(
                    OrderFieldAddition(name: "n", content: "c", position: 3, orderId: 2)))
                == ["/orderId unknownReference"])
    }
}
