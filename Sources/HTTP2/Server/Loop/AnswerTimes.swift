import Metrics
import System

/// Times the answers of a loop, with one reading of the clock for all that a connection is sent
/// together.
struct AnswerTimes {
    private struct Entry {
        var series: Int
        var completeAt: Int64
    }

    /// What was timed; other threads read it.
    let counters: RequestCounters
    // SAFETY: as long as the loop, which frees it in `deallocate`.
    private let entries: UnsafeMutablePointer<Entry>
    private var count = 0

    init(kinds: Int) {
        counters = RequestCounters(kinds: kinds)
        // SAFETY: see above.
        entries = .allocate(capacity: Limits.answersPerRound)
    }

    /// Whether answers wait to be timed.
    @inline(__always)
    var isPending: Bool { count > 0 }

    /// Notes an answer that is about to be sent.
    @inline(__always)
    mutating func note(_ stream: Stream) {
        if count == Limits.answersPerRound { settle() }
        entries[count] = Entry(
            series: RequestCounters.series(Int(stream.kind), status: stream.status),
            completeAt: stream.completeAt)
        count += 1
    }

    /// Counts what was noted: it has been sent, as far as the socket takes it.
    mutating func settle() {
        let now = SystemClock.monotonic.microseconds
        for index in 0..<count {
            counters.record(
                entries[index].series, microseconds: now - entries[index].completeAt)
        }
        count = 0
    }

    /// Returns the memory; nothing may be counted or read afterwards.
    func deallocate() {
        counters.deallocate()
        entries.deallocate()
    }
}
