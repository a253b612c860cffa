import LMDB

/// What can still be read of a store whose file is partly damaged: documents and chunks by their own
/// checksums, and what has none where its pages are vouched for.
public final class StoreSalvage {
    private var pages: PageSalvage
    /// Where a document is: its block, and its position there.
    private struct Place {
        // SAFETY: lies in the map of `pages`, which live as long as this value.
        var block: UnsafeRawBufferPointer
        var index: Int
    }
    private var documents: [UInt64: Place] = [:]
    // SAFETY (this and the next two): as above.
    private var chunks: [UInt64: UnsafeRawBufferPointer] = [:]
    /// Large values that no tree leads to: chunks, for who knows which.
    private var keyless: [UnsafeRawBufferPointer] = []
    /// Lists on pages that are vouched for.
    private let lists: SalvagedLists
    /// Lists on any pages.
    private let doubtfulLists: SalvagedLists

    /// Whether all API keys can be relied on.
    public private(set) var hasAllKeys = false
    private(set) var keyEntries: [(key: [UInt8], value: [UInt8])] = []

    /// Reads the data file of a directory, in which nobody writes.
    ///
    /// - Parameter vouched: pages whose bytes are what was written.
    public init(
        in directory: String, pageBytes: Int, vouched: PageSet
    ) throws(StoreError) {
        pages = try lifting { () throws(LMDBError) in
            try PageSalvage(in: directory, pageBytes: pageBytes, vouched: vouched)
        }
        var all = PageSet(below: vouched.bound)
        all.insert(0..<vouched.bound)
        doubtfulLists = try SalvagedLists(in: directory, pageBytes: pageBytes, vouched: all)
        lists = try SalvagedLists(in: directory, pageBytes: pageBytes, vouched: vouched)
        _ = pages.forEachEntry(of: "documents") { note(document: $0) }
        _ = pages.forEachEntry(of: "chunks") { note(chunk: $0) }
        hasAllKeys = pages.forEachEntry(of: "keys") { entry in
            guard entry.isVouched, let key = entry.key else { return }
            keyEntries.append((Array(key), Array(entry.value)))
        }
        // What these have is not looked for among what no tree leads to.
        for name in Self.otherDatabases { _ = pages.forEachEntry(of: name) { _ in } }
        pages.forEachLooseEntry { entry in
            if entry.key == nil {
                if !note(keyless: entry.value) { keyless.append(entry.value) }
            } else if !note(document: entry) {
                note(chunk: entry)
            }
        }
    }

    private static let otherDatabases = [
        "blocks", "lists", "counters", "changes", "contents", "uploads", "copies", "lookups",
        "meta",
        "idempotency",
    ]

    // MARK: What is found

    /// Takes the documents of a block whose checksums are right; false if it is none.
    @discardableResult
    private func note(document entry: PageSalvage.Entry) -> Bool {
        guard let number = entry.number else { return false }
        // SAFETY: read during the call.
        guard let block = try? DocumentBlock(RawSpan(_unsafeBytes: entry.value)),
            block.key(at: 0) == number
        else { return false }
        return note(block, entry.value)
    }

    private func note(
        _ block: borrowing DocumentBlock, _ bytes: UnsafeRawBufferPointer
    ) -> Bool {
        var isAny = false
        for index in 0..<block.count {
            guard let document = try? block.document(at: index), document.isIntact else { continue }
            isAny = true
            // What a tree led to came first.
            if documents[document.key.rawValue] == nil {
                documents[document.key.rawValue] = Place(block: bytes, index: index)
            }
        }
        return isAny
    }

    /// A large value without a key that may be a block, whose header says how long it is.
    private func note(keyless value: UnsafeRawBufferPointer) -> Bool {
        guard value.count >= DocumentBlock.headerBytes else { return false }
        let count = Int(value.loadUnaligned(as: UInt16.self))
        let byteCount =
            DocumentBlock.headerBytes + DocumentBlock.entryBytes * count
            + Int(value.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
            + Int(value.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        guard byteCount <= value.count else { return false }
        let bytes = UnsafeRawBufferPointer(rebasing: value[..<byteCount])
        // SAFETY: read during the call.
        guard let block = try? DocumentBlock(RawSpan(_unsafeBytes: bytes)) else { return false }
        return note(block, bytes)
    }

    private func note(chunk entry: PageSalvage.Entry) {
        guard let number = entry.number, chunks[number] == nil else { return }
        // SAFETY: only whether it is intact leaves the span.
        if RawSpan(_unsafeBytes: entry.value).intactChunk(number) != nil {
            chunks[number] = entry.value
        }
    }

    // MARK: Documents

    /// The keys of all documents that are there, ascending; segments among them.
    public var keys: [DocumentKey] { documents.keys.sorted().map { DocumentKey(rawValue: $0) } }

    /// Hands over a document: its whole JSON and its private bytes. False if it, or a segment that it
    /// names, is not there.
    public func withDocument(
        _ key: DocumentKey, _ body: (_ json: [UInt8], _ privateBytes: [UInt8]) -> Void
    ) -> Bool {
        guard let place = documents[key.rawValue] else { return false }
        // SAFETY: read during the call, see `Place`.
        guard let block = try? DocumentBlock(RawSpan(_unsafeBytes: place.block)),
            let document = try? block.document(at: place.index),
            let json = json(of: document)
        else { return false }
        body(json, document.privateBytes.copied())
        return true
    }

    private func json(of document: borrowing DocumentView) -> [UInt8]? {
        guard let table = document.table else { return document.json.copied() }
        var json = document.json.extracting(first: table.seam).copied()
        for segment in document.segments {
            guard let place = documents[segment.key.rawValue],
                let block = try? DocumentBlock(RawSpan(_unsafeBytes: place.block)),
                let found = try? block.document(at: place.index),
                found.checksum == segment.checksum
            else { return nil }
            json += found.json.copied()
            json.append(UInt8(ascii: ","))
        }
        return json + document.json.extracting(droppingFirst: table.seam).copied()
    }

    // MARK: Chunks

    /// The bytes of a blob's chunk; nil if it is not there.
    ///
    /// - Parameter byteCount: bytes that it must have.
    public func chunk(_ blob: UInt64, _ number: Int, byteCount: Int) -> [UInt8]? {
        guard blob >> (64 - Limits.chunkBits) == 0 else { return nil }
        let key = ChunkKey.key(blob, number)
        if let value = chunks[key] {
            let bytes = value[ChunkKey.checksumBytes...]
            return bytes.count == byteCount ? Array(bytes) : nil
        }
        // Its checksum is seeded with its key: it tells this one from all others.
        let length = ChunkKey.checksumBytes + byteCount
        for (position, value) in keyless.enumerated() where value.count >= length {
            let bytes = UnsafeRawBufferPointer(rebasing: value[..<length])
            // SAFETY: only whether it is intact leaves the span.
            guard RawSpan(_unsafeBytes: bytes).intactChunk(key) != nil else { continue }
            keyless.swapAt(position, keyless.count - 1)
            keyless.removeLast()
            chunks[key] = bytes
            return Array(bytes[ChunkKey.checksumBytes...])
        }
        return nil
    }

    // MARK: Lists and counters

    /// The highest ids that were given out; nil unless all of them are there.
    ///
    /// - Parameter isDoubtful: whether also on pages that nobody vouches for, where they may be wrong.
    public func counters(isDoubtful: Bool = false) -> [CountedResource]? {
        (isDoubtful ? doubtfulLists : lists).counters
    }

    /// The keys of lists whose names pass.
    ///
    /// - Parameter isDoubtful: whether also on pages that nobody vouches for, where they may be wrong.
    public func forEachList(
        isDoubtful: Bool = false, where passes: (ListKey) -> Bool,
        _ body: (ListKey, [UInt128]) -> Void
    ) {
        (isDoubtful ? doubtfulLists : lists).forEach(where: passes, body)
    }
}

extension PageSalvage.Entry {
    /// A key of eight bytes as the number that it is.
    var number: UInt64? {
        guard let key, key.count == 8 else { return nil }
        return key.loadUnaligned(as: UInt64.self)
    }
}
