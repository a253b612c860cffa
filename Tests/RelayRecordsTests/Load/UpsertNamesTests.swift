import RelayContract
import RelayRecords
import RelayStore
import Testing

@Suite("The names of an upsert")
struct UpsertNamesTests {
    @Test("A known id, else externalId, else internalId updates that customer.")
    func customers() throws {
        let fixture = try RecordFixture()
        let made = try fixture.must(
            UpsertCustomer(CustomerInput(internalId: "i", externalId: "e", name: "a")))
        #expect(made.status == 201 && made.createdID == 1)
        for (number, names) in [
            CustomerInput(id: 1, name: "b"), CustomerInput(externalId: "e", name: "c"),
            CustomerInput(internalId: "i", name: "d"),
            CustomerInput(internalId: "i", id: 1, externalId: "e", name: "e"),
            CustomerInput(internalId: "j", externalId: "e", name: "f"),
            CustomerInput(internalId: "j", externalId: "f", name: "g"),
        ].enumerated() {
            let answer = try fixture.must(UpsertCustomer(names))
            #expect(answer.status == 200 && answer.createdID == nil, "\(number)")
            #expect(try fixture.model(Customer.self, .customer, 1)?.name == names.name)
        }
        #expect(try fixture.list(.customers) == [1])
        // What the customer was called before names nobody any more.
        #expect(try fixture.lookup(.externalID, .customer, "f") == 1)
        #expect(try fixture.lookup(.internalID, .customer, "j") == 1)
        #expect(try fixture.lookup(.externalID, .customer, "e") == nil)
        #expect(try fixture.lookup(.internalID, .customer, "i") == nil)
        #expect(
            try fixture.must(UpsertCustomer(CustomerInput(internalId: "i", name: "x")))
                .createdID == 2)
    }

    @Test("An update keeps the members that it does not give.")
    func kept() throws {
        let fixture = try RecordFixture()
        try fixture.must(
            UpsertCustomer(
                CustomerUpsert(
                    casaviAccountId: 7,
                    customer: CustomerInput(
                        internalId: "i", name: "a", telephone: "040", emailAddress: "a@b.de"))))
        try fixture.must(UpsertCustomer(CustomerInput(id: 1, telephone: "030")))
        let customer = try #require(try fixture.model(Customer.self, .customer, 1))
        #expect(customer.name == "a" && customer.telephone == "030")
        #expect(customer.emailAddress == "a@b.de" && customer.internalId == "i")
        #expect(customer.casaviTenantId == 7)
    }

    @Test("Names that belong to two customers are faults, each where it stands.")
    func conflicts() throws {
        let fixture = try RecordFixture()
        try fixture.must(
            UpsertCustomer(CustomerInput(internalId: "i1", externalId: "e1", name: "a")))
        try fixture.must(
            UpsertCustomer(CustomerInput(internalId: "i2", externalId: "e2", name: "b")))
        func faults(_ input: CustomerInput) throws -> [String] {
            try fixture.refuse(UpsertCustomer(input))
        }
        #expect(
            try faults(CustomerInput(id: 1, externalId: "e2")) == ["/customer/externalId notUnique"]
        )
        #expect(
            try faults(CustomerInput(internalId: "i2", id: 1, externalId: "e2"))
                == ["/customer/externalId notUnique", "/customer/internalId notUnique"])
        #expect(
            try faults(CustomerInput(internalId: "i2", externalId: "e1"))
                == ["/customer/internalId notUnique"])
        #expect(
            try faults(CustomerInput(id: 3, name: "c")) == ["/customer/id unknownReference"])
        #expect(
            try faults(CustomerInput(id: 1 << 50, name: "c")) == ["/customer/id unknownReference"])
        #expect(
            try faults(CustomerInput(internalId: "i3")) == ["/customer/name required"])
    }

    @Test("Another account's id and names are unknown and free.")
    func accounts() throws {
        let fixture = try RecordFixture()
        try fixture.must(UpsertCustomer(CustomerInput(internalId: "i", name: "a")))
        try fixture.refuse(UpsertCustomer(CustomerInput(id: 1, name: "x")), account: 2)
        let own = try fixture.must(
            UpsertCustomer(CustomerInput(internalId: "i", name: "b")), account: 2)
        #expect(own.createdID == 1)
        #expect(try fixture.model(Customer.self, .customer, 1)?.name == "a")
    }

    // "ü" in one scalar, and as "u" with a combining mark: equal as Swift Strings, not as bytes.
    private let composed = "M\u{FC}ller"
    private let decomposed = "Mu\u{308}ller"

    @Test("A name is its bytes: another Unicode form of it is another name.")
    func unicodeForms() throws {
        let fixture = try RecordFixture()
        try fixture.must(UpsertCustomer(CustomerInput(internalId: composed, name: "a")))
        try fixture.must(UpsertCustomer(CustomerInput(internalId: decomposed, id: 1)))
        #expect(try fixture.lookup(.internalID, .customer, composed) == nil)
        #expect(try fixture.lookup(.internalID, .customer, decomposed) == 1)
        // Else the old form would still name the customer, or what came after it.
        let customer = try fixture.customer()
        try fixture.property(of: customer, internalID: composed)
        try fixture.must(UpsertProperties([PropertyInput(id: 1, internalId: decomposed)]))
        try fixture.must(DeleteProperty(1, .none))
        #expect(try fixture.lookup(.internalID, .property, composed) == nil)
        #expect(try fixture.lookup(.internalID, .property, decomposed) == nil)
        try fixture.property(of: customer, internalID: composed)
        #expect(try fixture.list(.properties) == [2])
    }

    @Test("Two Unicode forms of a name may stand in one batch, as they may in two.")
    func unicodeFormsInOneBatch() throws {
        let fixture = try RecordFixture()
        let customer = try fixture.customer()
        try fixture.must(
            UpsertProperties(
                [composed, decomposed].map {
                    PropertyInput(name: "h", internalId: $0, customerId: customer)
                }))
        #expect(try fixture.lookup(.internalID, .property, composed) == 1)
        #expect(try fixture.lookup(.internalID, .property, decomposed) == 2)
    }

    @Test("Names of any length find their record.")
    func longNames() throws {
        let fixture = try RecordFixture()
        for count in [1, 50, 99, 100] {
            let name = String(repeating: "🏠", count: count)
            let id = try fixture.customer(internalID: name)
            #expect(try fixture.lookup(.internalID, .customer, name) == id)
            let again = try fixture.must(UpsertCustomer(CustomerInput(internalId: name)))
            #expect(again.status == 200)
        }
    }
}
