import RelayStore
import Synchronization
import System

/// Notes in the store on which day a key was used last: a write for each day and key, some time after
/// its first request.
final class KeyUseNotes: Sendable {
    private struct Noted {
        var requests: UInt64 = 0
        var day: Int64 = .min
    }

    private let state: ServiceState
    private let writer: Writer
    private let noted = Mutex([UInt64: Noted]())
    private let due = Atomic<Int64>(SystemClock.monotonic.milliseconds + Limits.keyUseInterval)

    init(_ state: ServiceState, _ writer: Writer) {
        self.state = state
        self.writer = writer
    }

    /// Looks which keys were used, if it has not for a while.
    func lookIfDue() {
        let now = SystemClock.monotonic.milliseconds
        if now < due.load(ordering: .relaxed) { return }
        due.store(now + Limits.keyUseInterval, ordering: .relaxed)
        look()
    }

    /// Has the writer note the keys that were used since the last look, and not before on this day.
    func look() {
        let day = SystemClock.wall.milliseconds / 86_400_000
        let requests = state.keyRequests
        let used = noted.withLock { noted -> [UInt64] in
            var used: [UInt64] = []
            // 0 stands for keys that are not counted apart.
            for (id, count) in requests where id > 0 {
                let before = noted[id] ?? Noted()
                if count == before.requests { continue }
                noted[id] = Noted(requests: count, day: day)
                if before.day != day { used.append(id) }
            }
            return used
        }
        if used.isEmpty { return }
        // What finds no room is noted on another day.
        _ = writer.submit(PendingCommand(NoteKeyUse(of: used, day: day)) { _ in })
    }
}
