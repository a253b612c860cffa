/// A run of a long document's JSON that is stored under a key of its own: elements of an array in it.
///
/// So whoever adds an element writes the document's head and now and then one segment, not all of it.
///
///     segment   24 × count  key u64, checksum u64, bytes u32, elements u32
///     trailer   16          seam u32, count u32, bytes of the private bytes before u32, 0 u32
///
/// Both stand at the end of the head's private bytes. The document's JSON is that of its head up to
/// the seam, each segment and a comma, and the rest of its head.
public struct DocumentSegment: Equatable, Sendable {
    /// The key it is stored under.
    public let key: DocumentKey
    /// See `DocumentView.checksum`: the head names its segments as they are, not only where.
    let checksum: UInt64
    /// Bytes of its JSON, without the comma that follows.
    public let byteCount: Int
    /// Elements in it.
    public let count: Int

    static let storedBytes = 24

    /// Appends the record of a head's private bytes.
    func append(to bytes: inout [UInt8]) {
        let sizes = UInt64(count) << 32 | UInt64(byteCount)
        for word in [key.rawValue, checksum, sizes] { bytes.append(word: word) }
    }
}

/// Where a head's private bytes have its segments.
struct SegmentTable {
    static let trailerBytes = 16
    /// Where the segments stand in the head's JSON.
    let seam: Int
    let count: Int
    /// Private bytes that are the document's own.
    let ownBytes: Int
    private let start: Int

    /// Reads the trailer; nothing in it is believed before the sizes add up.
    init(_ privateBytes: RawSpan, jsonBytes: Int) throws(StoreError) {
        let trailer = privateBytes.byteCount - Self.trailerBytes
        guard trailer >= 0 else { throw .corrupted(what: "the segments of a document") }
        seam = Int(privateBytes.uint32(at: trailer))
        count = Int(privateBytes.uint32(at: trailer + 4))
        ownBytes = Int(privateBytes.uint32(at: trailer + 8))
        start = trailer - DocumentSegment.storedBytes * count
        guard count > 0, seam <= jsonBytes, ownBytes <= start else {
            throw .corrupted(what: "the segments of a document")
        }
    }

    func segment(at index: Int, in privateBytes: RawSpan) -> DocumentSegment {
        precondition(index >= 0 && index < count)
        let place = start + DocumentSegment.storedBytes * index
        return DocumentSegment(
            key: DocumentKey(rawValue: privateBytes.word(at: place)),
            checksum: privateBytes.word(at: place + 8),
            byteCount: Int(privateBytes.uint32(at: place + 16)),
            count: Int(privateBytes.uint32(at: place + 20)))
    }

    /// A head's private bytes: the document's own and the table, with so many zeros between that the
    /// head's block holds nothing else.
    static func privateBytes(
        _ own: RawSpan, jsonBytes: Int, seam: Int, _ segments: [DocumentSegment]
    ) -> [UInt8] {
        var bytes = own.copied()
        let table = DocumentSegment.storedBytes * segments.count + trailerBytes
        let alone = Limits.blockBytes + 1 - DocumentBlock.headerBytes - DocumentBlock.entryBytes
        let padding = alone - jsonBytes - 1 - own.byteCount - table
        if padding > 0 { bytes += [UInt8](repeating: 0, count: padding) }
        for segment in segments { segment.append(to: &bytes) }
        bytes.append(word: UInt64(segments.count) << 32 | UInt64(seam))
        bytes.append(word: UInt64(own.byteCount))
        return bytes
    }
}

extension DocumentView {
    /// What is stored elsewhere of its JSON; none of most documents.
    public var segments: [DocumentSegment] {
        guard let table else { return [] }
        return (0..<table.count).map { table.segment(at: $0, in: stored) }
    }

    /// Where its segments stand in its JSON, and what of its private bytes is its own.
    var table: SegmentTable? {
        hasSegments ? try? SegmentTable(stored, jsonBytes: json.byteCount) : nil
    }

    /// Bytes of its whole JSON, without a comma behind it.
    public var jsonBytes: Int {
        segments.reduce(json.byteCount) { $0 + $1.byteCount + 1 }
    }
}

// MARK: - Reading

extension StoreView {
    /// Hands over a document's JSON in pieces as they lie in the map: one of most documents.
    ///
    /// - Parameters:
    ///   - verifies: whether each segment is compared with its checksum, which costs less than to send it.
    ///     If not, one that is missing is left out.
    ///   - damage: where one that is damaged is noted.
    public func forEachPiece(
        of document: borrowing DocumentView, verifies: Bool = true,
        _ damage: DamagedDocuments? = nil, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(StoreError) {
        try forEachRun(of: document, commas: 0, verifies: verifies, damage, body)
    }

    /// As above, with the comma behind the document if `commas` is 1.
    func forEachRun(
        of document: borrowing DocumentView, commas: Int, verifies: Bool = true,
        _ damage: DamagedDocuments? = nil, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(StoreError) {
        let seam = document.table?.seam ?? 0
        if seam > 0 {
            // SAFETY: in the map, which the view keeps as it is; so are all pieces below.
            document.json.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[..<seam])) }
        }
        for segment in document.segments {
            guard let found = try self.segment(segment, verifies: verifies, damage) else {
                continue
            }
            // SAFETY: a comma follows each document in its block.
            found.json.withUnsafeBytes {
                body(UnsafeRawBufferPointer(start: $0.baseAddress, count: $0.count + 1))
            }
        }
        // SAFETY: as above.
        document.json.withUnsafeBytes { json in
            body(
                UnsafeRawBufferPointer(
                    start: json.baseAddress.map { $0 + seam }, count: json.count - seam + commas))
        }
    }

    /// Lends a document's whole JSON: as it lies in the map, or put together from its pieces.
    public func withJSON<Result>(
        of document: borrowing DocumentView, verifies: Bool = true,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(StoreError) -> Result {
        // SAFETY: the closure's caller is done with the bytes when it returns.
        if !document.hasSegments { return document.json.withUnsafeBytes(body) }
        var joined: [UInt8] = []
        joined.reserveCapacity(document.jsonBytes)
        try forEachPiece(of: document, verifies: verifies) { joined.append(contentsOf: $0) }
        return joined.withUnsafeBytes(body)
    }

    /// Whether a document is what was written, with all its segments.
    public func isIntact(_ document: borrowing DocumentView) throws(StoreError) -> Bool {
        guard document.isIntact else { return false }
        for segment in document.segments {
            guard let found = try self.document(segment.key), found.checksum == segment.checksum,
                found.isIntact
            else { return false }
        }
        return true
    }

    /// A segment as its head names it.
    @_lifetime(copy self)
    private func segment(
        _ segment: DocumentSegment, verifies: Bool, _ damage: DamagedDocuments?
    ) throws(StoreError) -> DocumentView? {
        guard let found = try document(segment.key) else {
            if verifies { throw .corrupted(what: "document \(segment.key.describing)") }
            return nil
        }
        if !verifies || found.checksum == segment.checksum && found.isIntact { return found }
        damage?.note(segment.key)
        throw .corrupted(what: "document \(segment.key.describing)")
    }
}

extension StoreReader {
    /// As `StoreView.forEachPiece`; a segment that is damaged is noted.
    public borrowing func forEachPiece(
        of document: borrowing DocumentView, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(StoreError) {
        let view = view
        try view.forEachPiece(of: document, damage, body)
    }
}

// MARK: - Writing

extension StoreTransaction {
    /// Stores a segment of a document under a key that is not in use; no change lists it. The document
    /// names it from its next `putDocument` on, and until one that does not.
    public mutating func putSegment(
        _ key: DocumentKey, json: RawSpan, elements: Int, version: UInt64
    ) throws(StoreError) -> DocumentSegment {
        guard json.byteCount <= Limits.documentBytes else {
            throw .documentFull(key, byteCount: json.byteCount)
        }
        try put(json, RawSpan(), UInt128(key.rawValue), key, word: version, in: .documents)
        return DocumentSegment(
            key: key, checksum: documentChecksum(key.rawValue, version, json, RawSpan()),
            byteCount: json.byteCount, count: elements)
    }

    /// Removes the segments of the document that begins a block, but for those that it keeps.
    mutating func removeSegments(
        ofBlock place: UInt128, keeping kept: [DocumentSegment]
    ) throws(StoreError) {
        for segment in try segments(ofBlock: place) where !kept.contains(segment) {
            guard try delete(UInt128(segment.key.rawValue), in: .documents) else { continue }
            scratch.move(segment.key.rawValue)
        }
    }

    private func segments(ofBlock place: UInt128) throws(StoreError) -> [DocumentSegment] {
        let view = view
        guard let bytes = try view.blockBytes(at: place, in: .documents) else { return [] }
        let block = try DocumentBlock(bytes)
        return block.hasSegments ? try block.document(at: 0).segments : []
    }
}
