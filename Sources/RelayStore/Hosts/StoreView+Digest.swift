import CXXHash
import LMDB

extension StoreView {
    /// A digest of all that must be equal on hosts which have applied the same: every entry of every database,
    /// and the files that documents have. Left out are the change log, which each host trims by itself, what
    /// is left of files that are being removed, and what `meta` says of this very store.
    ///
    /// - Parameter isWanted: asked from time to time; with false the digest is given up, and nil.
    public func digest(isWanted: () -> Bool = { true }) throws(StoreError) -> UInt64? {
        var digest = StoreDigest()
        do throws(LMDBError) {
            for database in [
                databases.documents, databases.listNodes, databases.counters, databases.blobs,
            ] {
                let cursor = try transaction.cursor(database)
                var entry = try cursor.first()
                while let found = entry {
                    digest.add(found.key, found.value)
                    if digest.isTimeToAsk, !isWanted() { return nil }
                    entry = try cursor.next()
                }
            }
            for database in [
                databases.lists, databases.uniqueIndex, databases.coveringIndexes,
                databases.apiKeys, databases.idempotency,
            ] {
                let cursor = try transaction.cursor(database)
                var entry = try cursor.first()
                while let found = entry {
                    digest.add(found.key)
                    digest.add(found.value)
                    if digest.isTimeToAsk, !isWanted() { return nil }
                    entry = try cursor.next()
                }
            }
            let owned = try transaction.cursor(databases.blobs)
            let chunks = try transaction.cursor(databases.chunks)
            var blob = try owned.first()
            while let id = blob?.key {
                var chunk = try chunks.seek(atOrAfter: id << 16)
                while let found = chunk, found.key >> 16 == id {
                    digest.add(found.key, found.value)
                    if digest.isTimeToAsk, !isWanted() { return nil }
                    chunk = try chunks.next()
                }
                blob = try owned.next()
            }
        } catch {
            throw StoreError(error)
        }
        try addReplica(to: &digest)
        return digest.value
    }

    /// Of `meta`: up to where the log is applied, and by whom.
    private func addReplica(to digest: inout StoreDigest) throws(StoreError) {
        if let state = try replicaState() { digest.add(state.record.span.bytes) }
        for (id, session) in try sessions() {
            digest.add(id.bytes.span.bytes)
            digest.add(session.record.span.bytes)
        }
    }
}

/// XXH3 over entries, one after the other.
private struct StoreDigest {
    private(set) var value: UInt64 = 0
    private var entries = 0

    /// Some thousand entries were added since the last time.
    var isTimeToAsk: Bool { entries % Limits.digestedEntries == 0 }

    mutating func add(_ key: UInt64, _ bytes: RawSpan) {
        let key: InlineArray<1, UInt64> = [key]
        add(key.span.bytes)
        add(bytes)
    }

    mutating func add(_ bytes: RawSpan) {
        entries += 1
        value = bytes.lent { XXH3_64bits_withSeed($0.baseAddress, $0.count, value) }
    }
}
