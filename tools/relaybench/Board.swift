import Synchronization

/// Where the threads of a run and the one that waits for them meet: a few times a second, never per
/// request.
final class Board: Sendable {
    /// Set to end the run early: the threads finish what is under way.
    let isStopped = Atomic<Bool>(false)
    /// Set by a thread that cannot reach the server any more.
    let isServerGone = Atomic<Bool>(false)
    /// Threads that have ended.
    let ended = Atomic<Int>(0)
    private let seconds = Mutex<[Second]>([])

    private struct Second {
        // SAFETY: reached only under the mutex.
        nonisolated(unsafe) let histogram: Histogram
        var errors = 0
    }

    /// Adds what a thread counted in one interval.
    func publish(_ index: Int, _ histogram: Histogram, errors: Int) {
        seconds.withLock { seconds in
            while seconds.count <= index {
                seconds.append(Second(histogram: Histogram(digits: Limits.intervalDigits)))
            }
            seconds[index].histogram.add(histogram)
            seconds[index].errors += errors
        }
    }

    /// All intervals so far.
    var intervals: [Interval] {
        seconds.withLock { $0.map { Board.interval($0) } }
    }

    /// The newest interval, and how many there are.
    var newest: (count: Int, interval: Interval)? {
        seconds.withLock { seconds in
            seconds.last.map { (seconds.count, Board.interval($0)) }
        }
    }

    private static func interval(_ second: Second) -> Interval {
        Interval(
            requests: second.histogram.count, errors: second.errors,
            p50: second.histogram.value(atPercentile: 50),
            p99: second.histogram.value(atPercentile: 99), max: second.histogram.max)
    }
}
