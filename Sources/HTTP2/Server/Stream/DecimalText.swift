/// Decimal digits without a String.
public enum DecimalText {
    /// Writes `number` in decimal.
    ///
    /// - Parameter space: room for 20 bytes.
    /// - Returns: bytes written.
    @inline(__always)
    public static func write(_ number: UInt64, to space: UnsafeMutableRawPointer) -> Int {
        var digits = 1
        var bound: UInt64 = 10
        while digits < 20, number >= bound {
            digits += 1
            let (next, overflow) = bound.multipliedReportingOverflow(by: 10)
            if overflow { break }
            bound = next
        }
        var rest = number
        var position = digits
        while position > 0 {
            position -= 1
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            space.storeBytes(
                of: 48 + UInt8(truncatingIfNeeded: digit), toByteOffset: position, as: UInt8.self)
            rest = quotient
        }
        return digits
    }

    /// Reads a number of up to 18 decimal digits.
    ///
    /// - Returns: nil when there is anything else, or nothing.
    @inline(__always)
    public static func read(_ text: UnsafeRawBufferPointer) -> UInt64? {
        if text.isEmpty || text.count > 18 { return nil }
        var number: UInt64 = 0
        for byte in text {
            let digit = byte &- 48
            if digit > 9 { return nil }
            number = number * 10 + UInt64(digit)
        }
        return number
    }
}
