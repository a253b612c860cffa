import RelayStore

/// A position in the log of changes as clients see it: the store's epoch in 16 hexadecimal digits, `-`, and
/// the sequence number of the last change that lies before it. `.N` follows where a change is cut: N of the
/// records that the change named by the number has are before the position, the others are not.
///
/// Held in place, so that the bytes of the field Relay-Seq are made once for each commit.
struct PositionText: Sendable {
    private var words = InlineArray<6, UInt64>(repeating: 0)
    /// Bytes of the text.
    private(set) var length = 0

    /// Room for the longest: 16 digits, `-`, 20 digits, `.`, and as many digits as a record's count has.
    static let maxBytes = 48

    init(epoch: UInt64, sequence: UInt64) {
        self.init(epoch: epoch, ChangePosition(after: sequence))
    }

    init(epoch: UInt64, _ position: ChangePosition) {
        var length = 0
        // SAFETY: this value's own bytes; three numbers and two marks fit `maxBytes`.
        withUnsafeMutableBytes(of: &words) { space in
            for digit in 0..<16 {
                let nibble = UInt8(truncatingIfNeeded: epoch >> UInt64(60 - 4 * digit)) & 15
                space[digit] = nibble + (nibble < 10 ? 0x30 : 0x57)
            }
            space[16] = UInt8(ascii: "-")
            let isCut = position.passed > 0
            length = 17
            length += Self.write(position.sequence + (isCut ? 1 : 0), space, at: length)
            if isCut {
                space[length] = UInt8(ascii: ".")
                length += 1 + Self.write(UInt64(position.passed), space, at: length + 1)
            }
        }
        self.length = length
    }

    /// Writes decimal digits; returns how many.
    private static func write(
        _ number: UInt64, _ space: UnsafeMutableRawBufferPointer, at start: Int
    ) -> Int {
        var count = 1
        var rest = number / 10
        while rest > 0 {
            count += 1
            rest /= 10
        }
        rest = number
        for index in (0..<count).reversed() {
            space[start + index] = UInt8(truncatingIfNeeded: rest % 10) + 0x30
            rest /= 10
        }
        return count
    }

    /// Copies the text.
    ///
    /// - Parameter space: room for `maxBytes`.
    /// - Returns: bytes of the text.
    @inline(__always)
    func write(to space: UnsafeMutableRawPointer) -> Int {
        space.storeBytes(of: words, as: InlineArray<6, UInt64>.self)
        return length
    }

    /// Lends the text.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        // SAFETY: this value's own bytes, during the call.
        withUnsafeBytes(of: words) { body(UnsafeRawBufferPointer(rebasing: $0[..<length])) }
    }

    /// The text.
    var text: String {
        withBytes { String(decoding: $0, as: UTF8.self) }
    }
}

extension PositionText {
    /// Reads a position: its epoch and place; nil for text of another form.
    static func read(_ text: some Collection<UInt8>) -> (epoch: UInt64, position: ChangePosition)? {
        let halves = text.split(
            separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, halves[0].count == 16 else { return nil }
        var epoch: UInt64 = 0
        for byte in halves[0] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): epoch = epoch << 4 | UInt64(byte - 0x30)
            case UInt8(ascii: "a")...UInt8(ascii: "f"): epoch = epoch << 4 | UInt64(byte - 0x57)
            default: return nil
            }
        }
        let numbers = halves[1].split(
            separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let sequence = decimal(numbers[0]) else { return nil }
        if numbers.count == 1 { return (epoch, ChangePosition(after: sequence)) }
        guard let passed = decimal(numbers[1]), passed > 0, sequence > 0,
            passed <= UInt64(UInt32.max)
        else { return nil }
        return (epoch, ChangePosition(after: sequence - 1, passed: Int(passed)))
    }

    /// A number without leading zeros that the store can give.
    static func decimal(_ digits: some Collection<UInt8>) -> UInt64? {
        guard (1...18).contains(digits.count), digits.count == 1 || digits.first != 0x30 else {
            return nil
        }
        var number: UInt64 = 0
        for byte in digits {
            guard (0x30...0x39).contains(byte) else { return nil }
            number = number * 10 + UInt64(byte - 0x30)
        }
        return number
    }
}
