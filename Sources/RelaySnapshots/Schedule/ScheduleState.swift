import CivilTime
import JSON
import Metrics
import System

/// What a schedule has done so far, and when it will do more: what `/admin/stat` and `/metrics` say.
struct ScheduleState {
    /// Tries at one kind of work, and when the next may be made.
    struct Attempts {
        private(set) var done = 0
        private(set) var failed = 0
        /// Why the last one failed, if it did.
        private(set) var failure: String?
        /// By the monotonic clock, in milliseconds.
        private var retryAt: Int64?

        mutating func succeed() {
            done += 1
            (failure, retryAt) = (nil, nil)
        }

        mutating func fail(_ failure: String, retryIn milliseconds: Int) {
            failed += 1
            self.failure = failure
            retryAt = SystemClock.monotonic.milliseconds + Int64(milliseconds)
        }

        /// When the next one is due: an interval behind the last, at once if there was none.
        func due(_ interval: Int, after last: Timestamp?, _ now: Timestamp) -> Timestamp {
            let due = last.map { $0.milliseconds + Int64(interval) } ?? now.milliseconds
            let wait = retryAt.map { max(0, $0 - SystemClock.monotonic.milliseconds) } ?? 0
            return Timestamp(milliseconds: max(due, now.milliseconds + wait))
        }
    }

    var snapshots = Attempts()
    var verifications = Attempts()
    var prunes = Attempts()
    /// Snapshots that were removed because no rule keeps them.
    var removed = 0
    var latest: SnapshotOutcome?
    /// When the last good one of the repository was made, whoever took it.
    var goodAt: Timestamp?
    /// When the latest was found right.
    var verifiedAt: Timestamp?
    /// When everything was last verified, whoever did it.
    var verificationAt: Timestamp?
    /// When the next snapshot is due.
    var nextAt = Timestamp.earliest
    /// When the next verification is due; nil if none is wanted, or nothing is there yet.
    var nextVerificationAt: Timestamp?

    /// Figures for `/metrics`.
    func figures(_ plan: SnapshotPlan) -> [Figure] {
        var figures = [
            Figure(
                nil, "relay_snapshots_taken", .counter(UInt64(snapshots.done)),
                "Snapshots that relayd has taken and verified."),
            Figure(
                nil, "relay_snapshot_failures", .counter(UInt64(snapshots.failed)),
                "Snapshots that failed."),
            Figure(
                nil, "relay_snapshot_interval_seconds", .gauge(UInt64(plan.interval)),
                in: .milliseconds, "Time between two snapshots, as it was asked for."),
            Figure(
                nil, "relay_snapshots_removed", .counter(UInt64(removed)),
                "Snapshots that relayd has removed because no rule keeps them."),
            Figure(
                nil, "relay_snapshot_prune_failures", .counter(UInt64(prunes.failed)),
                "Times that old snapshots could not be removed."),
            Figure(
                nil, "relay_snapshot_verifications", .counter(UInt64(verifications.done)),
                "Times that relayd has verified all snapshots and found everything right."),
            Figure(
                nil, "relay_snapshot_verification_failures",
                .counter(UInt64(verifications.failed)),
                "Verifications of all snapshots that found something wrong, or could not be done."),
        ]
        if let latest {
            figures.append(
                Figure(
                    nil, "relay_snapshot_duration_seconds", .gauge(UInt64(latest.milliseconds)),
                    in: .milliseconds, "Time that the last snapshot took."))
        }
        for (name, time, help) in [
            (
                "relay_snapshot_last_good_timestamp_seconds", goodAt,
                "When the last good snapshot was made, in seconds since 1970."
            ),
            (
                "relay_snapshot_last_verification_timestamp_seconds", verificationAt,
                "When a snapshot was last verified in full, in seconds since 1970."
            ),
        ] {
            guard let time else { continue }
            figures.append(
                Figure(
                    nil, name, .gauge(UInt64(max(0, time.milliseconds))), in: .milliseconds, help))
        }
        return figures
    }

    /// Member `snapshots`: `repository`, `taken`, `failed`, `removed`, and if there are any `latest`,
    /// `latestAt`, `addedBytes`, `storeGrewBy`, `milliseconds`, `verifiedAt`, `failure` (of the last one,
    /// if it failed), `pruneFailure`, `nextAt`, and `verification` with `done`, `failed`, `at`,
    /// `failure`, `nextAt` if one was asked for.
    func writeMembers(to writer: inout JSONWriter, _ path: String, _ plan: SnapshotPlan) {
        writer.name("snapshots")
        writer.beginObject()
        writer.member("repository", path)
        writer.member("taken", snapshots.done)
        writer.member("failed", snapshots.failed)
        writer.member("removed", removed)
        if let latest {
            writer.member("latest", latest.id)
            writer.member("latestAt", latest.manifest.createdAt)
            writer.member("addedBytes", latest.manifest.stored?.addedBytes ?? 0)
            writer.member("storeGrewBy", latest.growth)
            writer.member("milliseconds", latest.milliseconds)
            if let verifiedAt { writer.member("verifiedAt", verifiedAt) }
        }
        if let failure = snapshots.failure { writer.member("failure", failure) }
        if let failure = prunes.failure { writer.member("pruneFailure", failure) }
        // Before it has looked, it does not know.
        if nextAt > .earliest { writer.member("nextAt", nextAt) }
        if plan.verificationInterval != nil {
            writer.name("verification")
            writer.beginObject()
            writer.member("done", verifications.done)
            writer.member("failed", verifications.failed)
            if let verificationAt { writer.member("at", verificationAt) }
            if let failure = verifications.failure { writer.member("failure", failure) }
            if let nextVerificationAt { writer.member("nextAt", nextVerificationAt) }
            writer.endObject()
        }
        writer.endObject()
    }
}
