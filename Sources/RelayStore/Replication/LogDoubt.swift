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

    /// What is found where a store's log should go on.
    enum Finding {
        /// The log is certainly another one, or lacks something.
        case contradiction(ReplicaStop)
        /// A log takes the place of the store's own, and begins where the store ends: with this message.
        case begunAnew(SharedLogEntry)
    }

    /// Looks whether the log goes on where a store ends. Throws `unreachable` while that is in doubt.
    ///
    /// - Parameter furthest: the other host that had applied most of the log before the engine was asked.
    /// - Returns: nil when it goes on.
    mutating func examine(
        _ log: any SharedLog, _ found: SharedLogState, _ applied: ReplicaState,
        furthest: (host: HostName, sequence: UInt64)? = nil
    ) throws(SharedLogError) -> Finding? {
        guard let finding = try find(log, found, applied, furthest) else {
            stop = nil
            return nil
        }
        guard case .contradiction(let contradiction) = finding else {
            stop = nil
            return finding
        }
        let now = SystemClock.monotonic.milliseconds
        if stop?.isLike(contradiction) != true { (since, first) = (now, now) }
        if contradiction.isShortLog, found.last > last, now - first < Limits.growthMilliseconds {
            since = now
        }
        (stop, last) = (contradiction, found.last)
        guard now - since >= Limits.doubtMilliseconds else {
            throw .unreachable(why: "\(contradiction)")
        }
        return finding
    }

    private func find(
        _ log: any SharedLog, _ found: SharedLogState, _ applied: ReplicaState,
        _ furthest: (host: HostName, sequence: UInt64)?
    ) throws(SharedLogError) -> Finding? {
        guard found.identity == applied.identity else {
            let other = ReplicaStop.otherLog(found: found.identity, wanted: applied.identity)
            guard let entry = try log.entry(at: 1),
                let beginning = LogBeginning(message: entry.message),
                beginning.identity == found.identity
            else { return .contradiction(other) }
            return beginning.refusal(of: applied).map { .contradiction($0) } ?? .begunAnew(entry)
        }
        if found.first > applied.sequence + 1 {
            return .contradiction(.trimmed(first: found.first, applied: applied.sequence))
        }
        if found.last < applied.sequence {
            return .contradiction(.wentBack(last: found.last, applied: applied.sequence))
        }
        if let furthest, found.last < furthest.sequence {
            return .contradiction(
                .lost(last: found.last, applied: furthest.sequence, by: furthest.host))
        }
        guard let entry = try log.entry(at: applied.sequence),
            ReplicaState.sum(entry.message) != applied.messageSum
        else { return nil }
        return .contradiction(.rewritten(sequence: applied.sequence))
    }
}
