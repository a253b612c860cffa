import CLinux
import CivilTime
import Glibc
import JSON
import Metrics
import RelayStore
import Synchronization
import System

/// Adds a snapshot to a repository at intervals, from a thread of its own beside what serves.
///
/// The interval counts from the last good snapshot that the repository has, whoever took it, so a
/// restart neither skips nor repeats one. Each one is verified. What fails is said and tried again; it
/// never ends what serves.
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
        /// When the last good one of the repository was made, whoever took it.
        var goodAt: Timestamp?
        /// When the latest was found right.
        var verifiedAt: Timestamp?
        var failure: String?
        /// By the monotonic clock, in milliseconds.
        var retryAt: Int64?
        var next: Timestamp?
    }

    /// - Parameters:
    ///   - repository: where; there must be one.
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
        _ = try Repository(repository)
    }

    deinit {
        close(wake.read)
        close(wake.write)
    }

    /// Begins.
    public func start() {
        thread.withLock { $0 = BackgroundThread { [self] in run() } }
    }

    /// Asks a snapshot that is under way to end, which leaves nothing behind; does not wait for it.
    public func cancel() {
        cancellation.request()
        _ = write(wake.write, [1], 1)
    }

    /// Cancels, and waits for the end of the thread.
    public func stop() {
        cancel()
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }

    private func run() {
        while !cancellation.isRequested {
            let left = nextTime().milliseconds - Timestamp.now.milliseconds
            if left <= 0 {
                takeOne()
            } else {
                // Not for long at once: the clock may be set meanwhile.
                var descriptor = pollfd(fd: wake.read, events: Int16(POLLIN), revents: 0)
                poll(&descriptor, 1, Int32(min(left, Limits.sleepMilliseconds)))
            }
        }
    }

    /// When the next snapshot is due: an interval after the last good one, whoever took it, and not
    /// before a failure has had time to pass. A time that has not come yet is no time of a snapshot.
    private func nextTime() -> Timestamp {
        let now = Timestamp.now.milliseconds
        var due = now
        if let repository = try? Repository(path) {
            let last = repository.ordered().compactMap { snapshot -> Int64? in
                guard !snapshot.isAhead, let manifest = snapshot.manifest,
                    !repository.verification(snapshot.id).isDamaged
                else { return nil }
                return manifest.createdAt.milliseconds
            }.max()
            if let last { due = last + Int64(interval) }
            state.withLock { $0.goodAt = last.map { Timestamp(milliseconds: $0) } }
        }
        let retry = state.withLock { $0.retryAt }
        let wait = retry.map { max(0, $0 - SystemClock.monotonic.milliseconds) } ?? 0
        let next = Timestamp(milliseconds: max(due, now + wait))
        state.withLock { $0.next = next }
        return next
    }

    private func takeOne() {
        // What it took lies in an arena of this thread, which waits now.
        defer { Heap.trim() }
        do throws(SnapshotError) {
            let progress = WorkProgress(cancellation: cancellation)
            let repository = try Repository(path)
            let outcome = try repository.take(store, options, progress)
            // What counts is what the disk has: all sums are compared.
            let id = String(outcome.id.dropFirst(repository.path.count + 1))
            let report = try repository.verify(id, .quick, progress)
            guard report.isSound else { throw .damaged(findings: report.findings) }
            state.withLock { state in
                state.taken += 1
                state.latest = outcome
                state.verifiedAt = .now
                state.goodAt = outcome.manifest.createdAt
                state.failure = nil
                state.retryAt = nil
            }
            log(
                "snapshot \(outcome.id): \(outcome.manifest.stored?.addedBytes ?? 0) bytes added "
                    + "in \(outcome.milliseconds) ms, in which the store grew by "
                    + "\(outcome.growth) bytes")
        } catch .cancelled {
            return
        } catch {
            fail(error)
        }
    }

    private func fail(_ error: SnapshotError) {
        // A store that is damaged still is in a minute, and to find that out all of it is read.
        let isLasting =
            switch error {
            case .damagedStore, .damaged: true
            default: false
            }
        let pause = isLasting ? interval : min(Limits.retryMilliseconds, interval)
        state.withLock { state in
            state.failed += 1
            state.failure = "\(error)"
            state.retryAt = SystemClock.monotonic.milliseconds + Int64(pause)
        }
        log("snapshot failed: \(error)")
    }

    /// What `/metrics` says of it.
    public var figures: [Figure] {
        let state = state.withLock { $0 }
        var figures = [
            Figure(
                nil, "relay_snapshots_taken", .counter(UInt64(state.taken)),
                "Snapshots that relayd has taken and verified."),
            Figure(
                nil, "relay_snapshot_failures", .counter(UInt64(state.failed)),
                "Snapshots that failed."),
            Figure(
                nil, "relay_snapshot_interval_seconds", .gauge(UInt64(interval)),
                in: .milliseconds, "Time between two snapshots, as it was asked for."),
        ]
        if let goodAt = state.goodAt {
            figures.append(
                Figure(
                    nil, "relay_snapshot_last_good_timestamp_seconds",
                    .gauge(UInt64(max(0, goodAt.milliseconds))), in: .milliseconds,
                    "When the last good snapshot was made, in seconds since 1970."))
        }
        if let latest = state.latest {
            figures.append(
                Figure(
                    nil, "relay_snapshot_duration_seconds", .gauge(UInt64(latest.milliseconds)),
                    in: .milliseconds, "Time that the last snapshot took."))
        }
        return figures
    }

    /// Member `snapshots`: `repository`, `taken`, `failed`, and if there are any `latest`,
    /// `latestAt`, `addedBytes`, `storeGrewBy`, `milliseconds`, `verifiedAt`, `failure` (of the last one, if it
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
            if let verifiedAt = state.verifiedAt { writer.member("verifiedAt", verifiedAt) }
        }
        if let failure = state.failure { writer.member("failure", failure) }
        if let next = state.next { writer.member("nextAt", next) }
        writer.endObject()
    }
}
