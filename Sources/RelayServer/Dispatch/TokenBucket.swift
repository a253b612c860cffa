import RelayStore
import Synchronization

/// How much of a rate is used up, for all threads that ask.
///
/// One word says when the bucket is full again: the generic cell rate algorithm. Taking is one exchange
/// of that word, so it is exact whoever takes at the same time. In no stretch of time are more let
/// through than the burst and what the rate gives in it, and none is refused while there is one left.
struct TokenBucket: ~Copyable {
    /// Nanoseconds that a token takes to come; 0 where there is no limit.
    private let interval: Int64
    /// How far ahead of now the bucket may be full again, with a token left.
    private let slack: Int64
    /// On the monotonic clock.
    private let full = Atomic<Int64>(0)

    /// A full bucket.
    init(_ rate: RequestRate?) {
        interval = rate?.interval ?? 0
        slack = rate.map { Int64($0.burst - 1) * $0.interval } ?? 0
    }

    /// Whether there is a limit.
    var isLimited: Bool { interval > 0 }

    /// Takes a token.
    ///
    /// - Parameter now: nanoseconds on the monotonic clock.
    /// - Returns: nanoseconds until there is one; 0 if it was taken.
    func take(at now: Int64) -> Int64 {
        if interval == 0 { return 0 }
        var full = full.load(ordering: .relaxed)
        while true {
            let start = max(full, now)
            let wait = start - now - slack
            if wait > 0 { return wait }
            let (isTaken, current) = self.full.weakCompareExchange(
                expected: full, desired: start + interval, ordering: .relaxed)
            if isTaken { return 0 }
            full = current
        }
    }

    /// Gives one back that was taken for nothing.
    func giveBack() { full.subtract(interval, ordering: .relaxed) }
}
