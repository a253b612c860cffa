import LMDB

/// How far the change log goes back. The newest change stays in any case.
public struct Retention: Sendable {
    /// Milliseconds that the log goes back from `StoreTime.settled`: the present, as far as the store
    /// believes the clock.
    public var milliseconds: Int64
    /// Bytes that the log's pages may take.
    public var byteCount: Int

    /// Limits on the log; the defaults are right for a service.
    public init(
        milliseconds: Int64 = Limits.changeMilliseconds, byteCount: Int = Limits.changeBytes
    ) {
        self.milliseconds = milliseconds
        self.byteCount = byteCount
    }
}

extension StoreTransaction {
    /// Removes the oldest changes that the log need not keep, at most `limit`; returns how many.
    ///
    /// Age counts back from the time of the last write, so that a store that nobody writes to keeps its
    /// log; and only as far as time has been seen to pass, so that a clock that jumps ahead does not
    /// take the log along.
    @discardableResult
    mutating func trimChanges(_ retention: Retention, limit: Int) throws(StoreError) -> Int {
        try endChange()
        // A group of refusals must not cost a commit.
        guard transaction.hasChanged else { return 0 }
        // A store that says nothing of the time yet loses nothing by its age.
        let oldestKept = time.map { $0.settled - retention.milliseconds } ?? .min
        var count = 0
        while count < limit, let (number, time) = try view.oldestChange(), number < sequence {
            let isOld = time < oldestKept
            if !isOld, try view.changeBytes() <= retention.byteCount { break }
            try delete(number, in: databases.changes)
            count += 1
        }
        return count
    }
}

extension StoreView {
    /// Number and time of the oldest change that is still there.
    fileprivate func oldestChange() throws(StoreError) -> (number: UInt64, time: Int64)? {
        var oldest: (number: UInt64, time: Int64)?
        try forEachChange(from: 0) { (change) throws(StoreError) in
            oldest = (change.sequence, change.time)
            return false
        }
        return oldest
    }

    /// Bytes of the log's pages.
    fileprivate func changeBytes() throws(StoreError) -> Int {
        do throws(LMDBError) {
            let statistics = try transaction.statistics(databases.changes)
            let pages = statistics.branchPages + statistics.leafPages + statistics.overflowPages
            return Int(pages) * Limits.pageBytes
        } catch {
            throw StoreError(error)
        }
    }
}
