import RelayContract
import RelayRecords
import RelayStore
import Testing

@Suite("Properties and units")
struct PropertyRecordsTests {
    @Test("A batch creates and updates, in the order of its elements, under one version.")
    func batch() throws {
        let fixture = try RecordFixture()
        let customer = try fixture.customer()
        try fixture.property(of: customer, internalID: "p1", externalID: 12)
        try fixture.must(
            UpsertProperties([
                PropertyInput(name: "new", customerId: customer),
                PropertyInput(name: "old", externalId: 12),
                PropertyInput(name: "newer", internalId: "p3", customerId: customer),
            ]))
        #expect(try fixture.list(.properties) == [1, 2, 3])
        #expect(try fixture.model(Property.self, .property, 1)?.name == "old")
        #expect(try fixture.model(Property.self, .property, 2)?.name == "new")
        #expect(try fixture.lookup(.internalID, .property, "p3") == 3)
        let versions = try (1...3).map { try fixture.version(.property, $0) }
        #expect(Set(versions) == [try fixture.sequence()])
    }

    @Test("An element that says what the property says already changes nothing, nor its address.")
    func unchanged() throws {
        let fixture = try RecordFixture()
        let customer = try fixture.customer()
        let address = AddressInput(
            streetAddress: "Goethestr. 1", postalCode: "10115", locality: "Berlin",
            country: Country("DE"))
        func input(_ name: String, street: String? = nil) -> PropertyInput {
            var address = address
            address.streetAddress = street ?? address.streetAddress
            return PropertyInput(
                name: name, address: address, mscNumber: "0010", internalId: "p", externalId: 12,
                customerId: customer)
        }
        try fixture.must(UpsertProperties([input("Caf\u{E9}")]))
        let first = try fixture.sequence()
        try fixture.must(UpsertProperties([input("Caf\u{E9}")]))
        #expect(try fixture.sequence() == first)
        // Another Unicode form of the name is another name; the address stays the one it is.
        let other = PropertyInput(name: "n", customerId: customer)
        try fixture.must(UpsertProperties([other, input("Cafe\u{301}")]))
        #expect(try fixture.sequence() == first + 1)
        #expect(try fixture.version(.property, 1) == first + 1)
        #expect(try fixture.model(Property.self, .property, 1)?.address?.id == 1)
        // Of a batch only what changes is written.
        try fixture.must(
            UpsertProperties([input("Cafe\u{301}"), PropertyInput(id: 2, name: "m")]))
        #expect(try fixture.version(.property, 1) == first + 1)
        #expect(try fixture.version(.property, 2) == first + 2)
        try fixture.must(UpsertProperties([input("Cafe\u{301}", street: "Goethestr. 2")]))
        let moved = try fixture.model(Property.self, .property, 1)
        #expect(moved?.address?.id == 2 && moved?.address?.streetAddress == "Goethestr. 2")
        #expect(try fixture.version(.property, 1) == first + 3)
        let reader = try fixture.store.makeReader()
        #expect(try RecordCheck(reader.view).findings == [])
    }

    @Test("A batch with one wrong element changes nothing, and names every fault.")
    func allOrNone() throws {
        let fixture = try RecordFixture()
        let customer = try fixture.customer()
        try fixture.property(of: customer, internalID: "p1")
        let faults = try fixture.refuse(
            UpsertProperties([
                PropertyInput(name: "fine", customerId: customer),
                PropertyInput(id: 9), PropertyInput(name: "n", customerId: 9),
                PropertyInput(internalId: "p2"),
            ]))
        #expect(
            faults == [
                "/properties/1/id unknownReference", "/properties/2/customerId unknownReference",
                "/properties/3/name required", "/properties/3/customerId required",
            ])
    }

    @Test("A record or a name that comes twice in a batch is a fault of the later element.")
    func duplicates() throws {
        let fixture = try RecordFixture()
        let customer = try fixture.customer()
        try fixture.property(of: customer, internalID: "p1", externalID: 12)
        func faults(_ inputs: PropertyInput...) throws -> [String] {
            try fixture.refuse(UpsertProperties(inputs))
        }
        #expect(
            try faults(PropertyInput(id: 1), PropertyInput(id: 1)) == ["/properties/1 notUnique"])
        #expect(
            try faults(PropertyInput(internalId: "p1"), PropertyInput(externalId: 12))
                == ["/properties/1 notUnique"])
        let new = PropertyInput(name: "n", internalId: "x", customerId: customer)
        #expect(try faults(new, new) == ["/properties/1/internalId notUnique"])
        // A name that an earlier element would set free is still taken.
        #expect(
            try faults(
                PropertyInput(id: 1, externalId: 13),
                PropertyInput(name: "n", externalId: 12, customerId: customer)
            ).contains("/properties/1 notUnique"))
    }

    @Test("Of units too: one wrong or doubled element, and none of the batch happens.")
    func unitBatches() throws {
        let fixture = try RecordFixture()
        let property = try fixture.property(of: try fixture.customer())
        try fixture.unit(of: property)
        let faults = try fixture.refuse(
            UpsertUnits([
                UnitInput(propertyId: property, name: "fine"), UnitInput(id: 1, name: "a"),
                UnitInput(id: 1, name: "b"), UnitInput(id: 7), UnitInput(name: "no property"),
                UnitInput(propertyId: 5, name: "n"), UnitInput(propertyId: property),
            ]))
        #expect(
            faults == [
                "/units/2 notUnique", "/units/3/id unknownReference",
                "/units/4/propertyId required", "/units/5/propertyId unknownReference",
                "/units/6/name required",
            ])
    }

    @Test("A property's new customer carries over to its units and their lists.")
    func newCustomer() throws {
        let fixture = try RecordFixture()
        let (a, b) = (try fixture.customer("a"), try fixture.customer("b"))
        let property = try fixture.property(of: a)
        let other = try fixture.property(of: a)
        let plain = try fixture.unit(of: property)
        let numbered = try fixture.unit(of: property, mscNumber: "0010")
        let elsewhere = try fixture.unit(of: other, mscNumber: "0011")
        try fixture.must(UpsertProperties([PropertyInput(id: property, customerId: b)]))
        #expect(try fixture.list(.propertiesOfCustomer, a) == [other])
        #expect(try fixture.list(.propertiesOfCustomer, b) == [property])
        #expect(try fixture.list(.unitsOfCustomer, a) == [elsewhere])
        #expect(try fixture.list(.unitsOfCustomer, b) == [plain, numbered])
        #expect(try fixture.list(.unitsWithMscNumberOfCustomer, a) == [elsewhere])
        #expect(try fixture.list(.unitsWithMscNumberOfCustomer, b) == [numbered])
        #expect(try fixture.list(.unitsWithMscNumber) == [numbered, elsewhere])
        #expect(try fixture.list(.units) == [plain, numbered, elsewhere])
    }

    @Test("A property's new mscNumber carries over to its units' documents, all of one version.")
    func newNumber() throws {
        let fixture = try RecordFixture()
        let property = try fixture.property(of: try fixture.customer(), mscNumber: "0001")
        for _ in 0..<5 { try fixture.unit(of: property) }
        #expect(try fixture.model(Unit.self, .unit, 3)?.propertyMscNumber == "0001")
        try fixture.must(UpsertProperties([PropertyInput(id: property, mscNumber: "0002")]))
        let sequence = try fixture.sequence()
        for id in UInt64(1)...5 {
            #expect(try fixture.model(Unit.self, .unit, id)?.propertyMscNumber == "0002")
            #expect(try fixture.version(.unit, id) == sequence)
        }
        // A change that units do not show leaves them alone.
        try fixture.must(UpsertProperties([PropertyInput(id: property, name: "Turm")]))
        #expect(try fixture.version(.unit, 3) == sequence)
    }

    @Test("A unit that moves to another property leaves the lists of the old one.")
    func movedUnit() throws {
        let fixture = try RecordFixture()
        let (a, b) = (try fixture.customer("a"), try fixture.customer("b"))
        let from = try fixture.property(of: a, mscNumber: "1")
        let to = try fixture.property(of: b, mscNumber: "2")
        let unit = try fixture.unit(of: from)
        try fixture.must(
            UpsertUnits([UnitInput(id: unit, propertyId: to, unitMscNumber: "0010")]))
        #expect(try fixture.list(.unitsOfProperty, from) == [])
        #expect(try fixture.list(.unitsOfProperty, to) == [unit])
        #expect(try fixture.list(.unitsOfCustomer, a) == [])
        #expect(try fixture.list(.unitsWithMscNumberOfCustomer, b) == [unit])
        #expect(try fixture.model(Unit.self, .unit, unit)?.propertyMscNumber == "2")
        try fixture.must(DeleteProperty(from, .none))
    }

    @Test("A property that units or orders refer to is not deleted; the answer names them.")
    func referred() throws {
        let fixture = try RecordFixture()
        let property = try fixture.property(of: try fixture.customer(), internalID: "p")
        func detail() throws -> String {
            try fixture.refuse(DeleteProperty(property, .none), 409)
            return try #require(try fixture.apply(DeleteProperty(property, .none)).problem?.detail)
        }
        let unit = try fixture.unit(of: property)
        #expect(try detail().hasPrefix("1 unit (1 \""))
        try fixture.must(CreateOrder(NewOrder(title: "a", propertyId: property)))
        try fixture.must(CreateOrder(NewOrder(title: "b", propertyId: property)))
        #expect(
            try detail().hasSuffix(
                #"and 2 orders (1 "a", 2 "b") refer to property 1: change or delete them first"#))
        for _ in 3...6 {
            try fixture.must(CreateOrder(NewOrder(title: "c", propertyId: property)))
        }
        #expect(
            try detail().contains(#"and 6 orders (1 "a", 2 "b", 3 "c", 4 "c", 5 "c", …) refer"#))
        // The unit moves away; the orders stay.
        let other = try fixture.property(of: 1)
        try fixture.must(UpsertUnits([UnitInput(id: unit, propertyId: other)]))
        #expect(try detail().hasPrefix("6 orders (1 \"a\", 2 \"b\", 3"))
    }

    @Test("A deleted property is gone from its lists and names; its id is not used again.")
    func deleted() throws {
        let fixture = try RecordFixture()
        let customer = try fixture.customer()
        let property = try fixture.property(of: customer, internalID: "p", externalID: 5)
        let before = try #require(try fixture.model(Property.self, .property, property))
        let answer = try fixture.must(DeleteProperty(property, .exists))
        #expect(answer.status == 200 && answer.body == before.json)
        #expect(try fixture.list(.properties) == [])
        #expect(try fixture.list(.propertiesOfCustomer, customer) == [])
        #expect(try fixture.lookup(.internalID, .property, "p") == nil)
        #expect(try fixture.lookup(.externalID, .property, "5") == nil)
        try fixture.refuse(DeleteProperty(property, .none), 404)
        try fixture.refuse(UpsertProperties([PropertyInput(id: property, name: "x")]))
        #expect(try fixture.property(of: customer, internalID: "p") == property + 1)
        #expect(try fixture.store.check().faults == [])
    }

    @Test("A property is deleted under its own version only, and by its own account.")
    func preconditions() throws {
        let fixture = try RecordFixture()
        let property = try fixture.property(of: try fixture.customer())
        let version = try #require(try fixture.version(.property, property))
        try fixture.refuse(DeleteProperty(property, .versions([version + 1])), 412)
        try fixture.refuse(DeleteProperty(property, .versions([])), 412)
        try fixture.refuse(DeleteProperty(property, .none), 404, account: 2)
        try fixture.must(DeleteProperty(property, .versions([1, version])))
    }

    @Test("A full store still lets properties be deleted.")
    func fullStore() throws {
        let fixture = try RecordFixture(
            options: StoreOptions(
                mapBytes: 8 << 20, quotaBytes: 3 << 20, durability: .mayCorruptStore))
        let customer = try fixture.customer()
        let name = String(repeating: "n", count: 200)
        // Large batches first, then ever smaller ones, until not even the smallest fits.
        for size in [100, 10, 1] {
            var isFull = false
            for _ in 0..<2_000 where !isFull {
                let input = PropertyInput(name: name, customerId: customer)
                let inputs = [PropertyInput](repeating: input, count: size)
                do {
                    try fixture.apply(UpsertProperties(inputs))
                } catch StoreError.storeFull {
                    isFull = true
                }
            }
            #expect(isFull)
        }
        let ids = try fixture.list(.properties)
        for id in ids { try fixture.must(DeleteProperty(id, .none)) }
        #expect(try fixture.list(.properties) == [])
        try fixture.property(of: customer)
    }
}
