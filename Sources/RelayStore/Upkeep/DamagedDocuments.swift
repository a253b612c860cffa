import Synchronization

/// The documents of a store whose checksum was found wrong: a flipped bit on the disk or in memory,
/// which LMDB does not notice. Shared by all that read the store in this process.
public final class DamagedDocuments: Sendable {
    private let found = Atomic<Int>(0)
    private let keys = Mutex<(all: Set<UInt64>, untold: [DocumentKey])>(([], []))

    init() {}

    /// Documents that are known to be damaged; more than `Limits.damagedKeys` are not told apart.
    public var count: Int { found.load(ordering: .relaxed) }

    @inline(__always)
    var isEmpty: Bool { found.load(ordering: .relaxed) == 0 }

    /// Throws unless a document is what was written.
    @inline(__always)
    func require(_ document: borrowing DocumentView) throws(StoreError) {
        if document.isIntact { return }
        note(document.key)
        throw .corrupted(what: "document \(document.key.describing)")
    }

    /// Notes a document that is damaged.
    func note(_ key: DocumentKey) {
        keys.withLock { keys in
            guard keys.all.count < Limits.damagedKeys, keys.all.insert(key.rawValue).inserted
            else { return }
            keys.untold.append(key)
            found.store(keys.all.count, ordering: .relaxed)
        }
    }

    /// Forgets the documents that a walk over all has not found damaged: they were written anew or
    /// deleted.
    func keep(_ stillDamaged: Set<UInt64>) {
        keys.withLock { keys in
            keys.all.formIntersection(stillDamaged)
            found.store(keys.all.count, ordering: .relaxed)
        }
    }

    /// Those that were found since the last call.
    func takeUntold() -> [DocumentKey] {
        if isEmpty { return [] }
        return keys.withLock { keys in
            defer { keys.untold = [] }
            return keys.untold
        }
    }
}
