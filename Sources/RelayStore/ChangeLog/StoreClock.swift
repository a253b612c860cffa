import System

/// Where a store takes the time from: the machine's clocks, unless a test brings its own.
public struct StoreClock: Sendable {
    /// Milliseconds since 1970 as the machine has them: they may be wrong, and jump either way.
    public var now: @Sendable () -> Int64
    /// Milliseconds on a clock that nobody sets. Only how far two readings are apart means anything.
    public var elapsed: @Sendable () -> Int64

    /// A clock of two readings.
    public init(now: @escaping @Sendable () -> Int64, elapsed: @escaping @Sendable () -> Int64) {
        self.now = now
        self.elapsed = elapsed
    }

    /// The machine's: CLOCK_REALTIME, and CLOCK_MONOTONIC for what nobody sets.
    public static let system = StoreClock(
        now: { SystemClock.wall.milliseconds }, elapsed: { SystemClock.monotonic.milliseconds })
}
