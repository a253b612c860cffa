@testable import LMDB
@testable import RelayStore

/// All that a store holds, entry by entry: what must be equal where the same commands were applied. The
/// store's own epoch and birth, and its position in a log, are left out.
struct StoreContents: Equatable {
    private(set) var entries: [String: [[UInt8]: [UInt8]]] = [:]

    init(_ store: Store) throws {
        let reader = try store.makeReader()
        let view = reader.view
        let databases = view.databases
        for (name, database) in [
            ("documents", databases.documents), ("blocks", databases.listNodes),
            ("counters", databases.counters), ("changes", databases.changes),
            ("contents", databases.blobs), ("chunks", databases.chunks),
            ("uploads", databases.uploads),
        ] {
            var found: [[UInt8]: [UInt8]] = [:]
            let cursor = try view.transaction.cursor(database)
            var next: UInt64? = 0
            while let from = next, let entry = try cursor.seek(atOrAfter: from) {
                let key: InlineArray<1, UInt64> = [entry.key]
                found[key.span.bytes.copied()] = entry.value.copied()
                next = entry.key == .max ? nil : entry.key + 1
            }
            entries[name] = found
        }
        for (name, database) in [
            ("lists", databases.lists), ("lookups", databases.uniqueIndex),
            ("copies", databases.coveringIndexes), ("keys", databases.apiKeys),
            ("meta", databases.meta), ("idempotency", databases.idempotency),
        ] {
            var found: [[UInt8]: [UInt8]] = [:]
            let cursor = try view.transaction.cursor(database)
            if let entry = try cursor.first() { found[entry.key.copied()] = entry.value.copied() }
            while let entry = try cursor.next() { found[entry.key.copied()] = entry.value.copied() }
            entries[name] = found
        }
        for name in ["store", "tick", "log"] { entries["meta"]?[Array(name.utf8)] = nil }
    }

    /// Where two stores differ, an entry of each database; empty where they do not.
    func differences(from other: StoreContents) -> [String] {
        entries.keys.sorted().compactMap { name in
            let (mine, others) = (entries[name]!, other.entries[name]!)
            let keys = Set(mine.keys).union(others.keys).filter { mine[$0] != others[$0] }
            guard let key = keys.min(by: { $0.lexicographicallyPrecedes($1) }) else { return nil }
            return
                "\(name): \(keys.count) entries, \(key): \(mine[key] ?? []) | \(others[key] ?? [])"
        }
    }
}
