import RelayContract
import RelayRecords
import RelayStore
import Testing

@Suite("Checks of records")
struct RecordCheckTests {
    private func findings(_ fixture: RecordFixture) throws -> [String] {
        let reader = try fixture.store.makeReader()
        return try RecordCheck(reader.view).findings
    }

    @Test("After random changes every record is found, and nothing else.")
    func sound() throws {
        let fixture = try RecordFixture()
        var source = ChangeSource(seed: 7)
        for round in 0..<1_500 {
            _ = try fixture.apply(source.next(), time: source.time())
            source.largestID = 3 + UInt64(round) / 40
        }
        #expect(try findings(fixture) == [])
        #expect(try fixture.store.check().faults == [])
    }

    @Test("A record missing in a list, one too many, and a lost name are found.")
    func broken() throws {
        let fixture = try RecordFixture()
        let customer = try fixture.customer(internalID: "k")
        try fixture.property(of: customer)
        try fixture.must(CreateOrder(NewOrder(title: "t", customerId: customer)))
        #expect(try findings(fixture) == [])
        try fixture.store.write { (transaction) throws(StoreError) in
            try transaction.remove(UInt64(1), from: RecordList.ordersOfCustomer.key(1, customer))
            try transaction.insert(UInt64(9), into: RecordList.customers.key(1))
            try transaction.removeUnique(
                UniqueKey(
                    account: 1, resource: Resource.customer.rawValue,
                    kind: UniqueIndex.internalID.rawValue, text: "k".utf8))
        }
        #expect(try findings(fixture).count == 3)
    }
}
