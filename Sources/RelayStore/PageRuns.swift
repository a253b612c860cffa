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

    /// Stands before the document of a list's key.
    @_lifetime(copy view)
    init(_ view: borrowing StoreView, prefix: UInt64, key: UInt64) throws(StoreError) {
        let cursor = try view.documentCursor()
        let target = prefix | DocumentKey(rawValue: key).id
        let first = try Self.block(cursor, target, isNext: false)
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
        let isAtEnd = index + 1 == block.count
        if !isAtEnd, block.key(at: index + 1) == target {
            index += 1
        } else {
            index = block.position(of: target)
            if index == block.count || block.key(at: index) != target {
                flush(body)
                block = try Self.block(cursor, target, isNext: isAtEnd)
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

    /// The block that holds a key if any does; `isNext` guesses that it is the next one.
    @_lifetime(copy cursor)
    private static func block(
        _ cursor: borrowing Cursor, _ key: UInt64, isNext: Bool
    ) throws(StoreError) -> DocumentBlock {
        let bytes: RawSpan
        do throws(LMDBError) {
            if isNext, let next = try cursor.next(), next.key == key {
                bytes = next.value
            } else if let entry = try cursor.seek(atOrBefore: key) {
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
