/// A moment in UTC, to the millisecond: what every time of the contract is, except an appointment's wall time.
///
/// Read from any RFC 3339 date-time, written as `2026-02-06T11:00:00.000Z`. The calendar arithmetic is our own
/// (Gregorian, proleptic), so that nothing needs Foundation or the C library's locks and time zones.
@frozen
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
    public let milliseconds: Int64

    /// The earliest moment RFC 3339 can write: 0000-01-01T00:00:00.000Z.
    public static let earliest = Timestamp(unchecked: -62_167_219_200_000)
    /// The latest: 9999-12-31T23:59:59.999Z.
    public static let latest = Timestamp(unchecked: 253_402_300_799_999)

    /// Precondition: the moment lies between the years 0000 and 9999.
    public init(milliseconds: Int64) {
        precondition(
            Self.earliest.milliseconds <= milliseconds
                && milliseconds <= Self.latest.milliseconds,
            "a time outside the years 0000…9999")
        self.milliseconds = milliseconds
    }

    private init(unchecked milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// Orders by time.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }
}

// MARK: Writing

extension Timestamp {
    /// Bytes of the written form.
    public static let writtenCount = 24

    /// Writes `YYYY-MM-DDThh:mm:ss.sssZ` into 24 bytes.
    public func write(into bytes: UnsafeMutableRawBufferPointer) {
        precondition(bytes.count == Self.writtenCount, "a written time has 24 bytes")
        let millisecondsPerDay: Int64 = 86_400_000
        let inDay = Int(
            (milliseconds % millisecondsPerDay + millisecondsPerDay) % millisecondsPerDay)
        let date = Self.date(ofDay: Int((milliseconds - Int64(inDay)) / millisecondsPerDay))
        Self.put(date.year, digits: 4, at: 0, in: bytes)
        bytes[4] = UInt8(ascii: "-")
        Self.put(date.month, digits: 2, at: 5, in: bytes)
        bytes[7] = UInt8(ascii: "-")
        Self.put(date.day, digits: 2, at: 8, in: bytes)
        bytes[10] = UInt8(ascii: "T")
        Self.put(inDay / 3_600_000, digits: 2, at: 11, in: bytes)
        bytes[13] = UInt8(ascii: ":")
        Self.put(inDay / 60_000 % 60, digits: 2, at: 14, in: bytes)
        bytes[16] = UInt8(ascii: ":")
        Self.put(inDay / 1000 % 60, digits: 2, at: 17, in: bytes)
        bytes[19] = UInt8(ascii: ".")
        Self.put(inDay % 1000, digits: 3, at: 20, in: bytes)
        bytes[23] = UInt8(ascii: "Z")
    }

    static func put(
        _ number: Int, digits: Int, at start: Int, in bytes: UnsafeMutableRawBufferPointer
    ) {
        var rest = number
        for index in stride(from: start + digits - 1, through: start, by: -1) {
            bytes[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
    }

    /// The civil date of a day counted from 1970-01-01. Years are counted from March, which puts the leap day
    /// last, in eras of 400 years = 146 097 days.
    static func date(ofDay day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
            dayOfYear - (153 * marchMonth + 2) / 5 + 1
        )
    }
}

extension Timestamp: CustomStringConvertible {
    /// `2026-02-06T11:00:00.000Z`.
    public var description: String {
        String(unsafeUninitializedCapacity: Self.writtenCount) { buffer in
            // SAFETY: the String's own storage, during this call.
            write(
                into: UnsafeMutableRawBufferPointer(
                    start: buffer.baseAddress, count: Self.writtenCount))
            return Self.writtenCount
        }
    }
}

// MARK: Reading

extension Timestamp {
    /// Reads an RFC 3339 date-time with any offset and any number of fraction digits (those beyond the millisecond
    /// are cut off). Refuses days that do not exist, leap seconds and moments outside the years 0000…9999 UTC.
    public init?(rfc3339 text: UnsafeBufferPointer<UInt8>) {
        var reader = DateTimeReader(text: text)
        guard let year = reader.number(digits: 4, in: 0...9999),
            reader.skip("-"), let month = reader.number(digits: 2, in: 1...12),
            reader.skip("-"),
            let day = reader.number(digits: 2, in: 1...Self.days(inMonth: month, of: year)),
            reader.skip("T", or: "t"), let hour = reader.number(digits: 2, in: 0...23),
            reader.skip(":"), let minute = reader.number(digits: 2, in: 0...59),
            reader.skip(":"), let second = reader.number(digits: 2, in: 0...59),
            let fraction = reader.fraction(), let offset = reader.offset(), reader.isAtEnd
        else { return nil }
        let minutes =
            (Self.day(ofYear: year, month: month, day: day) * 24 + hour) * 60 + minute - offset
        let milliseconds = Int64(minutes * 60 + second) * 1000 + Int64(fraction)
        guard
            Self.earliest.milliseconds <= milliseconds,
            milliseconds <= Self.latest.milliseconds
        else { return nil }
        self.milliseconds = milliseconds
    }

    /// Reads an RFC 3339 date-time.
    public init?(rfc3339 text: String) {
        var text = text
        // SAFETY: the String's own bytes, during this call.
        guard let timestamp = text.withUTF8({ Timestamp(rfc3339: $0) }) else { return nil }
        self = timestamp
    }

    /// Days from 1970-01-01 to a civil date; the inverse of `date(ofDay:)`.
    static func day(ofYear year: Int, month: Int, day: Int) -> Int {
        let marchYear = month <= 2 ? year - 1 : year
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
