import CivilTime
import JSON
import RelayContract
import RelayRecords
import RelayStore
import Testing

@Suite("Orders")
struct OrderRecordsTests {
    @Test("A new order gets its server-set fields, and stands in every list that it belongs to.")
    func creation() throws {
        let fixture = try RecordFixture()
        let customer = try fixture.customer()
        let property = try fixture.property(of: customer)
        let field = NewOrderField(position: 1, name: "n", content: "c")
        let person = NewContactPerson(type: "t", name: "n", email: "a@b.de")
        for _ in 0..<2 {
            try fixture.must(
                CreateOrder(
                    NewOrder(
                        title: "t", propertyId: property, fields: [field, field],
                        contactPersons: [person], customerId: customer)))
        }
        try fixture.must(CreateOrder(NewOrder(title: "t")))
        let order = try #require(try fixture.model(Order.self, .order, 2))
        #expect(order.status == .open && order.createdAt == RecordFixture.time)
        #expect(order.fields.map(\.id) == [3, 4] && order.contactPersons.map(\.id) == [2])
        #expect(order.contactPersons[0].emailAddress == "a@b.de")
        #expect(try fixture.list(.orders) == [1, 2, 3])
        #expect(try fixture.list(.ordersOfProperty, property) == [1, 2])
        #expect(try fixture.list(.ordersOfCustomer, customer) == [1, 2])
        let faults = try fixture.refuse(
            CreateOrder(NewOrder(title: "t", propertyId: 7, customerId: 8)))
        #expect(faults == ["/propertyId unknownReference", "/customerId unknownReference"])
    }

    @Test("An update changes what it gives, and the time of the change.")
    func update() throws {
        let fixture = try RecordFixture()
        try fixture.must(CreateOrder(NewOrder(title: "t", internalId: "i")))
        let later = Timestamp(milliseconds: RecordFixture.time.milliseconds + 5)
        let answer = try fixture.apply(
            UpdateOrder(1, OrderPatch(status: .finished), .none), time: later)
        #expect(answer.status == 200 && answer.body == Array("1".utf8))
        let order = try #require(try fixture.model(Order.self, .order, 1))
        #expect(order.status == .finished && order.internalId == "i")
        #expect(order.updatedAt == later && order.createdAt == RecordFixture.time)
        #expect(answer.version == (try fixture.version(.order, 1)))
    }

    @Test("An update passes under the present version only; a refusal tells which that is.")
    func preconditions() throws {
        let fixture = try RecordFixture()
        try fixture.must(CreateOrder(NewOrder(title: "t")))
        let version = try #require(try fixture.version(.order, 1))
        let patch = OrderPatch(status: .declined)
        for wrong: [UInt64] in [[], [version + 1], [0, version - 1]] {
            try fixture.refuse(UpdateOrder(1, patch, .versions(wrong)), 412)
            let answer = try fixture.apply(UpdateOrder(1, patch, .versions(wrong)))
            #expect(answer.version == version)
        }
        try fixture.must(UpdateOrder(1, patch, .versions([7, version])))
        try fixture.refuse(UpdateOrder(1, patch, .versions([version])), 412)
        try fixture.must(UpdateOrder(1, patch, .exists))
        try fixture.refuse(UpdateOrder(2, patch, .exists), 404)
        try fixture.refuse(UpdateOrder(1 << 40, patch, .none), 404)
        try fixture.refuse(UpdateOrder(1, patch, .none), 404, account: 2)
    }

    @Test("Commands of one group see each other's changes, and complete with their own answers.")
    func commands() throws {
        let fixture = try RecordFixture()
        let answers = Answers()
        let applier = RecordApplier()
        let writer = try Writer(fixture.store)
        func submit(_ index: Int, _ change: any RecordChange) {
            let command = RecordCommand(change, account: 1)
                .pending(RecordCommand.Context(JSONParser(), applier)) { answers.add(index, $0) }
            guard case .accepted = writer.submit(command) else {
                Issue.record("command \(index) was not accepted")
                return
            }
        }
        submit(0, UpsertCustomer(CustomerInput(name: "c")))
        submit(1, UpsertProperties([PropertyInput(name: "p", customerId: 1)]))
        submit(2, CreateOrder(NewOrder(title: "t", propertyId: 2)))
        submit(3, CreateOrder(NewOrder(title: "t", propertyId: 1)))
        submit(4, DeleteProperty(1, .none))
        writer.stop()
        #expect(answers.statuses == [0: 201, 1: 200, 2: 422, 3: 201, 4: 409])
        #expect(try fixture.sequence() == 3)
    }
}

/// Collects answers on the writer's thread.
private final class Answers: @unchecked Sendable {
    // SAFETY: written on the writer's thread, read after it has ended.
    private(set) var statuses: [Int: Int] = [:]

    func add(_ index: Int, _ result: Result<RecordAnswer, StoreError>) {
        if case .success(let answer) = result { statuses[index] = answer.status }
    }
}
