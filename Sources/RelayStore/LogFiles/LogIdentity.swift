/// What tells a log from every other one: random, drawn when a store begins to write to it, or when hosts
/// begin to share it.
public struct LogIdentity: Equatable, Sendable {
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    /// A new one.
    public static var random: LogIdentity {
        LogIdentity(high: .random(in: 1 ... .max), low: .random(in: 1 ... .max))
    }
}

extension LogIdentity: LosslessStringConvertible {
    /// 32 hex digits.
    public var description: String { high.hexDigits + low.hexDigits }

    /// Reads `description`.
    public init?(_ description: String) {
        guard description.utf8.count == 32,
            description.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let high = UInt64(description.prefix(16), radix: 16),
            let low = UInt64(description.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }
}
