/// What clocks in Germany show. The rule is that of directive 2000/84/EC, in force since 1996 and written
/// down here for all years, so that no time zone data of the machine has a say: summer time from the last
/// Sunday of March to the last Sunday of October, each at 01:00 UTC.
extension Timestamp {
    private static let millisecondsPerHour: Int64 = 3_600_000

    /// Milliseconds that clocks in Europe/Berlin are ahead of UTC: one hour, in summer two.
    public var berlinOffset: Int64 {
        let day = milliseconds.dividedDown(by: 24 * Self.millisecondsPerHour)
        let year = Self.date(ofDay: Int(day)).year
        let summer =
            Self.summerTimeChange(month: 3, of: year)..<Self.summerTimeChange(month: 10, of: year)
        return (summer.contains(milliseconds) ? 2 : 1) * Self.millisecondsPerHour
    }

    /// 01:00 UTC on the last Sunday of a month of 31 days.
    private static func summerTimeChange(month: Int, of year: Int) -> Int64 {
        let last = Int64(day(ofYear: year, month: month, day: 31))
        // 1970-01-01 was a Thursday, the fourth day after a Sunday.
        let daysBehindSunday = last + 4 - (last + 4).dividedDown(by: 7) * 7
        return ((last - daysBehindSunday) * 24 + 1) * millisecondsPerHour
    }
}

extension CalendarMonth {
    /// The month that it is in Europe/Berlin at a moment.
    public init(inBerlin time: Timestamp) {
        let shown = min(time.milliseconds + time.berlinOffset, Timestamp.latest.milliseconds)
        self.init(of: Timestamp(milliseconds: shown))
    }
}

extension Int64 {
    /// The quotient, rounded down: as days are counted before 1970 too.
    fileprivate func dividedDown(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
