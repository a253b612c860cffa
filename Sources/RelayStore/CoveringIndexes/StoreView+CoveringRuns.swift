import CLinux
import LMDB

/// Neighbours in a covering index.
public struct CoveringRange: Equatable, Sendable {
    /// The list.
    public var list: ListKey
    /// The kind of record that its keys are ids of.
    public var resource: UInt8
    /// The list's key of the first.
    public var first: UInt128
    /// How many they are.
    public var count: Int

    /// Neighbours from one on.
    public init(list: ListKey, resource: UInt8, first: UInt128, count: Int) {
        self.list = list
        self.resource = resource
        self.first = first
        self.count = count
    }
}

/// What was handed over of a range.
public struct CoveringRuns: Equatable, Sendable {
    /// Documents.
    public var documents = 0
    /// The list's key of the last one.
    public var lastKey: UInt128?
}

extension StoreView {
    /// Hands over the documents of a range as runs of bytes in the map, each document followed by
    /// a comma, block after block; ends before the document that would exceed `maxBytes`, but
    /// hands over `least` in any case.
    ///
    /// - Parameter isChecked: whether each copy of a document is compared with its checksum.
    public func appendRuns(
        _ range: CoveringRange, maxBytes: Int, least: Int = 1, isChecked: Bool = false,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(StoreError) -> CoveringRuns {
        var result = CoveringRuns()
        guard range.count > 0 else { return result }
        var walk = try CoveringWalk(self, range.list)
        try walk.begin(range)
        var bytes = 0
        while true {
            var count = min(range.count - result.documents, walk.block.count - walk.index)
            var json = try walk.json(count)
            while bytes + json.count > maxBytes, result.documents + count > least {
                count -= 1
                if count == 0 { return result }
                json = try walk.json(count)
            }
            if isChecked { try walk.requireIntact(count) }
            // SAFETY: in the map, which this view keeps as it is; `json` checked the range.
            unsafe walk.block.bytes.extracting(unchecked: json).withUnsafeBytes { body($0) }
            bytes += json.count
            result.documents += count
            let last = walk.index + count - 1
            result.lastKey = walk.key(at: last)
            if result.documents == range.count || last + 1 < walk.block.count { return result }
            try walk.moveOn()
        }
    }

    /// The document as a covering index has it; nil if there is none.
    @_lifetime(copy self)
    public func coveringEntry(
        of key: DocumentKey, in list: ListKey, by order: UInt64
    ) throws(StoreError) -> DocumentView? {
        let place = BlockSet.coveringIndex(list).place(key: key.rawValue, word: order)
        let cursor = try coveringCursor()
        guard let bytes = try Self.seek(cursor, list, place) else { return nil }
        // SAFETY: entries lie in the map, which the view borrows, not in the cursor.
        let block = try unsafe _overrideLifetime(DocumentBlock(bytes), copying: self)
        for index in 0..<block.count
        where block.key(at: index) == key.rawValue && block.version(at: index) == order {
            return try block.document(at: index)
        }
        return nil
    }

    /// The block of a list that holds a place if any does.
    @_lifetime(copy cursor)
    fileprivate static func seek(
        _ cursor: borrowing BytesCursor, _ list: ListKey, _ place: UInt128
    ) throws(StoreError) -> RawSpan? {
        let name = list.stored
        let key = CoveringKey(list, place)
        do throws(LMDBError) {
            if let found = try cursor.seek(atOrAfter: key.stored.span.bytes) {
                if found.key.holds(name), CoveringKey.place(found.key) == place {
                    return found.value
                }
                guard let before = try cursor.previous(), before.key.holds(name) else {
                    return nil
                }
                return before.value
            }
            guard let last = try cursor.last(), last.key.holds(name) else { return nil }
            return last.value
        } catch {
            throw StoreError(error)
        }
    }
}

extension RawSpan {
    /// Whether the key of a block of a covering index names this list.
    @inline(__always)
    fileprivate func holds(_ list: InlineArray<2, UInt64>) -> Bool {
        word(at: 0) == list[0] && word(at: 8) == list[1]
    }
}

extension StoreReader {
    /// Hands over the documents of a range as runs, see `StoreView.appendRuns`.
    ///
    /// - Parameter isChecked: whether each copy of a document is compared with its checksum; otherwise
    ///   those of one range in some are.
    public borrowing func appendRuns(
        _ range: CoveringRange, maxBytes: Int, least: Int, isChecked: Bool,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(StoreError) -> CoveringRuns {
        try view.appendRuns(
            range, maxBytes: maxBytes, least: least,
            isChecked: damageToLookFor(always: isChecked, sampling: Limits.pageSampleBits) != nil,
            body)
    }
}

/// Walks the blocks of a covering index.
private struct CoveringWalk: ~Copyable, ~Escapable {
    private let cursor: BytesCursor
    private let list: ListKey
    private let name: InlineArray<2, UInt64>
    private(set) var block: DocumentBlock
    /// The document that the walk stands on.
    private(set) var index = 0

    /// Stands nowhere yet.
    @_lifetime(copy view)
    init(_ view: borrowing StoreView, _ list: ListKey) throws(StoreError) {
        cursor = try view.coveringCursor()
        self.list = list
        name = list.stored
        block = DocumentBlock.none
    }

    /// Moves to the first document of a range.
    mutating func begin(_ range: CoveringRange) throws(StoreError) {
        let order = UInt64(truncatingIfNeeded: range.first >> 64)
        let key = DocumentKey(
            account: range.list.account, resource: range.resource,
            id: UInt64(truncatingIfNeeded: range.first)
        ).rawValue
        let place = BlockSet.coveringIndex(range.list).place(key: key, word: order)
        guard let bytes = try StoreView.seek(cursor, range.list, place) else {
            throw .corrupted(list, "its covering index lacks an entry")
        }
        // SAFETY: see `moveOn`.
        block = try unsafe _overrideLifetime(DocumentBlock(bytes), copying: cursor)
        while index < block.count, block.key(at: index) != key || block.version(at: index) != order
        {
            index &+= 1
        }
        guard index < block.count else {
            throw .corrupted(list, "its covering index lacks an entry")
        }
    }

    /// Where the JSON of the next `count` documents lies in the block.
    func json(_ count: Int) throws(StoreError) -> Range<Int> {
        try block.json(of: index..<index + count)
    }

    /// Throws unless the next `count` documents are what was written.
    func requireIntact(_ count: Int) throws(StoreError) {
        for index in index..<index + count {
            let copy = try block.document(at: index)
            if copy.isIntact { continue }
            throw .corrupted(
                list, "the copy of document \(copy.key.describing) in its covering index")
        }
    }

    /// The list's key of a document of the block.
    func key(at index: Int) -> UInt128 {
        UInt128(block.version(at: index)) << 64
            | UInt128(DocumentKey(rawValue: block.key(at: index)).id)
    }

    /// Moves to the first document of the next block.
    mutating func moveOn() throws(StoreError) {
        guard let bytes = try Self.next(cursor, name) else {
            throw .corrupted(list, "its covering index lacks an entry")
        }
        // SAFETY: in the map, which the view of this walk keeps as it is, not in the cursor.
        block = try unsafe _overrideLifetime(DocumentBlock(bytes), copying: cursor)
        index = 0
    }

    @_lifetime(copy cursor)
    private static func next(
        _ cursor: borrowing BytesCursor, _ name: InlineArray<2, UInt64>
    ) throws(StoreError) -> RawSpan? {
        do throws(LMDBError) {
            guard let entry = try cursor.next() else { return nil }
            return entry.key.holds(name) ? entry.value : nil
        } catch {
            throw StoreError(error)
        }
    }
}
