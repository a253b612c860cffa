import CXXHash

/// Neighbouring documents of one account and resource in one LMDB value.
///
///     header     16   count u16, format u8 (1; 2 if its one document has segments), 0 u8, jsonBytes u32, privateBytes u32, 0 u32
///     directory  32 × count: key u64, version u64, checksum u64, jsonEnd u32, privateEnd u32
///     json       each document followed by ',', in ascending order of ids
///     private    each document's private bytes, in the same order
///
/// So the answers of neighbours are one run of bytes, ready to be sent as a part of a page.
struct DocumentBlock: ~Escapable {
    static let headerBytes = 16
    static let entryBytes = 32
    static let format: UInt8 = 1
    /// A block whose one document has segments (`DocumentSegment`).
    static let segmentedFormat: UInt8 = 2
    /// The most documents that fit a block: their entries and a comma each.
    static let mostDocuments = (Limits.blockBytes - headerBytes) / (entryBytes + 1)

    let bytes: RawSpan
    let count: Int
    let hasSegments: Bool
    private let jsonStart: Int
    private let privateStart: Int

    /// Looks at a value; the sizes must add up before anything in it is believed.
    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) throws(StoreError) {
        guard bytes.byteCount >= Self.headerBytes else {
            throw .corrupted(what: "the header of a block of documents")
        }
        let format = bytes.byte(at: 2)
        hasSegments = format == Self.segmentedFormat
        guard hasSegments || format == Self.format else {
            throw .corrupted(what: "the header of a block of documents")
        }
        // The header is there: each of these adds at most 2^32, so nothing overflows.
        count = Int(bytes.uint16(at: 0))
        jsonStart = Self.headerBytes &+ Self.entryBytes &* count
        privateStart = jsonStart &+ bytes.uint32(unchecked: 4)
        guard count > 0, privateStart &+ bytes.uint32(unchecked: 8) == bytes.byteCount else {
            throw .corrupted(what: "the header of a block of documents")
        }
        self.bytes = bytes
    }

    /// Looks at a block whose address is known and whose length is in its header.
    @_lifetime(immortal)
    init(trusting start: UnsafeRawPointer) throws(StoreError) {
        // SAFETY: the caller knows that a block begins here, and says how long it lives.
        let count = Int(start.loadUnaligned(as: UInt16.self))
        let jsonBytes = Int(start.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        let privateBytes = Int(start.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        let byteCount = Self.headerBytes + Self.entryBytes * count + jsonBytes + privateBytes
        let bytes = RawSpan(_unsafeStart: start, byteCount: byteCount)
        try self.init(unsafe _overrideLifetime(bytes, copying: ()))
    }

    /// A block without documents, which is none that is stored.
    static var none: DocumentBlock {
        @_lifetime(immortal) get { DocumentBlock(empty: ()) }
    }

    @_lifetime(immortal)
    private init(empty: ()) {
        bytes = RawSpan()
        count = 0
        hasSegments = false
        jsonStart = 0
        privateStart = 0
    }

    /// A block that holds one document too large for sharing.
    var isOversize: Bool { bytes.byteCount > Limits.blockBytes }

    @inline(__always)
    func key(at index: Int) -> UInt64 {
        precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
        // `init` saw to it that the directory has `count` entries.
        return bytes.word(unchecked: offset(index))
    }

    @inline(__always)
    func version(at index: Int) -> UInt64 { bytes.word(at: offset(index) + 8) }

    @inline(__always)
    func checksum(at index: Int) -> UInt64 { bytes.word(at: offset(index) + 16) }

    /// Position of the first document whose key is not less.
    @inline(__always)
    func position(of key: UInt64) -> Int {
        var index = 0
        while index < count, self.key(at: index) < key { index &+= 1 }
        return index
    }

    /// How many documents from `index` on are those of a leaf's keys from `first` on, one by one,
    /// up to `most`; the first is known to be.
    @inline(__always)
    func count(
        from index: Int, following leaf: borrowing ListNode<UInt64>, from first: Int,
        _ prefix: UInt64,
        most: Int
    ) -> Int {
        precondition(index >= 0 && first >= 0)
        let end = min(count &- index, most, leaf.count &- first)
        var found = 1
        // Both positions are below their counts, by the choice of `end`.
        while found < end,
            bytes.word(unchecked: offset(index &+ found))
                == prefix | leaf.id(unchecked: first &+ found)
        {
            found &+= 1
        }
        return found
    }

    /// Where a document's JSON with its comma lies within the block.
    @inline(__always)
    func json(at index: Int) throws(StoreError) -> Range<Int> { try json(of: index..<index + 1) }

    /// Where the JSON of neighbours lies within the block, each with its comma.
    @inline(__always)
    func json(of documents: Range<Int>) throws(StoreError) -> Range<Int> {
        precondition(documents.lowerBound >= 0 && documents.upperBound <= count)
        // The directory has `count` entries; each ends where the next one's JSON begins.
        let (first, end) = (offset(documents.lowerBound), offset(documents.upperBound))
        let from = documents.lowerBound == 0 ? 0 : bytes.uint32(unchecked: first &- 8)
        let to = bytes.uint32(unchecked: end &- 8)
        guard from < to, jsonStart &+ to <= privateStart else {
            throw .corrupted(what: "the directory of a block of documents")
        }
        return Range(uncheckedBounds: (jsonStart &+ from, jsonStart &+ to))
    }

    /// Where a document's private bytes lie within the block.
    @inline(__always)
    func privateBytes(at index: Int) throws(StoreError) -> Range<Int> {
        let start = index == 0 ? 0 : Int(bytes.uint32(at: offset(index) - 4))
        let end = Int(bytes.uint32(at: offset(index) + 28))
        guard start <= end, privateStart + end <= bytes.byteCount else {
            throw .corrupted(what: "the directory of a block of documents")
        }
        return privateStart + start..<privateStart + end
    }

    /// A document by its position.
    @_lifetime(copy self)
    func document(at index: Int) throws(StoreError) -> DocumentView {
        let json = try json(at: index)
        let privateBytes = try privateBytes(at: index)
        if hasSegments {
            _ = try SegmentTable(
                bytes.extracting(privateBytes), jsonBytes: json.count - 1)
        }
        return DocumentView(
            key: DocumentKey(rawValue: key(at: index)), version: version(at: index),
            checksum: checksum(at: index),
            json: bytes.extracting(json.lowerBound..<json.upperBound - 1),
            stored: bytes.extracting(privateBytes), hasSegments: hasSegments)
    }

    @inline(__always)
    private func offset(_ index: Int) -> Int { Self.headerBytes &+ Self.entryBytes &* index }
}

/// A document in the map: the bytes of its answer, and what the server knows besides.
public struct DocumentView: ~Escapable {
    /// Account, resource and id.
    public let key: DocumentKey
    /// Sequence number of the change that wrote it.
    public let version: UInt64
    /// See `isIntact`.
    public let checksum: UInt64
    /// The bytes of the answer, without the comma that follows them in the map; of a document with
    /// segments those of its head: `StoreView.withJSON` has all of them.
    public let json: RawSpan
    /// Facts that are not part of the answer, and behind them what its segments are.
    let stored: RawSpan
    /// Whether a part of the answer is stored elsewhere.
    public let hasSegments: Bool

    @_lifetime(copy json, copy stored)
    init(
        key: DocumentKey, version: UInt64, checksum: UInt64, json: RawSpan, stored: RawSpan,
        hasSegments: Bool
    ) {
        self.key = key
        self.version = version
        self.checksum = checksum
        self.json = json
        self.stored = stored
        self.hasSegments = hasSegments
    }

    /// Facts that are not part of the answer.
    public var privateBytes: RawSpan {
        @_lifetime(copy self) get {
            // The table was read when the document was found.
            stored.extracting(first: table?.ownBytes ?? stored.byteCount)
        }
    }

    /// The id within account and resource.
    public var id: UInt64 { key.id }

    /// Whether the bytes are those that were written, under the key they were written to: LMDB
    /// itself does not notice a flipped bit. Segments have checksums of their own.
    public var isIntact: Bool {
        checksum == documentChecksum(key.rawValue, version, json, stored)
    }
}

/// XXH3-64 over key, version and the hashes of both parts.
func documentChecksum(
    _ key: UInt64, _ version: UInt64, _ json: RawSpan, _ privateBytes: RawSpan
) -> UInt64 {
    // SAFETY: the hash reads the bytes inside the closures.
    let parts: InlineArray<4, UInt64> = [
        key, version,
        json.withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) },
        privateBytes.withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) },
    ]
    return parts.span.bytes.withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) }
}
