/// A local time as a clock on the wall shows it, to the second and without a time zone:
/// `2021-02-06 11:00:00`.
///
/// Read with a `T` in place of the space too, with a fraction and with an offset, as RFC 3339 has them: the time
/// written counts, fraction and offset do not.
@frozen
public struct WallTime: Hashable, Comparable, Sendable {
    /// Seconds since 0000-01-01 00:00:00; less than 2^39.
    public let seconds: UInt64

    /// The first second that cannot be written: 10000-01-01 00:00:00.
    public static let end: UInt64 = 315_569_520_000

    /// Days from 0000-01-01 to 1970-01-01.
    private static let daysBefore1970 = 719_528

    /// Precondition: a time before the year 10 000.
    public init(seconds: UInt64) {
        precondition(seconds < Self.end, "a time outside the years 0000…9999")
        self.seconds = seconds
    }

    /// Reads `YYYY-MM-DD HH:MM:SS` in those forms; nil for anything else.
    public init?(_ text: UnsafeBufferPointer<UInt8>) {
        var reader = DateTimeReader(text: text)
        guard let year = reader.number(digits: 4, in: 0...9999),
            reader.skip("-"), let month = reader.number(digits: 2, in: 1...12),
            reader.skip("-"),
            let day = reader.number(digits: 2, in: 1...Timestamp.days(inMonth: month, of: year))
        else { return nil }
        guard reader.skip(" ") || reader.skip("T", or: "t"),
            let hour = reader.number(digits: 2, in: 0...23), reader.skip(":"),
            let minute = reader.number(digits: 2, in: 0...59), reader.skip(":"),
            let second = reader.number(digits: 2, in: 0...59), reader.fraction() != nil,
            reader.isAtEnd || reader.offset() != nil, reader.isAtEnd
        else { return nil }
        let days = Timestamp.day(ofYear: year, month: month, day: day) + Self.daysBefore1970
        seconds = UInt64(((days * 24 + hour) * 60 + minute) * 60 + second)
    }

    /// Orders by what the wall shows.
    public static func < (left: WallTime, right: WallTime) -> Bool {
        left.seconds < right.seconds
    }
}

extension WallTime: CustomStringConvertible {
    /// `2021-02-06 11:00:00`.
    public var description: String {
        String(unsafeUninitializedCapacity: 19) { buffer in
            // SAFETY: the String's own storage, during this call.
            let bytes = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: 19)
            let inDay = Int(seconds % 86_400)
            let date = Timestamp.date(ofDay: Int(seconds / 86_400) - Self.daysBefore1970)
            Timestamp.put(date.year, digits: 4, at: 0, in: bytes)
            Timestamp.put(date.month, digits: 2, at: 5, in: bytes)
            Timestamp.put(date.day, digits: 2, at: 8, in: bytes)
            Timestamp.put(inDay / 3_600, digits: 2, at: 11, in: bytes)
            Timestamp.put(inDay / 60 % 60, digits: 2, at: 14, in: bytes)
            Timestamp.put(inDay % 60, digits: 2, at: 17, in: bytes)
            for (place, mark) in [(4, "-"), (7, "-"), (10, " "), (13, ":"), (16, ":")] {
                bytes[place] = mark.utf8.first!
            }
            return 19
        }
    }
}
