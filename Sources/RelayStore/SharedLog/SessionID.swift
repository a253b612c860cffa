/// What tells one run of a host's relayd from every other one: random, drawn at its start.
struct SessionID: Equatable, Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    /// A new one.
    static var random: SessionID {
        SessionID(high: .random(in: 1 ... .max), low: .random(in: 1 ... .max))
    }

    /// Its 16 bytes.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(word: high)
        bytes.append(word: low)
        return bytes
    }

    init(_ bytes: RawSpan) { self.init(high: bytes.word(at: 0), low: bytes.word(at: 8)) }
}

extension SessionID: CustomStringConvertible {
    /// 32 hex digits.
    var description: String { high.hexDigits + low.hexDigits }
}
