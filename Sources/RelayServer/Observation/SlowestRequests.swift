import JSON
import Synchronization
import System

/// The slowest answers of one loop, of this minute and of the one before. The loop adds, on its thread;
/// any thread may read. To add one allocates nothing.
final class SlowestRequests: Sendable {
    private struct State {
        var minute: Int64 = 0
        var present: [ObservedRequest] = []
        var before: [ObservedRequest] = []

        init() {
            // One more than are kept, for the moment in which one is added.
            present.reserveCapacity(Limits.slowestRequests + 1)
            before.reserveCapacity(Limits.slowestRequests + 1)
        }

        /// Begins another minute, if there is one.
        mutating func moveOn(to minute: Int64) {
            if minute == self.minute { return }
            if minute == self.minute + 1 {
                swap(&before, &present)
            } else {
                before.removeAll(keepingCapacity: true)
            }
            present.removeAll(keepingCapacity: true)
            self.minute = minute
        }
    }

    private let state = Mutex(State())
    private let least = Atomic<Int64>(Limits.slowMicroseconds)
    /// The minute that `least` is about.
    private let leastMinute = Atomic<Int64>(0)

    /// Microseconds that an answer has to take to be among them: more than `Limits.slowMicroseconds`, and
    /// more than the least of a minute that has as many as are kept.
    var threshold: Int64 {
        Self.minute == leastMinute.load(ordering: .relaxed)
            ? least.load(ordering: .relaxed) : Limits.slowMicroseconds
    }

    /// Adds one that took as long as `threshold`.
    func add(_ request: ObservedRequest) {
        let minute = Self.minute
        state.withLock { state in
            state.moveOn(to: minute)
            let place = state.present.firstIndex { $0.microseconds < request.microseconds }
            state.present.insert(request, at: place ?? state.present.count)
            if state.present.count > Limits.slowestRequests { state.present.removeLast() }
            let isFull = state.present.count == Limits.slowestRequests
            let last = state.present.last?.microseconds ?? 0
            least.store(isFull ? last + 1 : Limits.slowMicroseconds, ordering: .relaxed)
            leastMinute.store(minute, ordering: .relaxed)
        }
    }

    /// Those of the last minute or two, in no order.
    var all: [ObservedRequest] {
        let minute = Self.minute
        return state.withLock { state in
            state.moveOn(to: minute)
            return state.present + state.before
        }
    }

    /// Writes member `slowest`: the slowest of all loops, slowest first.
    static func write(_ requests: [ObservedRequest], to json: inout JSONWriter) {
        json.name("slowest")
        json.beginArray()
        let sorted = requests.sorted { $0.microseconds > $1.microseconds }
        for request in sorted.prefix(Limits.slowestRequests) { request.write(to: &json) }
        json.endArray()
    }

    private static var minute: Int64 { SystemClock.coarse.milliseconds / 60_000 }
}
