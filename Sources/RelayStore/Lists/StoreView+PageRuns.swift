import CLinux
import LMDB

/// Where a page of a list begins.
public enum PageStart: Sendable {
    /// At an offset, 0 for the first record.
    case offset(UInt64)
    /// Behind the key that another page ended with, whether it still exists or not.
    case after(key: UInt64)
}

/// What a page turned out to be.
public struct PageResult: Equatable, Sendable {
    /// Records on the page.
    public var documents = 0
    /// Bytes of all runs, the comma behind each document included.
    public var bytes = 0
    /// The list's key of the last record; where the next page starts after.
    public var lastKey: UInt64?
    /// Whether the list ends with this page.
    public var isLast = true
    /// Records in the whole list.
    public var total: UInt64 = 0
}

extension StoreView {
    /// Hands over a page as runs of bytes in the map: the JSON of documents in the list's order,
    /// each followed by a comma, as many neighbours in one run as lie side by side.
    ///
    /// The low 38 bits of a list's key are the id of a document; above them is what
    /// the list is sorted by. The page ends after `limit` documents, or before the one that would
    /// exceed `maxBytes` (but never before the first).
    ///
    /// - Parameter damage: where it is noted; nil if documents are not compared with their checksums.
    public func appendRuns(
        _ source: borrowing VersionedList, from start: PageStart, limit: Int, maxBytes: Int,
        noting damage: DamagedDocuments? = nil, _ body: (UnsafeRawBufferPointer, Int) -> Void
    ) throws(StoreError) -> PageResult {
        var page = PageResult()
        let list = source.list
        page.total = list.count
        var offset = try list.offset(of: start)
        guard offset < page.total, limit > 0 else {
            page.isLast = offset >= page.total
            return page
        }
        let prefix = DocumentKey(
            account: list.key.account, resource: source.resource, id: 0
        ).rawValue
        var walk = try RunWalk(self, list.key, prefix: prefix)
        pages: while let leaf = try list.leaf(at: offset) {
            var index = leaf.index
            while index < leaf.node.count {
                if page.documents == limit { break pages }
                let most = min(limit - page.documents, leaf.node.count - index)
                try walk.find(leaf.node, index, most: most, ahead: limit - page.documents)
                if walk.block.hasSegments {
                    let document = try walk.block.document(at: 0)
                    let bytes = document.jsonBytes + 1
                    if page.documents > 0, page.bytes + bytes > maxBytes { break pages }
                    if let damage { try walk.requireIntact(damage) }
                    try forEachRun(of: document, commas: 1, damage) { body($0, 0) }
                    page.bytes += bytes
                    index += 1
                    offset += 1
                    page.documents += 1
                    page.lastKey = leaf.node.key(at: index - 1)
                    continue
                }
                if page.bytes + walk.found.count > maxBytes {
                    let room = maxBytes - page.bytes
                    guard try walk.shorten(to: room, least: page.documents == 0 ? 1 : 0) else {
                        break pages
                    }
                }
                if let damage { try walk.requireIntact(damage) }
                // SAFETY: in the map, which this view keeps as it is; `json(of:)` checked the range.
                unsafe walk.block.bytes.extracting(unchecked: walk.found).withUnsafeBytes {
                    body($0, walk.count)
                }
                index += walk.count
                offset += UInt64(walk.count)
                page.documents += walk.count
                page.bytes += walk.found.count
                page.lastKey = leaf.node.key(at: index - 1)
            }
        }
        page.isLast = offset >= page.total
        return page
    }
}

extension StoreReader {
    /// Hands over a page as runs, see `StoreView.appendRuns`.
    ///
    /// - Parameter isChecked: whether each document is compared with its checksum; otherwise those of one
    ///   page in some are.
    public borrowing func appendRuns(
        _ source: borrowing VersionedList, from start: PageStart, limit: Int, maxBytes: Int,
        isChecked: Bool, _ body: (UnsafeRawBufferPointer, Int) -> Void
    ) throws(StoreError) -> PageResult {
        try view.appendRuns(
            source, from: start, limit: limit, maxBytes: maxBytes,
            noting: damageToLookFor(always: isChecked, sampling: Limits.pageSampleBits), body)
    }
}

/// Walks list keys and blocks of documents side by side, a run of neighbours at a time.
private struct RunWalk: ~Copyable, ~Escapable {
    private let cursor: Cursor
    private let list: ListKey
    private let prefix: UInt64
    private(set) var block: DocumentBlock
    /// The documents that were found last: where they begin in the block, how many they are, and
    /// their JSON.
    private var index = 0
    private(set) var count = 0
    private(set) var found: Range<Int> = 0..<0
    /// Blocks that follow, whose directories are on their way from memory.
    private var ahead = BlocksAhead()
    private var depth = BlocksAhead.room

    /// Stands before the first document.
    @_lifetime(copy view)
    init(
        _ view: borrowing StoreView, _ list: ListKey, prefix: UInt64
    ) throws(StoreError) {
        cursor = try view.documentCursor()
        block = DocumentBlock.none
        self.list = list
        self.prefix = prefix
    }

    /// Finds the documents of a leaf's keys from one on: as many as lie side by side, but at most
    /// `most`. `ahead` documents, these included, are still to come.
    mutating func find(
        _ leaf: borrowing ListNode<UInt64>, _ first: Int, most: Int, ahead: Int
    ) throws(StoreError) {
        let target = prefix | DocumentKey(rawValue: leaf.key(at: first)).id
        index += count
        if index < block.count, block.key(at: index) != target {
            index = block.position(of: target)
        }
        if index >= block.count {
            try moveOn(to: target, ahead)
            index = block.position(of: target)
        }
        guard index < block.count, block.key(at: index) == target else {
            throw .corrupted(list, missing: DocumentKey(rawValue: target))
        }
        count = block.count(from: index, following: leaf, from: first, prefix, most: most)
        found = try block.json(of: index..<index + count)
    }

    /// Leaves out the last of the found documents until the rest fits; false if none is left.
    mutating func shorten(to bytes: Int, least: Int) throws(StoreError) -> Bool {
        while count > least, found.count > bytes {
            count -= 1
            if count == 0 { return false }
            found = try block.json(of: index..<index + count)
        }
        return true
    }

    /// Throws unless the documents that were found are what was written.
    func requireIntact(_ damage: DamagedDocuments) throws(StoreError) {
        for index in index..<index + count { try damage.require(block.document(at: index)) }
    }

    /// Moves to the block that holds a key: the next one, as a rule.
    private mutating func moveOn(to target: UInt64, _ documents: Int) throws(StoreError) {
        if let next = ahead.takeFirst(target) {
            // SAFETY: the block lies in the map, which the view of this walk keeps as it is.
            let bytes = unsafe _overrideLifetime(RawSpan(_unsafeBytes: next), copying: cursor)
            block = try DocumentBlock(bytes)
            depth = BlocksAhead.room
        } else {
            // What was fetched ahead is of no use: the list skips blocks.
            if ahead.count > 0 { depth = 1 }
            ahead.forget()
            block = try Self.seek(cursor, target)
        }
        try lookAhead(documents)
    }

    /// Finds the blocks that follow and starts to fetch their directories: on a page of fifty
    /// orders that hides twenty cache misses, a tenth of the page's cost.
    ///
    /// No further than the page will go, if the blocks to come are as full as this one.
    private mutating func lookAhead(_ documents: Int) throws(StoreError) {
        do throws(LMDBError) {
            while ahead.count < depth, (ahead.count &+ 1) &* block.count < documents {
                guard let entry = try cursor.next() else { return }
                // SAFETY: in the map, see `moveOn`; only the address is kept.
                entry.value.withUnsafeBytes { ahead.append(entry.key, $0) }
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// The block that holds a key if any does.
    @_lifetime(copy cursor)
    private static func seek(
        _ cursor: borrowing Cursor, _ key: UInt64
    ) throws(StoreError) -> DocumentBlock {
        let bytes: RawSpan?
        do throws(LMDBError) {
            bytes = try cursor.seek(atOrBefore: key)?.value
        } catch {
            throw StoreError(error)
        }
        guard let bytes else { return DocumentBlock.none }
        return try DocumentBlock(bytes)
    }
}

/// The blocks that follow the one a walk stands on, first in, first out.
private struct BlocksAhead {
    struct Block {
        var key: UInt64 = 0
        var start: UnsafeRawPointer?
        var byteCount = 0
    }

    /// Blocks that there is room for.
    static var room: Int { MemoryLayout<Limits.BlocksAhead<UInt8>>.size }

    private var blocks = Limits.BlocksAhead<Block>(repeating: Block())
    private var first = 0
    private(set) var count = 0

    @inline(__always)
    mutating func append(_ key: UInt64, _ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        relay_prefetch(UInt(bitPattern: start))
        relay_prefetch(UInt(bitPattern: start) &+ 64)
        blocks[(first &+ count) & (Self.room - 1)] = Block(
            key: key, start: start, byteCount: bytes.count)
        count &+= 1
    }

    /// Takes the block that follows, if it begins with this key.
    @inline(__always)
    mutating func takeFirst(_ key: UInt64) -> UnsafeRawBufferPointer? {
        let block = blocks[first]
        guard count > 0, block.key == key else { return nil }
        first = (first &+ 1) & (Self.room - 1)
        count &-= 1
        // SAFETY: the block lies in the map, which the reader of this page keeps.
        return UnsafeRawBufferPointer(start: block.start, count: block.byteCount)
    }

    mutating func forget() { count = 0 }
}
