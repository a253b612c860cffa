import Glibc

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
        now: { read(CLOCK_REALTIME) }, elapsed: { read(CLOCK_MONOTONIC) })

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
