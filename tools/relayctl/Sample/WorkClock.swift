/// Time as the people in the sample live it: orders come in and comments are written on weekdays
/// between eight and half past six, Central European time or thereabouts.
///
/// Everything is counted from a fixed date and never from the clock, because the same seed must
/// give the same bytes tomorrow.
enum WorkClock {
    static let millisecondsPerDay = 86_400_000

    /// Monday, 4 January 2021: the first order comes in.
    static let firstDay = 18_631
    /// Weeks until the last order came in; Friday, 27 December 2024.
    static let weeks = 208
    /// The office opens at 7:00 UTC …
    static let opens = 7 * 3_600_000
    /// … and closes 10 ½ hours later.
    static let hours = 10 * 3_600_000 + 1_800_000

    private static let workDays = weeks * 5

    /// When the first order comes in.
    static let start = time(workDay: 0, offset: 0)
    /// When the last order can have come in.
    static let end = time(workDay: workDays - 1, offset: hours - 1)

    /// The moment at a place on the working time axis: part of whole, in order and without nights.
    static func moment(_ part: Int, of whole: Int) -> Int {
        let axis = workDays * hours
        // 128 bits in between: a million orders times four years of milliseconds overflow 64.
        let product = UInt64(part).multipliedFullWidth(by: UInt64(axis))
        let position = Int(UInt64(whole).dividingFullWidth(product).quotient)
        return time(workDay: position / hours, offset: position % hours)
    }

    /// The moment some working time later.
    static func later(than moment: Int, by milliseconds: Int) -> Int {
        let days = moment / millisecondsPerDay - firstDay
        let day = days / 7 * 5 + min(days % 7, 4)
        let position = day * hours + (moment % millisecondsPerDay - opens) + milliseconds
        return time(workDay: position / hours, offset: position % hours)
    }

    private static func time(workDay: Int, offset: Int) -> Int {
        let day = firstDay + workDay / 5 * 7 + workDay % 5
        return day * millisecondsPerDay + opens + offset
    }

    static let weekdays = [
        "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag",
    ]
    static let months = [
        "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
        "Oktober", "November", "Dezember",
    ]

    /// A date as one writes it in a letter: Dienstag, 14. März.
    static func letterDate(_ moment: Int) -> String {
        let day = moment / millisecondsPerDay
        let date = civil(day)
        return "\(weekdays[(day + 3) % 7]), \(date.day). \(months[date.month - 1])"
    }

    static func year(_ moment: Int) -> Int { civil(moment / millisecondsPerDay).year }

    /// Days since 1970-01-01 to a date of the Gregorian calendar: years are counted from March, so
    /// that the leap day comes last and month lengths follow one formula.
    private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
