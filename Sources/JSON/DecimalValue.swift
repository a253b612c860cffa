/// The exact value of a number's decimal text: what two texts are compared by.
struct DecimalValue: Equatable {
    private var isNegative = false
    /// Significant digits, 0…9, without zeros at either end; none for zero.
    private var digits: [UInt8] = []
    /// The value is 0.d₁d₂d₃… × 10^exponent.
    private var exponent = 0

    /// Larger exponents are all alike: no double has one.
    private static let largestExponent = 1 << 32

    /// - Parameter text: a number as JSON writes it, or Swift.
    init(_ text: some Sequence<UInt8>) {
        var point: Int?
        var power = 0
        var isPower = false
        var isPowerNegative = false
        for byte in text {
            switch byte {
            case UInt8(ascii: "-"): if isPower { isPowerNegative = true } else { isNegative = true }
            case UInt8(ascii: "."): point = digits.count
            case UInt8(ascii: "e"), UInt8(ascii: "E"): isPower = true
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let digit = byte - UInt8(ascii: "0")
                if isPower {
                    power = min(power * 10 + Int(digit), Self.largestExponent)
                } else {
                    digits.append(digit)
                }
            default: break
            }
        }
        exponent = (point ?? digits.count) + (isPowerNegative ? -power : power)
        let zeros = digits.prefix { $0 == 0 }.count
        digits.removeFirst(zeros)
        exponent -= zeros
        while digits.last == 0 { digits.removeLast() }
        if digits.isEmpty { (isNegative, exponent) = (false, 0) }
    }

    /// Whether a double keeps a number: written in its shortest form it says the same.
    static func isKept(_ text: some Sequence<UInt8>, by double: Double) -> Bool {
        double.isFinite && DecimalValue(text) == DecimalValue(double.description.utf8)
    }
}
