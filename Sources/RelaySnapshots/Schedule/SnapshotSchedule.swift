import CLinux
import CivilTime
import Glibc
import JSON
import RelayStore
import Synchronization
import System

/// Adds a snapshot to a repository at intervals, from a thread of its own beside what serves.
///
/// The interval counts from the newest snapshot that the repository has, whoever took it, so a
/// restart neither skips nor repeats one. What fails is said and tried again; it never ends what
/// serves.
public final class SnapshotSchedule: Sendable {
    private let store: Store
    private let path: String
    private let interval: Int
    private let options: SnapshotOptions
    private let log: @Sendable (String) -> Void
    private let cancellation = Cancellation()
    private let thread = Mutex<BackgroundThread?>(nil)
    private let state = Mutex(State())
    /// A byte in it ends the wait.
    private let wake: (read: Int32, write: Int32)

    /// What `/admin/stat` says of it.
    private struct State {
        var taken = 0
        var failed = 0
        var latest: SnapshotOutcome?
        var failure: String?
        var next: Timestamp?
    }

    /// - Parameters:
    ///   - repository: where; made if there is none.
    ///   - interval: milliseconds between two snapshots.
    ///   - log: told a line of each one that was taken or failed.
    public init(
        _ store: Store, into repository: String, every interval: Int,
        _ options: SnapshotOptions, log: @escaping @Sendable (String) -> Void
    ) throws(SnapshotError) {
        precondition(interval > 0, "an interval has a length")
        self.store = store
        path = repository
        self.interval = interval
        self.options = options
        self.log = log
        var ends: [Int32] = [-1, -1]
        guard relay_pipe(&ends) == 0 else {
            throw .system(call: "pipe", path: repository, errno: errno)
        }
        wake = (ends[0], ends[1])
        // What cannot work at all is said at the start, not an hour later.
        _ = try Repository(creating: repository)
    }

    deinit {
        close(wake.read)
        close(wake.write)
    }

    /// Begins.
    public func start() {
        thread.withLock { $0 = BackgroundThread { [self] in run() } }
    }

    /// Ends a snapshot that is under way, which leaves nothing behind, and then the thread.
    public func stop() {
        cancellation.request()
        _ = write(wake.write, [1], 1)
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }

    private func run() {
        while wait(until: nextTime()) { takeOne() }
    }

    /// When the next snapshot is due.
    private func nextTime() -> Timestamp {
        let now = Timestamp.now.milliseconds
        var due = now
        if let repository = try? Repository(path), let id = repository.ids().last,
            let newest = try? repository.manifest(id)
        {
            due = newest.createdAt.milliseconds + Int64(interval)
        }
        if state.withLock({ $0.failure != nil }) {
            due = max(due, now + Int64(min(Limits.retryMilliseconds, interval)))
        }
        // A clock that was set back must not stop snapshots for long.
        let next = Timestamp(milliseconds: min(due, now + Int64(interval)))
        state.withLock { $0.next = next }
        return next
    }

    /// Waits; false when the schedule ends.
    private func wait(until time: Timestamp) -> Bool {
        while !cancellation.isRequested {
            let left = time.milliseconds - Timestamp.now.milliseconds
            if left <= 0 { return true }
            var descriptor = pollfd(fd: wake.read, events: Int16(POLLIN), revents: 0)
            poll(&descriptor, 1, Int32(min(left, Limits.sleepMilliseconds)))
        }
        return false
    }

    private func takeOne() {
        do throws(SnapshotError) {
            let outcome = try Repository(creating: path).take(
                store, options, WorkProgress(cancellation: cancellation))
            state.withLock { state in
                state.taken += 1
                state.latest = outcome
                state.failure = nil
            }
            log(
                "snapshot \(outcome.id): \(outcome.manifest.stored?.addedBytes ?? 0) bytes added "
                    + "in \(outcome.milliseconds) ms")
        } catch .cancelled {
            return
        } catch {
            state.withLock { state in
                state.failed += 1
                state.failure = "\(error)"
            }
            log("snapshot failed: \(error)")
        }
    }

    /// Member `snapshots`: `repository`, `taken`, `failed`, and if there are any `latest`,
    /// `latestAt`, `addedBytes`, `storeGrewBy`, `milliseconds`, `failure` (of the last one, if it
    /// failed) and `nextAt`.
    public func writeMembers(to writer: inout JSONWriter) {
        let state = state.withLock { $0 }
        writer.name("snapshots")
        writer.beginObject()
        writer.member("repository", path)
        writer.member("taken", state.taken)
        writer.member("failed", state.failed)
        if let latest = state.latest {
            writer.member("latest", latest.id)
            writer.member("latestAt", latest.manifest.createdAt)
            writer.member("addedBytes", latest.manifest.stored?.addedBytes ?? 0)
            writer.member("storeGrewBy", latest.growth)
            writer.member("milliseconds", latest.milliseconds)
        }
        if let failure = state.failure { writer.member("failure", failure) }
        if let next = state.next { writer.member("nextAt", next) }
        writer.endObject()
    }
}
