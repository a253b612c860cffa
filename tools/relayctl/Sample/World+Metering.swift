import CivilTime
import JSON
import RelayContract

/// Energy data of the sample's first houses, for thirteen months: so that a month has one before it
/// and the same of the year before. Some months are missing, as they are in life.
extension World {
    /// A unit's month and what it is compared with.
    struct Metered {
        let month: EedMonth
        let benchmarks: [EedBenchmark]
    }

    /// December 2023 to December 2024.
    private static let months = (2_023 * 12 + 11)...(2_024 * 12 + 11)

    /// Every month of a unit that has meters; none for the units of later houses.
    func metered(unit id: Int) -> [Metered] {
        guard id <= Limits.meteredProperties * Limits.unitsPerProperty,
            unit(id).unitMscNumber != nil
        else { return [] }
        var random = Random(seed: seed, account: account, .metering, UInt64(id))
        return Self.months.compactMap { number in
            let month = CalendarMonth(number: number)
            let isWinter = number % 12 < 3 || number % 12 > 9
            let heating = random.within(isWinter ? 400...1_800 : 0...150)
            let water = random.within(8...45)
            if random.percent(3) { return nil }
            return Metered(
                month: EedMonth(
                    unitId: UInt64(id), period: month, mscName: "Messdienst Lechner GmbH",
                    deliveredAt: Self.delivery(of: month),
                    consumptions: [
                        EedConsumption(
                            service: .heating, unitofmeasure: .kwh, converted: false,
                            estimated: random.percent(4), amount: Double(heating) / 2),
                        EedConsumption(
                            service: .hotWater, unitofmeasure: .m3, amount: Double(water) / 10),
                    ]),
                benchmarks: [
                    EedBenchmark(
                        service: .heating, unitofmeasure: .kwh, amount: isWinter ? 540.5 : 35)
                ])
        }
    }

    /// On the third of the following month, in the morning.
    private static func delivery(of month: CalendarMonth) -> Timestamp {
        let next = month.advanced(by: 1) ?? month
        return Timestamp(rfc3339: "\(next)-03T05:00:00Z")!
    }
}
