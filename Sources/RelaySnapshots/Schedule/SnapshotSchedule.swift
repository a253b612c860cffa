import CivilTime
import JSON
import Logs
import Metrics
import RelayStore
import Synchronization
import System

/// Adds a snapshot to a repository at intervals, and looks after it, from a thread of its own beside
/// what serves.
///
/// The intervals count from what the repository has, whoever did it: the last good snapshot, the last
/// full verification. So a restart neither skips nor repeats one. Each snapshot is verified. What fails
/// is said and tried again; it never ends what serves.
public final class SnapshotSchedule: Sendable {
    private let store: Store
    private let path: String
    private let key: RepositoryKey
    private let plan: SnapshotPlan
    private let options: SnapshotOptions
    private let log: Log
    private let cancellation = Cancellation()
    private let thread = Mutex<BackgroundThread?>(nil)
    private let state = Mutex(ScheduleState())
    private let bell = Bell()

    /// - Parameters:
    ///   - repository: where; there must be one.
    ///   - key: what opens it, if it is encrypted.
    ///   - log: told of each thing that was done or failed.
    public init(
        _ store: Store, into repository: String, _ key: RepositoryKey = .none, _ plan: SnapshotPlan,
        _ options: SnapshotOptions, log: Log
    ) throws(SnapshotError) {
        precondition(plan.interval > 0, "an interval has a length")
        self.store = store
        path = repository
        self.key = key
        self.plan = plan
        self.options = options
        self.log = log
        // What cannot work at all is said at the start, not an hour later.
        _ = try Repository(repository, key)
    }

    /// Begins.
    public func start() throws(SnapshotError) {
        do throws(ThreadError) {
            let made = try BackgroundThread { [self] in run() }
            thread.withLock { $0 = made }
        } catch {
            throw .store(.noThread(error))
        }
    }

    /// Asks a snapshot that is under way to end, which leaves nothing behind; does not wait for it.
    public func cancel() {
        cancellation.request()
        bell.ring()
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
            look()
            let (snapshotAt, verificationAt) = state.withLock { ($0.nextAt, $0.nextVerificationAt) }
            let now = Timestamp.now
            if snapshotAt <= now {
                performing { takeOne() }
            } else if let verificationAt, verificationAt <= now {
                performing { verifyAll() }
            } else {
                let next = min(snapshotAt, verificationAt ?? snapshotAt)
                let left = next.milliseconds - now.milliseconds
                // Not for long at once: the clock may be set meanwhile.
                _ = bell.waitForRing(milliseconds: min(left, Limits.sleepMilliseconds))
            }
        }
    }

    private func performing(_ body: () -> Void) {
        body()
        // What it took lies in an arena of this thread, which waits now.
        Heap.trim()
    }

    /// Finds out when something is due: an interval after the last one that the repository knows of,
    /// and not before a failure has had time to pass. A time that has not come yet is no time of a
    /// snapshot, nor of a verification.
    private func look() {
        let now = Timestamp.now
        var (snapshot, verification): (Timestamp?, Timestamp?)
        var hasSnapshots = false
        // What cannot be read now is told by the snapshot that is due then.
        if let repository = try? Repository(path, key), let all = try? repository.ordered() {
            for stored in all {
                guard !stored.isAhead, let manifest = stored.manifest else { continue }
                hasSnapshots = true
                guard let record = try? repository.verification(stored.id) else { continue }
                if !record.isDamaged { snapshot = max(snapshot ?? .earliest, manifest.createdAt) }
                for time in [record.fullAt, record.damagedAt] {
                    guard let time, time <= now else { continue }
                    verification = max(verification ?? .earliest, time)
                }
            }
        }
        let interval = hasSnapshots ? plan.verificationInterval : nil
        state.withLock { state in
            state.goodAt = snapshot
            state.verificationAt = verification
            state.nextAt = state.snapshots.due(plan.interval, after: snapshot, now)
            state.nextVerificationAt = interval.map {
                state.verifications.due($0, after: verification, now)
            }
        }
    }

    private func takeOne() {
        do throws(SnapshotError) {
            let progress = WorkProgress(cancellation: cancellation)
            let repository = try Repository(path, key)
            let outcome = try repository.take(store, options, progress)
            // What counts is what the disk has: all sums are compared.
            let id = String(outcome.id.dropFirst(repository.path.count + 1))
            let report = try repository.verify(id, .quick, progress)
            guard report.isSound else { throw .damaged(findings: report.findings) }
            state.withLock { state in
                state.snapshots.succeed()
                state.latest = outcome
                state.verifiedAt = .now
                state.goodAt = outcome.manifest.createdAt
            }
            log.write(
                .info, "snapshot_done",
                "snapshot \(outcome.id): \(outcome.manifest.stored?.addedBytes ?? 0) bytes added "
                    + "in \(outcome.milliseconds) ms, in which the store grew by "
                    + "\(outcome.growth) bytes")
        } catch .cancelled {
            return
        } catch {
            let pause = pause(after: error, plan.interval)
            state.withLock { $0.snapshots.fail("\(error)", retryIn: pause) }
            log.write(.error, "snapshot_failed", "snapshot failed: \(error)")
            return
        }
        if !plan.retention.isEmpty { prune() }
    }

    /// Removes what no rule keeps. Only ever behind a snapshot that is good.
    private func prune() {
        do throws(SnapshotError) {
            let outcome = try Repository(path, key).prune(
                plan.retention, WorkProgress(cancellation: cancellation))
            state.withLock { state in
                state.prunes.succeed()
                state.removed += outcome.removed.count
            }
            for warning in outcome.warnings { log.write(.warning, "prune_warning", warning) }
            if outcome.removed.isEmpty { return }
            log.write(
                .info, "prune_done",
                "prune of \(path): \(outcome.removed.count) removed, which no rule keeps, "
                    + "\(outcome.kept.count) kept, \(outcome.freedBytes) bytes freed")
        } catch .cancelled {
            return
        } catch {
            // The next snapshot is the next try.
            state.withLock { $0.prunes.fail("\(error)", retryIn: 0) }
            log.write(.error, "prune_failed", "prune of \(path) failed: \(error)")
        }
    }

    /// Compares all sums of the repository, and looks at everything in its newest snapshot.
    private func verifyAll() {
        let start = SystemClock.monotonic.milliseconds
        do throws(SnapshotError) {
            let progress = WorkProgress(cancellation: cancellation)
            let repository = try Repository(path, key)
            var report = try repository.verifyAll(.quick, progress)
            if let newest = try repository.ordered().last(where: {
                !$0.isAhead && $0.manifest != nil
            }) {
                report.add(try repository.verify(newest.id, .full, progress).naming(newest.id))
            }
            guard report.isSound else { throw .damaged(findings: report.findings) }
            state.withLock { state in
                state.verifications.succeed()
                state.verificationAt = .now
            }
            let milliseconds = SystemClock.monotonic.milliseconds - start
            log.write(
                .info, "verification_done",
                "snapshots of \(path) verified: everything is right, in \(milliseconds) ms")
        } catch .cancelled {
            return
        } catch {
            let pause = pause(after: error, plan.verificationInterval ?? plan.interval)
            state.withLock { $0.verifications.fail("\(error)", retryIn: pause) }
            log.write(
                .error, "verification_failed",
                "verification of the snapshots of \(path) failed: \(error)")
        }
    }

    /// How long to wait behind a failure. What is damaged still is in a minute, and to find that out all
    /// of it is read.
    private func pause(after error: SnapshotError, _ interval: Int) -> Int {
        switch error {
        case .damagedStore, .damaged: interval
        default: min(Limits.retryMilliseconds, interval)
        }
    }

    /// What `/metrics` says of it.
    public var figures: [Figure] { state.withLock { $0 }.figures(plan) }

    /// Member `snapshots` of `/admin/stat`.
    public func writeMembers(to writer: inout JSONWriter) {
        state.withLock { $0 }.writeMembers(to: &writer, path, plan)
    }

    /// When the repository's newest good snapshot was made, whoever took it.
    public var newestGoodAt: Timestamp? { state.withLock { $0.goodAt } }
}
