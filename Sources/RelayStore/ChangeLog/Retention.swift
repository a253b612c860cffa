import LMDB

/// How far the change log goes back. The newest change stays in any case.
public struct Retention: Sendable {
    /// Milliseconds before the newest change.
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
    /// Age counts back from the newest change, so that a store that nobody writes to keeps its log.
    @discardableResult
    mutating func trimChanges(_ retention: Retention, limit: Int) throws(StoreError) -> Int {
        // A group of refusals must not cost a commit.
        guard transaction.hasChanged, let newest = try view.time(ofChange: sequence) else {
            return 0
        }
        var count = 0
        while count < limit, let (number, time) = try view.oldestChange(), number < sequence {
            let isOld = time < newest - retention.milliseconds
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
