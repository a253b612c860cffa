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
    /// The low 38 bits of a list's key are the id of a document of `resource`; above them is what
    /// the list is sorted by. The page ends after `limit` documents, or before the one that would
    /// exceed `maxBytes` (but never before the first).
    public func appendRuns(
        _ list: ListKey, resource: UInt8, from start: PageStart, limit: Int, maxBytes: Int,
        _ body: (UnsafeRawBufferPointer, Int) -> Void
    ) throws(StoreError) -> PageResult {
        var page = PageResult()
        page.total = try count(list)
        var offset: UInt64
        switch start {
        case .offset(let given): offset = given
        case .after(let key): offset = key == .max ? page.total : try rank(of: key + 1, in: list)
        }
        guard offset < page.total, limit > 0 else {
            page.isLast = offset >= page.total
            return page
        }
        guard let first = try key(at: offset, in: list) else {
            throw .corrupted(what: "a list's counts")
        }
        let prefix = DocumentKey(account: list.account, resource: resource, id: 0).rawValue
        var walk = try RunWalk(self, prefix: prefix, key: first)
        try walk.lookAhead(to: BlocksAhead.capacity)
        pages: while let position = try leaf(at: offset, in: list) {
            for index in position.index..<position.node.count {
                let key = position.node.key(at: index)
                if page.documents == limit { break pages }
                let byteCount = try walk.find(key, body)
                if page.documents > 0, page.bytes + byteCount > maxBytes { break pages }
                walk.take(body)
                page.documents += 1
                page.bytes += byteCount
                page.lastKey = key
                offset += 1
            }
        }
        walk.flush(body)
        page.isLast = offset >= page.total
        return page
    }
}

/// Walks list keys and blocks of documents side by side.
private struct RunWalk: ~Copyable, ~Escapable {
    private let cursor: Cursor
    private let prefix: UInt64
    private var block: DocumentBlock
    /// Position in the block of the document that was found last.
    private var index: Int
    /// The JSON of the document that was found last, within the block.
    private var found: Range<Int> = 0..<0
    /// JSON that waits to be handed over, a range of the block.
    private var run: Range<Int> = 0..<0
    /// Documents in `run`.
    private var documents = 0
    /// Blocks that follow, whose directories are on their way from memory.
    private var ahead = BlocksAhead()

    /// Stands before the document of a list's key.
    @_lifetime(copy view)
    init(_ view: borrowing StoreView, prefix: UInt64, key: UInt64) throws(StoreError) {
        let cursor = try view.documentCursor()
        let target = prefix | DocumentKey(rawValue: key).id
        let first = try Self.seek(cursor, target)
        self.prefix = prefix
        self.cursor = cursor
        block = first
        index = -1
    }

    /// Finds the document of a list's key; returns the size of its JSON with the comma.
    mutating func find(
        _ key: UInt64, _ body: (UnsafeRawBufferPointer, Int) -> Void
    ) throws(StoreError) -> Int {
        let target = prefix | DocumentKey(rawValue: key).id
        if index + 1 < block.count, block.key(at: index + 1) == target {
            index += 1
        } else {
            index = block.position(of: target)
            if index == block.count || block.key(at: index) != target {
                flush(body)
                try moveOn(to: target)
                index = block.position(of: target)
            }
        }
        guard index < block.count, block.key(at: index) == target else {
            throw .corrupted(what: "a list that names a missing document")
        }
        found = try block.json(at: index)
        return found.count
    }

    /// Puts the found document on the page.
    mutating func take(_ body: (UnsafeRawBufferPointer, Int) -> Void) {
        if documents > 0, run.upperBound == found.lowerBound {
            run = run.lowerBound..<found.upperBound
        } else {
            flush(body)
            run = found
        }
        documents += 1
    }

    /// Hands over what waits.
    mutating func flush(_ body: (UnsafeRawBufferPointer, Int) -> Void) {
        if documents == 0 { return }
        // SAFETY: the run lies in the map, which the view that this walk borrows keeps as it is.
        block.bytes.extracting(run).withUnsafeBytes { body($0, documents) }
        documents = 0
        run = 0..<0
    }

    /// Moves to the block that holds a key: the next one, as a rule.
    private mutating func moveOn(to target: UInt64) throws(StoreError) {
        if let next = ahead.takeFirst(target) {
            // SAFETY: the block lies in the map, which the view of this walk keeps as it is.
            let bytes = unsafe _overrideLifetime(
                RawSpan(_unsafeStart: next.start, byteCount: next.byteCount), copying: cursor)
            block = try DocumentBlock(bytes)
            try lookAhead(to: BlocksAhead.capacity)
        } else {
            ahead.forget()
            block = try Self.seek(cursor, target)
            try lookAhead(to: 1)
        }
    }

    /// Finds the blocks that follow and starts to fetch their directories: on a page of fifty
    /// orders that hides twenty cache misses, a tenth of the page's cost.
    mutating func lookAhead(to depth: Int) throws(StoreError) {
        do throws(LMDBError) {
            while ahead.count < depth {
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
        let bytes: RawSpan
        do throws(LMDBError) {
            if let entry = try cursor.seek(atOrBefore: key) {
                bytes = entry.value
            } else {
                bytes = RawSpan()
            }
        } catch {
            throw StoreError(error)
        }
        return try DocumentBlock(bytes)
    }
}

/// The blocks that follow the one a walk stands on, first in, first out.
private struct BlocksAhead {
    /// Blocks that are fetched ahead: enough to hide a miss behind the work on four blocks.
    static let capacity = 4

    struct Block {
        var key: UInt64
        var start: UnsafeRawPointer
        var byteCount: Int
    }

    private var blocks = InlineArray<4, Block?>(repeating: nil)
    private var first = 0
    private(set) var count = 0

    @inline(__always)
    mutating func append(_ key: UInt64, _ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        relay_prefetch(UInt(bitPattern: start))
        relay_prefetch(UInt(bitPattern: start) + 64)
        blocks[(first + count) % Self.capacity] = Block(
            key: key, start: start, byteCount: bytes.count)
        count += 1
    }

    /// Takes the block that follows, if it begins with this key.
    @inline(__always)
    mutating func takeFirst(_ key: UInt64) -> Block? {
        guard count > 0, let block = blocks[first], block.key == key else { return nil }
        first = (first + 1) % Self.capacity
        count -= 1
        return block
    }

    mutating func forget() { count = 0 }
}
