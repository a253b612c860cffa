import Metrics
import System

/// Times the answers of a loop, with one reading of the clock for all that a connection is sent
/// together.
struct AnswerTimes {
    private struct Entry {
        var series: Int
        var completeAt: Int64
        var stream: Stream
        var generation: UInt64
    }

    /// What was timed; other threads read it.
    let counters: RequestCounters
    // SAFETY: as long as the loop, which frees it in `deallocate`.
    private let entries: UnsafeMutablePointer<Entry>
    private var count = 0
    /// See `Application.observedFrom`.
    private(set) var observedFrom: Int64

    init(_ application: Application) {
        counters = RequestCounters(kinds: application.requestKinds)
        observedFrom = application.observedFrom
        // SAFETY: see above.
        entries = .allocate(capacity: Limits.answersPerRound)
    }

    /// Whether answers wait to be timed.
    @inline(__always)
    var isPending: Bool { count > 0 }

    /// Notes an answer that is about to be sent.
    @inline(__always)
    mutating func note(_ stream: Stream) {
        if count == Limits.answersPerRound { settle(stream.connection!.loop) }
        entries[count] = Entry(
            series: RequestCounters.series(Int(stream.kind), status: stream.status),
            completeAt: stream.completeAt, stream: stream, generation: stream.generation)
        count += 1
    }

    /// Counts what was noted: it has been sent, as far as the socket takes it.
    mutating func settle(_ loop: Loop) {
        let now = SystemClock.monotonic.microseconds
        for index in 0..<count {
            let microseconds = now - entries[index].completeAt
            counters.record(entries[index].series, microseconds: microseconds)
            if microseconds >= observedFrom { observe(entries[index], microseconds, loop) }
        }
        count = 0
    }

    /// Asks the application again what it wants to see.
    mutating func renew(_ application: Application) { observedFrom = application.observedFrom }

    /// Has the application look at an answer, now or when its stream has ended.
    @inline(never)
    private mutating func observe(_ entry: Entry, _ microseconds: Int64, _ loop: Loop) {
        let stream = entry.stream
        if stream.generation == entry.generation {
            if stream.body.remaining > 0 || stream.body.hasMore {
                stream.isObserved = true
                return
            }
        } else if stream.phase != .free || stream.endedGeneration != entry.generation {
            // Its slot holds another request by now.
            return
        }
        let application = loop.owner.application
        application.observe(Exchange(stream: stream), microseconds: microseconds)
        renew(application)
    }

    /// A stream ends whose answer was not sent at once, or that has none.
    @inline(never)
    mutating func streamEnded(_ stream: Stream, _ application: Application) {
        let isUnanswered = stream.status == 0 && observedFrom == 0
        guard stream.completeAt > 0, stream.isObserved || isUnanswered else { return }
        let microseconds = SystemClock.monotonic.microseconds - stream.completeAt
        application.observe(Exchange(stream: stream), microseconds: microseconds)
        renew(application)
    }

    /// Returns the memory; nothing may be counted or read afterwards.
    func deallocate() {
        counters.deallocate()
        entries.deallocate()
    }
}
