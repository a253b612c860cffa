import RelayContract
import RelayRecords
import RelayStore
import Testing

@Suite("Addresses in other records")
struct AddressRecordsTests {
    private let whole = AddressInput(
        streetAddress: "Deich 1", postalCode: "20095", locality: "Hamburg",
        country: Country("DE"))

    private func change(_ address: AddressInput) -> any RecordChange {
        UpsertCustomer(CustomerInput(name: "c", address: address))
    }

    private func lastAddress(_ fixture: RecordFixture) throws -> UInt64 {
        let reader = try fixture.store.makeReader()
        return try reader.view.counter(account: 1, resource: Resource.address.rawValue).lastID
    }

    @Test("A new address becomes a record of its own, with the key's account.")
    func new() throws {
        let fixture = try RecordFixture()
        try fixture.must(change(whole))
        let address = try #require(try fixture.model(Address.self, .address, 1))
        #expect(address.streetAddress == "Deich 1" && address.accountId == 1)
        let customer = try #require(try fixture.model(Customer.self, .customer, 1))
        #expect(customer.address == address && customer.addressId == 1)
    }

    @Test("The id of a record, alone or with what it says already, means that record.")
    func byID() throws {
        let fixture = try RecordFixture()
        try fixture.must(change(whole))
        var same = whole
        same.id = 1
        same.accountId = 1
        for input in [AddressInput(id: 1), same, AddressInput(id: 1, locality: "Hamburg")] {
            let id = try #require(try fixture.must(change(input)).createdID)
            #expect(try fixture.model(Customer.self, .customer, id)?.addressId == 1)
        }
        #expect(try lastAddress(fixture) == 1)
    }

    @Test("An id with changes makes a copy; the record and those that refer to it stay.")
    func copy() throws {
        let fixture = try RecordFixture()
        try fixture.must(change(whole))
        try fixture.must(
            change(AddressInput(id: 1, streetAddress: "Deich 2", additionalInfo: "EG")))
        #expect(try fixture.model(Address.self, .address, 1)?.streetAddress == "Deich 1")
        let copy = try #require(try fixture.model(Address.self, .address, 2))
        #expect(copy.streetAddress == "Deich 2" && copy.locality == "Hamburg")
        #expect(copy.additionalInfo == "EG")
        #expect(try fixture.model(Customer.self, .customer, 1)?.address?.streetAddress == "Deich 1")
        #expect(try fixture.model(Customer.self, .customer, 2)?.addressId == 2)
        // An update without an address keeps it, one with another address refers to that.
        try fixture.must(UpsertCustomer(CustomerInput(id: 1, name: "d")))
        #expect(try fixture.model(Customer.self, .customer, 1)?.addressId == 1)
        try fixture.must(
            UpsertCustomer(CustomerInput(id: 1, address: AddressInput(id: 1, postalCode: "1"))))
        #expect(try fixture.model(Customer.self, .customer, 1)?.addressId == 3)
    }

    @Test("Another Unicode form of a text is a change, as any other bytes are.")
    func unicodeForms() throws {
        let fixture = try RecordFixture()
        var address = whole
        address.locality = "K\u{F6}ln"
        try fixture.must(change(address))
        try fixture.must(change(AddressInput(id: 1, locality: "Ko\u{308}ln")))
        #expect(try lastAddress(fixture) == 2)
    }

    @Test("An unknown id, a foreign account and missing members are faults where they stand.")
    func faults() throws {
        let fixture = try RecordFixture()
        try fixture.must(
            CreateAddress(
                NewAddress(
                    streetAddress: "a", postalCode: "b", locality: "c", country: Country("AT")!)),
            account: 2)
        #expect(
            try fixture.refuse(change(AddressInput(id: 1))) == [
                "/customer/address/id unknownReference"
            ])
        var foreign = whole
        foreign.accountId = 2
        #expect(try fixture.refuse(change(foreign)) == ["/customer/address/accountId mismatch"])
        #expect(
            try fixture.refuse(change(AddressInput(locality: "x"))) == [
                "/customer/address/streetAddress required",
                "/customer/address/postalCode required", "/customer/address/country required",
            ])
        let order = CreateOrder(NewOrder(title: "t", address: AddressInput(id: 9)))
        #expect(try fixture.refuse(order) == ["/address/id unknownReference"])
        let property = UpsertProperties([
            PropertyInput(name: "p", address: AddressInput(id: 1 << 45), customerId: 1)
        ])
        #expect(
            try fixture.refuse(property) == [
                "/properties/0/customerId unknownReference",
                "/properties/0/address/id unknownReference",
            ])
    }
}
