import CivilTime
import HTTP2
import RelayClient
import RelayContract
import TestSupport
import Testing

/// Energy data in a real relayd, whose clock can be set.
@Suite("Energy data of a real relayd", .serialized)
struct EedTests {
    private struct Site {
        let directory = TemporaryDirectory()
        let clock: ShiftedClock
        let relayd: Relayd
        let key: String
        let client: RelayClient

        init(environment: [String] = []) throws {
            clock = try ShiftedClock(in: directory)
            relayd = try Relayd(
                store: directory.file("store"), in: directory,
                environment: clock.environment + environment)
            key = try relayd.makeKey()
            client = RelayClient(connection: try relayd.connect(), key: key)
            let customer = CustomerUpsert(customer: CustomerInput(name: "c"))
            _ = try client.createCustomer(customer)
            _ = try client.createProperties(
                PropertyUpsert(properties: [PropertyInput(name: "p", customerId: 1)]))
        }

        func addUnits(_ count: Int) throws {
            _ = try client.createUnits(
                UnitUpsert(units: (0..<count).map { _ in UnitInput(propertyId: 1, name: "u") }))
        }
    }

    private func month(_ text: String) throws -> CalendarMonth {
        var text = text
        return try #require(text.withUTF8 { CalendarMonth($0) })
    }

    private func delivery(_ unit: UInt64, _ month: CalendarMonth) -> EedDelivery {
        EedDelivery(
            propertyId: 1, unitId: unit, customerId: 1, period: month, mscName: "m",
            consumptions: [EedConsumption(service: .heating, unitofmeasure: .kwh, amount: -1)],
            benchmarks: [])
    }

    @Test(
        "The month that has begun in Berlin and not yet in UTC is the present one, in all zones.",
        arguments: ["America/New_York", "Pacific/Kiritimati", "Nowhere/Never", ":/nonexistent"])
    func presentMonth(zone: String) throws {
        let site = try Site(environment: ["TZ=\(zone)"])
        try site.addUnits(1)
        let next = try month("2099-07")
        // In 2099: 90 minutes before July in UTC, which is 30 minutes after its beginning in Berlin.
        let moment = try #require(Timestamp(rfc3339: "2099-06-30T22:30:00Z"))
        site.clock.milliseconds = Int(moment.milliseconds - Timestamp.now.milliseconds)
        try site.client.consumeEed(delivery(1, next))
        #expect(try site.client.getEed(unitId: 1, period: next).value.month?.period == next)
        let after = try #require(next.advanced(by: 1))
        #expect(throws: RelayClientError.self) { try site.client.consumeEed(delivery(1, after)) }
        #expect(throws: RelayClientError.self) {
            try site.client.getEed(unitId: 1, period: after)
        }
        // An hour earlier it is June in Berlin too.
        site.clock.milliseconds -= 3_600_000
        #expect(throws: RelayClientError.self) { try site.client.consumeEed(delivery(1, next)) }
        #expect(site.relayd.stop() == 0)
    }

    @Test("10 000 deliveries of one batch are read back, in portions and in pages.")
    func batch() throws {
        let site = try Site()
        try site.addUnits(10_000)
        let month = try month("2024-03")
        let deliveries = (UInt64(1)...10_000).map { delivery($0 == 7 ? 99_999 : $0, month) }
        let batch = EedBatch(deliveries: deliveries)
        let verdicts = try site.client.consumeEedBatch(batch).value.results
        #expect(verdicts.count == 10_000)
        #expect(verdicts.indices.filter { verdicts[$0].status != 204 } == [6])
        #expect(verdicts[6].errors?.map(\.pointer) == ["/deliveries/6/unitId"])
        // Several MB: many portions.
        let whole = try site.client.getEedOfProperty(propertyId: 1, period: month)
        #expect(whole.records.map(\.unitId) == Array(1...10_000))
        #expect(whole.total == 10_000)
        for report in whole.records {
            let amount = report.month?.consumptions.first?.amount
            #expect(report.unitId == 7 ? report == EedUnitReport(unitId: 7) : amount == -1)
        }
        var page = try site.client.getEedOfProperty(propertyId: 1, period: month, limit: 999)
        var walked = page.records
        while let next = try site.client.page(after: page) {
            walked += next.records
            page = next
        }
        #expect(walked == whole.records)
        #expect(site.relayd.stop() == 0)
    }
}
