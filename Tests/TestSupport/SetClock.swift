import RelayStore
import Synchronization

/// A clock that a test sets: what it says, and how much time passes.
public final class SetClock: Sendable {
    private let readings: Mutex<(now: Int64, elapsed: Int64)>

    /// A clock that says so many milliseconds since 1970.
    public init(_ now: Int64) { readings = Mutex((now, 0)) }

    /// Lets time pass, which the clock sees.
    public func pass(_ milliseconds: Int64) {
        readings.withLock {
            $0.now += milliseconds
            $0.elapsed += milliseconds
        }
    }

    /// Sets the clock, ahead or back; no time passes.
    public func jump(_ milliseconds: Int64) { readings.withLock { $0.now += milliseconds } }

    /// What it says.
    public var now: Int64 { readings.withLock { $0.now } }

    /// How stores read it.
    public var clock: StoreClock {
        StoreClock(
            now: { [self] in now }, elapsed: { [self] in readings.withLock { $0.elapsed } })
    }

    /// Options of a store in memory that reads it.
    public var options: StoreOptions {
        StoreOptions(durability: .mayCorruptStore, clock: clock)
    }
}
