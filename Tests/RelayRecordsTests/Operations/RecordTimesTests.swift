import CivilTime
import JSON
import RelayContract
import TestSupport
import Testing

@testable import RelayRecords
@testable import RelayStore

@Suite("The times of records")
struct RecordTimesTests {
    private static let start: Int64 = 1_767_225_600_000

    private func order(_ id: Int, created: String, updated: String) -> String {
        """
        {"account":1,"resource":"order","id":\(id),"document":{"id":\(id),"title":"t","status":"OPEN",\
        "createdAt":"\(created)","updatedAt":"\(updated)","fields":[],"attachments":[],\
        "comments":[],"contactPersons":[]}}
        """
    }

    private func times(_ store: Store, _ id: UInt64) throws -> [String] {
        let reader = try store.makeReader()
        let document = try reader.document(Resource.order.key(1, id))
        let times = document?.model(JSONParser(), reader.view)?.times
        return times.map { ["\($0.created)", "\($0.updated)"] } ?? []
    }

    private func load(
        _ lines: [String], into store: Store, _ reader: DumpReader = DumpReader()
    ) throws -> LoadOutcome {
        let reading = reader.read(Array(lines.joined(separator: "\n").utf8))
        #expect(reading.faults == [])
        return try store.write { (transaction) throws(StoreError) in
            try RecordApplier().load(reading.batches, to: &transaction)
        }
    }

    @Test("What a load changes is changed now; when a record was created is its history.")
    func load() throws {
        let clock = SetClock(Self.start)
        let store = try Store.inMemory(options: clock.options)
        let lines = [
            order(1, created: "2020-01-01T00:00:00.000Z", updated: "2021-01-01T00:00:00.000Z"),
            order(2, created: "2030-01-01T00:00:00.000Z", updated: "2031-01-01T00:00:00.000Z"),
        ]
        #expect(try load(lines, into: store).created == 2)
        #expect(try times(store, 1) == ["2020-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z"])
        #expect(try times(store, 2) == ["2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z"])
        clock.pass(1_000)
        #expect(try load(lines, into: store).unchanged == 2)
        let other = order(
            1, created: "2019-01-01T00:00:00.000Z", updated: "2021-01-01T00:00:00.000Z"
        ).replacing("OPEN", with: "FINISHED")
        #expect(try load([other], into: store).updated == 1)
        #expect(try times(store, 1) == ["2020-01-01T00:00:00.000Z", "2026-01-01T00:00:01.000Z"])
        #expect(try load([other], into: store).unchanged == 1)
        let reader = try store.makeReader()
        #expect(try RecordCheck(reader.view).findings == [])
    }

    @Test("A load that an earlier program recorded is made again with the times it had.")
    func recordedBefore() throws {
        let line = order(
            1, created: "2020-01-01T00:00:00.000Z", updated: "2021-01-01T00:00:00.000Z")
        let batch = try #require(DumpReader().read(Array(line.utf8)).batches.first)
        let payload = LoadDatedRecords(batch).payload
        for (kind, updated) in [(40, "2021-01-01T00:00:00.000Z"), (41, "2026-01-01T00:00:00.000Z")]
        {
            let fixture = try RecordFixture()
            let change = try #require(
                payload.withUnsafeBytes {
                    ChangeKind.decode(UInt8(kind), $0, JSONParser())
                })
            #expect(Int(change.kind.rawValue) == kind)
            try fixture.apply(change)
            #expect(try times(fixture.store, 1) == ["2020-01-01T00:00:00.000Z", updated])
        }
    }

    @Test("In a store that does not say its newest time, it is found in records of every kind.")
    func unsaid() throws {
        for ahead in [Resource.property, .unit, .document, .order] {
            let fixture = try RecordFixture(options: SetClock(Self.start).options)
            let customer = try fixture.customer()
            let property = try fixture.property(of: customer)
            let late = Timestamp(milliseconds: Self.start + 40_000)
            let change: any RecordChange =
                switch ahead {
                case .property:
                    UpsertProperties([PropertyInput(name: "p", customerId: customer)])
                case .unit: UpsertUnits([UnitInput(propertyId: property, name: "u")])
                case .document:
                    CreateDocument(
                        NewDocument(title: "d", propertyId: property, customerId: customer))
                default: CreateOrder(NewOrder(title: "o"))
                }
            try fixture.apply(change, time: late)
            try fixture.customer("last")
            try fixture.store.forgetTime()
            let applier = RecordApplier()
            try fixture.store.write { (transaction) throws(StoreError) in
                let knowsTime = transaction.knowsTime
                #expect(!knowsTime)
                let time = try applier.stamp(&transaction)
                #expect(time == late, "\(ahead)")
            }
        }
    }

    @Test("A month of energy data is compared with the clock, not with a time that is ahead of it.")
    func present() throws {
        let clock = SetClock(Self.start)
        let fixture = try RecordFixture(options: clock.options)
        let property = try fixture.property(of: try fixture.customer())
        let unit = try fixture.unit(of: property)
        clock.jump(40 * 24 * 60 * 60 * 1_000)
        try fixture.store.write { (transaction) throws(StoreError) in
            _ = try RecordApplier().apply(
                CreateOrder(NewOrder(title: "ahead")), account: 1,
                time: Timestamp(milliseconds: clock.now), to: &transaction)
        }
        clock.jump(-40 * 24 * 60 * 60 * 1_000)
        let delivery = EedDelivery(
            propertyId: property, unitId: unit, customerId: 1,
            period: CalendarMonth(inBerlin: Timestamp(milliseconds: clock.now)).advanced(by: 1)!,
            mscName: "m", consumptions: [], benchmarks: [])
        let command = RecordCommand(ConsumeEed(delivery), account: 1).pending { result in
            guard case .success(let answer) = result else { return }
            #expect(answer.problem?.faults.first?.code == .outOfRange)
        }
        try fixture.store.write { (transaction) throws(StoreError) in
            try command.apply(to: &transaction)
        }
        command.complete(.success(()))
    }
}

extension Store {
    /// Makes it a store of a program that kept no time, whose log has lost all changes but the newest.
    fileprivate func forgetTime() throws {
        try write { (transaction) throws(StoreError) in
            let key = StoreTime.key
            try transaction.delete(key.span.bytes, in: transaction.databases.meta)
            for number in 1..<transaction.sequence {
                try transaction.delete(number, in: transaction.databases.changes)
            }
            transaction.isTimeChanged = false
        }
    }
}
