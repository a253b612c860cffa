import LMDB

/// Size and occupancy of a store, and how much of what is in it.
public struct StoreStatistics: Sendable {
    /// The environment: map, file, readers, commits.
    public let environment: EnvironmentStatistics
    /// Bytes of the file that are free for reuse.
    public let freeBytes: Int
    /// Sequence number of the newest change.
    public let sequence: UInt64
    /// When that change was made, in milliseconds since 1970; nil before the first one.
    public let lastChange: Int64?
    /// Milliseconds by which the machine's clock is behind the newest time of the store; 0 if it is not.
    /// Until it has caught up, all changes are given that time.
    public let clockBehind: Int64
    /// Who reads, over all processes.
    public let readers: [ReaderSlot]
    /// What is counted, per account and resource; at most `Limits.countersShown` of them.
    public let counters: [CountedResource]
    /// Size of each named database.
    public let databases: [(name: String, statistics: DatabaseStatistics)]
}

extension Store {
    /// Size and occupancy now; walks LMDB's free list.
    public func statistics() throws(StoreError) -> StoreStatistics {
        let reader = try makeReader()
        let view = reader.view
        let environment = core.environment.statistics
        let sequence = try view.lastSequence()
        let lastChange = try view.time(ofChange: sequence)
        let lastTime = try view.storeTime()?.last ?? lastChange
        let clockBehind = max(0, (lastTime ?? 0) - core.clock.now())
        let counters = try view.counters(atMost: Limits.countersShown)
        do throws(LMDBError) {
            let freeBytes = try view.transaction.freePages() * environment.pageBytes
            return StoreStatistics(
                environment: environment, freeBytes: freeBytes, sequence: sequence,
                lastChange: lastChange, clockBehind: clockBehind,
                readers: try core.environment.readerSlots(),
                counters: counters, databases: try view.databaseStatistics())
        } catch {
            throw StoreError(error)
        }
    }
}

extension StoreView {
    fileprivate func databaseStatistics() throws(LMDBError) -> [(String, DatabaseStatistics)] {
        let integer = [
            ("documents", databases.documents), ("blocks", databases.listNodes),
            ("counters", databases.counters), ("changes", databases.changes),
            ("contents", databases.blobs), ("chunks", databases.chunks),
            ("uploads", databases.uploads),
        ]
        let bytes = [
            ("lists", databases.lists), ("lookups", databases.uniqueIndex),
            ("copies", databases.coveringIndexes), ("keys", databases.apiKeys),
            ("meta", databases.meta), ("idempotency", databases.idempotency),
        ]
        var result: [(String, DatabaseStatistics)] = []
        for (name, database) in integer {
            result.append((name, try transaction.statistics(database)))
        }
        for (name, database) in bytes {
            result.append((name, try transaction.statistics(database)))
        }
        return result
    }
}
