/// What tells a log from every other one: random, drawn when a store begins to write to it.
struct LogIdentity: Equatable, Sendable {
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    /// A new one.
    static var random: LogIdentity {
        LogIdentity(high: .random(in: 1 ... .max), low: .random(in: 1 ... .max))
    }
}
