/// A month of the Gregorian calendar, written `YYYY-MM`.
@frozen
public struct CalendarMonth: Hashable, Comparable, Sendable {
    /// Months since January of the year 0, which is what makes neighbours easy.
    public let number: Int

    /// January of the year 1 to December of 9999: what four digits can write. The calendar has no year 0.
    public static let numbers = 12..<120_000

    /// Precondition: a month that four digits of year can write.
    public init(number: Int) {
        precondition(Self.numbers.contains(number), "a month outside the years 0001…9999")
        self.number = number
    }

    /// The month of a moment in UTC.
    public init(of time: Timestamp) {
        let millisecondsPerDay: Int64 = 86_400_000
        let inDay = time.milliseconds % millisecondsPerDay
        let start = time.milliseconds - (inDay < 0 ? inDay + millisecondsPerDay : inDay)
        let date = Timestamp.date(ofDay: Int(start / millisecondsPerDay))
        number = date.year * 12 + date.month - 1
    }

    /// Reads `YYYY-MM`; nil for anything else.
    public init?(_ text: UnsafeBufferPointer<UInt8>) {
        var reader = DateTimeReader(text: text)
        guard let year = reader.number(digits: 4, in: 1...9999), reader.skip("-"),
            let month = reader.number(digits: 2, in: 1...12), reader.isAtEnd
        else { return nil }
        number = year * 12 + month - 1
    }

    /// So many months later, or earlier; nil outside the years 0001…9999.
    public func advanced(by months: Int) -> CalendarMonth? {
        Self.numbers.contains(number + months) ? CalendarMonth(number: number + months) : nil
    }

    /// Orders by time.
    public static func < (left: CalendarMonth, right: CalendarMonth) -> Bool {
        left.number < right.number
    }
}

extension CalendarMonth: CustomStringConvertible {
    /// `2026-02`.
    public var description: String {
        String(unsafeUninitializedCapacity: 7) { buffer in
            // SAFETY: the String's own storage, during this call.
            let bytes = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: 7)
            Timestamp.put(number / 12, digits: 4, at: 0, in: bytes)
            bytes[4] = UInt8(ascii: "-")
            Timestamp.put(number % 12 + 1, digits: 2, at: 5, in: bytes)
            return 7
        }
    }
}
