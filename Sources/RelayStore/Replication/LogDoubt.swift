import System

/// What an engine says that contradicts what was applied, and since when: one that has just begun to lead tells
/// less than it has. It is believed when it has said the same for long.
struct LogDoubt {
    private var stop: ReplicaStop?
    private var since: Int64 = 0
    private var first: Int64 = 0
    /// Where the log ended when it said so. One that ends too early and grows is on its way.
    private var last: UInt64 = 0

    /// Whether what the engine said last contradicts what was applied.
    var isContradicted: Bool { stop != nil }

    /// Looks whether the log goes on where a store ends. Throws `unreachable` while that is in doubt.
    ///
    /// - Returns: why it is certainly another one; nil when it goes on.
    mutating func examine(
        _ log: any SharedLog, _ found: SharedLogState, _ applied: ReplicaState
    ) throws(SharedLogError) -> ReplicaStop? {
        guard let contradiction = try contradiction(log, found, applied) else {
            stop = nil
            return nil
        }
        let now = SystemClock.monotonic.milliseconds
        if stop?.isLike(contradiction) != true { (since, first) = (now, now) }
        if case .wentBack = contradiction, found.last > last,
            now - first < Limits.growthMilliseconds
        {
            since = now
        }
        (stop, last) = (contradiction, found.last)
        guard now - since >= Limits.doubtMilliseconds else {
            throw .unreachable(why: "\(contradiction)")
        }
        return contradiction
    }

    private func contradiction(
        _ log: any SharedLog, _ found: SharedLogState, _ applied: ReplicaState
    ) throws(SharedLogError) -> ReplicaStop? {
        guard found.identity == applied.identity else {
            return .otherLog(found: found.identity, wanted: applied.identity)
        }
        if found.first > applied.sequence + 1 {
            return .trimmed(first: found.first, applied: applied.sequence)
        }
        if found.last < applied.sequence {
            return .wentBack(last: found.last, applied: applied.sequence)
        }
        guard let entry = try log.entry(at: applied.sequence),
            ReplicaState.sum(entry.message) != applied.messageSum
        else { return nil }
        return .rewritten(sequence: applied.sequence)
    }
}
