/// A document that a change wrote or deleted, as the change's record lists it.
public struct ChangedDocument: Equatable, Sendable {
    /// What became of it.
    public enum Change: UInt64, Sendable {
        // Raw values are part of the bytes on disk.
        case updated = 0
        case created = 1
        case deleted = 2
    }

    /// The kind of record, opaque to the store.
    public let resource: UInt8
    /// The id within account and resource.
    public let id: UInt64
    /// What became of it.
    public let change: Change

    /// As in the change record: resource (6 bits), id (38 bits) and the change (2 bits), from bit 45 down.
    /// So words sort by resource and id, and those of one document are neighbours.
    init?(word: UInt64) {
        guard word >> 46 == 0, let change = Change(rawValue: word & 3) else { return nil }
        self.change = change
        id = word >> 2 & (1 << Limits.idBits - 1)
        resource = UInt8(truncatingIfNeeded: word >> (2 + Limits.idBits))
    }

    static func word(_ key: DocumentKey, _ change: Change) -> UInt64 {
        (UInt64(key.resource) << Limits.idBits | key.id) << 2 | change.rawValue
    }
}

/// A change whose record is written when all that it changes is known.
struct OpenChange {
    let number: UInt64
    let account: UInt32
    let kind: UInt8
    let time: Int64
    let payload: [UInt8]
    /// What was written and deleted, in that order: see `ChangedDocument.word`.
    private(set) var documents: [UInt64] = []

    init(
        _ number: UInt64, account: UInt32, kind: UInt8, time: Int64, payload: [UInt8]
    ) {
        self.number = number
        self.account = account
        self.kind = kind
        self.time = time
        self.payload = payload
    }

    /// Notes what became of a document.
    mutating func note(_ key: DocumentKey, _ change: ChangedDocument.Change) {
        precondition(key.account == account, "a change is about documents of its own account")
        documents.append(ChangedDocument.word(key, change))
    }

    /// Sorts by resource and id, and makes one of what became of one document.
    mutating func settle() {
        // A load brings them in order; most other changes have one.
        if zip(documents, documents.dropFirst()).allSatisfy({ $0 >> 2 < $1 >> 2 }) { return }
        // Those of one document stay in the order in which they happened.
        let order = documents.indices.sorted {
            (documents[$0] >> 2, $0) < (documents[$1] >> 2, $1)
        }
        var settled: [UInt64] = []
        var start = 0
        while start < order.count {
            let document = documents[order[start]] >> 2
            var end = start
            while end + 1 < order.count, documents[order[end + 1]] >> 2 == document { end += 1 }
            let first = documents[order[start]] & 3
            let last = documents[order[end]] & 3
            if let change = Self.sum(first, last) { settled.append(document << 2 | change) }
            start = end + 1
        }
        documents = settled
    }

    /// What the first and the last of the changes of one document come to; nil for nothing at all.
    private static func sum(_ first: UInt64, _ last: UInt64) -> UInt64? {
        let wasThere = first != ChangedDocument.Change.created.rawValue
        let isThere = last != ChangedDocument.Change.deleted.rawValue
        let change: ChangedDocument.Change
        switch (wasThere, isThere) {
        case (true, true): change = .updated
        case (false, true): change = .created
        case (true, false): change = .deleted
        case (false, false): return nil
        }
        return change.rawValue
    }
}
