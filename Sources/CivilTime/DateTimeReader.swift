/// Takes a date-time apart, byte by byte.
struct DateTimeReader {
    let text: UnsafeBufferPointer<UInt8>
    var position = 0

    var isAtEnd: Bool { position == text.count }

    private var digit: Int? {
        guard position < text.count, case let value = text[position] &- UInt8(ascii: "0"),
            value <= 9
        else { return nil }
        return Int(value)
    }

    mutating func skip(_ byte: Unicode.Scalar, or other: Unicode.Scalar? = nil) -> Bool {
        guard position < text.count else { return false }
        let found = Unicode.Scalar(text[position])
        guard found == byte || found == other else { return false }
        position += 1
        return true
    }

    mutating func number(digits: Int, in range: ClosedRange<Int>) -> Int? {
        var number = 0
        for _ in 0..<digits {
            guard let digit else { return nil }
            number = number * 10 + digit
            position += 1
        }
        return range.contains(number) ? number : nil
    }

    /// Milliseconds; 0 without a fraction, nil when a point has no digits after it.
    mutating func fraction() -> Int? {
        guard skip(".") else { return 0 }
        var weight = 100
        var milliseconds = 0
        let start = position
        while let digit {
            milliseconds += digit * weight
            weight /= 10
            position += 1
        }
        return position > start ? milliseconds : nil
    }

    /// Minutes east of UTC.
    mutating func offset() -> Int? {
        if skip("Z", or: "z") { return 0 }
        let sign: Int
        if skip("+") {
            sign = 1
        } else if skip("-") {
            sign = -1
        } else {
            return nil
        }
        guard let hours = number(digits: 2, in: 0...23), skip(":"),
            let minutes = number(digits: 2, in: 0...59)
        else { return nil }
        return sign * (hours * 60 + minutes)
    }
}
