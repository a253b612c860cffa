import CivilTime
import JSON
import RelayContract
import RelayRecords
import RelayStore
import TestSupport
import Testing

@Suite("Energy data")
struct EedRecordsTests {
    private func delivery(unit: UInt64, _ month: CalendarMonth) -> EedDelivery {
        EedDelivery(
            propertyId: 1, unitId: unit, customerId: 1, period: month, mscName: "m",
            consumptions: [EedConsumption(service: .heating, unitofmeasure: .kwh, amount: 1)],
            benchmarks: [])
    }

    @Test("A redelivery replaces the record of its unit and month, and is on no list twice.")
    func redelivery() throws {
        let fixture = try RecordFixture()
        try fixture.unit(of: try fixture.property(of: try fixture.customer()))
        let month = CalendarMonth(number: 24_000)
        try fixture.must(ConsumeEed(delivery(unit: 1, month)))
        try fixture.must(ConsumeEed(delivery(unit: 1, month)))
        try fixture.must(ConsumeEed(delivery(unit: 1, month.advanced(by: 1)!)))
        #expect(try fixture.list(.unitsWithEed, 24_000) == [1])
        #expect(try fixture.model(EedMonth.self, .eedMonth, 2)?.period == month.advanced(by: 1))
        #expect(try fixture.model(EedMonth.self, .eedMonth, 3) == nil)
        let reader = try fixture.store.makeReader()
        #expect(try RecordCheck(reader.view).findings == [])
    }

    @Test("The present month is the last one that data can be of.")
    func future() throws {
        let fixture = try RecordFixture()
        try fixture.unit(of: try fixture.property(of: try fixture.customer()))
        let present = CalendarMonth(inBerlin: RecordFixture.time)
        try fixture.must(ConsumeEed(delivery(unit: 1, present)))
        #expect(
            try fixture.refuse(ConsumeEed(delivery(unit: 1, present.advanced(by: 1)!)))
                == ["/period outOfRange"])
    }

    @Test("Units without data are found at every offset and behind every key, whichever have some.")
    func missing() throws {
        let fixture = try RecordFixture()
        let property = try fixture.property(of: try fixture.customer())
        let units = (0..<300).map { _ in UnitInput(propertyId: property, name: "u") }
        try fixture.must(UpsertUnits(units))
        var random = SplitMix(state: 5)
        let month = CalendarMonth(number: 24_000)
        // From none to all, in steps; at first one long stretch that has data.
        var without = Array(UInt64(1)...300)
        for unit in UInt64(20)...200 { try deliver(unit) }
        func deliver(_ unit: UInt64) throws {
            try fixture.must(ConsumeEed(delivery(unit: unit, month)))
            without.removeAll { $0 == unit }
        }
        while true {
            let reader = try fixture.store.makeReader()
            let page = SelectedPage()
            let selection = UnitsWithoutEed(account: 1, month)
            for limit in [1, 7, 1_000] {
                for offset in stride(from: 0, through: without.count + 1, by: 9) {
                    let start = SelectionStart(skip: UInt64(offset))
                    try selection.fill(page, reader.view, from: start, limit: limit)
                    let wanted = without.dropFirst(offset).prefix(limit)
                    #expect(page.keys.map(\.recordID) == Array(wanted))
                    #expect(page.total == UInt64(without.count))
                    #expect(page.isLast == (offset + limit >= without.count))
                    if page.isLast { continue }
                    try selection.fill(page, reader.view, from: page.next, limit: limit)
                    let following = without.dropFirst(offset + limit).prefix(limit)
                    #expect(page.keys.map(\.recordID) == Array(following))
                }
            }
            if without.isEmpty { return }
            for _ in 0..<40 {
                guard let unit = without.randomElement(using: &random) else { break }
                try deliver(unit)
            }
        }
    }
}
