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
    private let state: Mutex<State>

    private struct State: ~Copyable {
        /// Seconds that all threads have left behind: a line of figures each.
        var past: [Interval] = []
        /// Seconds that a thread may still add to.
        var open: [Second] = []
        /// Histograms to use again: a run holds as many as threads are seconds apart.
        var spare: [Histogram] = []
        /// The second that each thread is in.
        var current: [Int]
        /// What each thread counted until a moment ago, by scenario.
        var kept: [Copy]

        init(threads: Int) {
            current = .init(repeating: 0, count: threads)
            kept = .init(repeating: Copy(tallies: []), count: threads)
        }

        /// Keeps the figures of seconds that all threads have left, and not their histograms.
        mutating func closePast() {
            while let first = open.first, past.count < current.min() ?? 0 {
                past.append(first.interval(isEncoded: true))
                first.histogram.reset()
                spare.append(first.histogram)
                open.removeFirst()
            }
        }
    }

    private struct Copy: Sendable {
        // SAFETY: nobody counts in a copy; it is only read.
        nonisolated(unsafe) let tallies: [Tally]
    }

    private struct Second {
        // SAFETY: reached only under the mutex.
        nonisolated(unsafe) let histogram: Histogram
        var errors = 0
        var waiting: Int64 = 0

        func interval(isEncoded: Bool) -> Interval {
            Interval(histogram, errors: errors, waiting: waiting, isEncoded: isEncoded)
        }
    }

    init(threads: Int) { state = Mutex(State(threads: threads)) }

    /// Adds what a thread counted in one interval, and ends that interval for the thread.
    func publish(
        _ index: Int, by thread: Int, _ histogram: Histogram, errors: Int, waiting: Int64
    ) {
        state.withLock { state in
            state.current[thread] = index + 1
            // The end of a thread is no second of its own.
            if histogram.count == 0, waiting == 0 { return state.closePast() }
            while state.past.count + state.open.count <= index {
                let histogram = state.spare.popLast() ?? Histogram(digits: Limits.intervalDigits)
                state.open.append(Second(histogram: histogram))
            }
            let offset = index - state.past.count
            state.open[offset].histogram.add(histogram)
            state.open[offset].errors += errors
            state.open[offset].waiting = max(state.open[offset].waiting, waiting)
            state.closePast()
        }
    }

    /// All intervals so far.
    var intervals: [Interval] {
        state.withLock { state in state.past + state.open.map { $0.interval(isEncoded: true) } }
    }

    /// The newest interval.
    var newest: Interval? {
        state.withLock { state in state.open.last?.interval(isEncoded: false) ?? state.past.last }
    }

    /// Histograms that are held: bounded however long the run.
    var histograms: Int { state.withLock { state in state.open.count + state.spare.count } }

    // MARK: Thresholds during the run

    /// Keeps a copy of what a thread has counted so far.
    func keep(_ tallies: [Tally], of thread: Int) {
        let copy = Copy(
            tallies: tallies.map { tally in
                let copy = Tally()
                copy.add(tally)
                return copy
            })
        state.withLock { $0.kept[thread] = copy }
    }

    /// What all threads have counted until a moment ago, by scenario; empty before the first time.
    func soFar() -> [Tally] {
        let copies = state.withLock { $0.kept }.filter { !$0.tallies.isEmpty }
        guard let first = copies.first else { return [] }
        return first.tallies.indices.map { index in
            let sum = Tally()
            for copy in copies { sum.add(copy.tallies[index]) }
            return sum
        }
    }
}
