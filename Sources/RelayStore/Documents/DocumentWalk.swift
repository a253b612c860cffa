import LMDB

/// How many documents an account has of a resource.
public struct DocumentCount: Equatable, Sendable {
    /// The account.
    public var account: UInt32
    /// The kind of record, opaque to the store.
    public var resource: UInt8
    /// Documents.
    public var documents: UInt64

    /// A count.
    public init(account: UInt32, resource: UInt8, documents: UInt64) {
        self.account = account
        self.resource = resource
        self.documents = documents
    }
}

/// What became of a document between two commits.
public enum DocumentDifference: Sendable {
    /// The second has it, the first has not.
    case added
    /// Both have it, with other bytes or another version.
    case changed
    /// The first has it, the second has not.
    case removed
}

extension StoreView {
    /// Counts the documents of each account and resource, in their order; looks at every block.
    public func documentCounts() throws(StoreError) -> [DocumentCount] {
        var counts: [DocumentCount] = []
        var walk = DocumentWalk()
        while try walk.advance(in: self) {
            let first = DocumentKey(rawValue: walk.entries[0].key)
            let documents = UInt64(walk.entries.count)
            if let last = counts.last, last.account == first.account,
                last.resource == first.resource
            {
                counts[counts.count - 1].documents += documents
            } else {
                counts.append(
                    DocumentCount(
                        account: first.account, resource: first.resource, documents: documents))
            }
        }
        return counts
    }

    /// Hands over what differs between this commit and another one, in ascending order of keys,
    /// until `body` says false. Compares versions and checksums, not the documents themselves.
    public func forEachDifference(
        to other: borrowing StoreView,
        _ body: (DocumentKey, DocumentDifference) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var old = DocumentWalk()
        var new = DocumentWalk()
        while true {
            let before = try old.current(in: self)
            let after = try new.current(in: other)
            guard before != nil || after != nil else { return }
            let key = min(before?.key ?? .max, after?.key ?? .max)
            let difference: DocumentDifference? =
                if before?.key != key {
                    .added
                } else if after?.key != key {
                    .removed
                } else {
                    before == after ? nil : .changed
                }
            if let difference, try !body(DocumentKey(rawValue: key), difference) { return }
            if before?.key == key { old.step() }
            if after?.key == key { new.step() }
        }
    }
}

/// The directory entries of all documents, block by block.
struct DocumentWalk {
    /// What identifies a document and its content.
    struct Entry: Equatable {
        var key: UInt64
        var version: UInt64
        var checksum: UInt64
    }

    /// The entries of the current block.
    private(set) var entries: [Entry] = []
    private var index = 0
    /// Where to look for the next block; nil behind the last one.
    private var position: UInt64? = 0

    /// The entry that the walk stands on.
    mutating func current(in view: borrowing StoreView) throws(StoreError) -> Entry? {
        if index < entries.count { return entries[index] }
        return try advance(in: view) ? entries[0] : nil
    }

    /// Goes on to the next entry.
    mutating func step() { index += 1 }

    /// Reads the next block's directory; false when there is none.
    mutating func advance(in view: borrowing StoreView) throws(StoreError) -> Bool {
        entries.removeAll(keepingCapacity: true)
        index = 0
        guard let from = position, let next = try view.entries(atOrAfter: from, &entries)
        else {
            position = nil
            return false
        }
        position = next == .max ? nil : next + 1
        return true
    }
}

extension StoreView {
    /// Reads the directory of the block at or after a key; returns its last key.
    fileprivate func entries(
        atOrAfter key: UInt64, _ entries: inout [DocumentWalk.Entry]
    ) throws(StoreError) -> UInt64? {
        let bytes: RawSpan
        do throws(LMDBError) {
            let cursor = try transaction.cursor(databases.documents)
            guard let entry = try cursor.seek(atOrAfter: key) else { return nil }
            bytes = entry.value
        } catch {
            throw StoreError(error)
        }
        let block = try DocumentBlock(bytes)
        for index in 0..<block.count {
            entries.append(
                DocumentWalk.Entry(
                    key: block.key(at: index), version: block.version(at: index),
                    checksum: block.checksum(at: index)))
        }
        return block.key(at: block.count - 1)
    }
}
