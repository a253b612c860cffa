import Synchronization
import System

/// What the writer's thread tells a follower, and what other hosts tell it.
extension LogFollower {
    func completed(
        _ sequence: UInt64, _ message: LogMessage, _ byteCount: Int,
        _ result: Result<ReplicatedMessage.Applied, StoreError>
    ) {
        var differs = false
        var stop: ReplicaStop?
        /// Why it stands, when that has become another reason.
        var standing: StoreError??
        state.withLock { state in
            state.ended(byteCount)
            switch result {
            case .success(let applied):
                if state.isStanding { standing = .some(nil) }
                state.isStanding = false
                state.applied = applied.state
                state.compareWithLast()
                if !applied.isAdmitted { state.figures.skipped += 1 }
                if message.session != publisher.session {
                    differs = state.others.compare(message.base, of: message.host)
                } else if applied.admission == .over {
                    stop = .sessionOver(sequence: sequence, host: message.host)
                }
                state.others.note(applied.state)
            case .failure(let error):
                // Those behind the first one fail because of it.
                if !state.hasFailed {
                    if error.isLasting {
                        stop = .inapplicable(sequence: sequence, why: "\(error)")
                    }
                    (standing, state.isStanding) = (error, true)
                }
                state.hasFailed = true
            }
        }
        if let standing { publisher.stand(standing) }
        if let stop { halt(stop) }
        if case .success(let applied) = result {
            if message.session == publisher.session {
                publisher.applied(message.number, applied.isAdmitted ? applied.outcomes : nil)
            }
            if applied.isMark { mark(applied.state.sequence) }
            if differs { judge(message.base, of: message.host) }
        }
        bell.ring()
    }

    /// Pins the commit that a mark has alone.
    private func mark(_ sequence: UInt64) {
        do throws(StoreError) {
            marked(try MarkedCommit(core, sequence))
        } catch {
            health.readFailed(error)
        }
    }

    // MARK: Other hosts

    /// Whether other hosts have had the time to say what they have applied: a host that lags must not write to
    /// a log that ends before that.
    var isIntroduced: Bool { state.withLock { $0.isIntroduced } }

    /// Waits until all hosts that have written within a day were heard of, or for a while.
    func awaitIntroductions() {
        let end = SystemClock.monotonic.milliseconds + Limits.introduction
        let names = ((try? core.hostsOfDay()) ?? []).map(\.host)
        while !hosts.haveSpoken(names), SystemClock.monotonic.milliseconds < end, !isStopped {
            _ = bell.waitForRing(milliseconds: Limits.introduction / 25)
        }
        state.withLock { $0.isIntroduced = true }
    }

    /// Has the log looked at again: it may end before what another host has applied. On any thread.
    func lookAgain() { state.withLock { $0.mustLookAgain = true } }

    /// Compares with what another host has told of itself. On any thread.
    func compare(_ base: LogMessage.Base, of host: HostName) {
        if state.withLock({ $0.others.compare(base, of: host) }) { judge(base, of: host) }
    }

    /// A host is gone for good: its store is not compared any more. On any thread.
    func forget(_ host: HostName) { state.withLock { $0.others.forget(host) } }

    /// A host was heard of whose store differs from this one.
    private func judge(_ base: LogMessage.Base, of host: HostName) {
        if state.withLock({ $0.others.isOdd }) {
            return halt(.diverged(sequence: base.sequence, from: host.text))
        }
        health.tell(
            .error, "replica_differs",
            "the store of \(host) differs from this one after message \(base.sequence) "
                + "of \(log.place)")
    }
}
