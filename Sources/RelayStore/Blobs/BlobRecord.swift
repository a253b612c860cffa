import CXXHash
import LMDB

/// What is known of a blob: the bytes of a file, stored in chunks beside the documents.
///
/// A blob belongs to one document from the moment it is adopted and never changes afterwards, so
/// its chunks may be read under different commits. Before that it is an *upload*: chunks that
/// nothing refers to, removed again if no document adopts them.
public struct BlobRecord: Equatable, Sendable {
    /// The document that the blob belongs to.
    public let owner: DocumentKey
    /// Bytes of the whole.
    public let byteCount: Int
    /// BLAKE2b-256 of the whole.
    public let digest: BlobDigest

    static let storedBytes = 48

    /// Chunks that so many bytes are cut into.
    public static func chunks(of byteCount: Int) -> Int {
        (byteCount + Limits.chunkBytes - 1) / Limits.chunkBytes
    }

    /// Bytes of one of them: all but the last are full.
    public static func bytes(ofChunk number: Int, of byteCount: Int) -> Int {
        min(Limits.chunkBytes, byteCount - number * Limits.chunkBytes)
    }

    init(owner: DocumentKey, byteCount: Int, digest: BlobDigest) {
        self.owner = owner
        self.byteCount = byteCount
        self.digest = digest
    }

    /// owner's key u64, bytes u64, digest 32.
    init(stored: RawSpan) throws(StoreError) {
        guard stored.byteCount == Self.storedBytes else {
            throw .corrupted(what: "the record of a blob")
        }
        owner = DocumentKey(rawValue: stored.word(at: 0))
        byteCount = Int(truncatingIfNeeded: stored.word(at: 8))
        digest = BlobDigest(
            words: SIMD4(
                stored.word(at: 16), stored.word(at: 24), stored.word(at: 32), stored.word(at: 40)))
    }

    var stored: InlineArray<6, UInt64> {
        let words = digest.words
        return [owner.rawValue, UInt64(byteCount), words[0], words[1], words[2], words[3]]
    }
}

/// Where a chunk is kept: blob id × 2^16 + number.
enum ChunkKey {
    static func key(_ blob: UInt64, _ number: Int) -> UInt64 {
        precondition(blob >> (64 - Limits.chunkBits) == 0 && number >> Limits.chunkBits == 0)
        return blob << Limits.chunkBits | UInt64(number)
    }

    static func blob(_ key: UInt64) -> UInt64 { key >> Limits.chunkBits }

    static func number(_ key: UInt64) -> Int { Int(key & (1 << Limits.chunkBits - 1)) }

    static let checksumBytes = 8
}

extension RawSpan {
    /// The bytes of a stored chunk behind their checksum; nil unless they are what was written.
    @_lifetime(copy self)
    func intactChunk(_ key: UInt64) -> RawSpan? {
        guard byteCount >= ChunkKey.checksumBytes else { return nil }
        let bytes = extracting(ChunkKey.checksumBytes..<byteCount)
        // SAFETY: the bytes are only read, while the span is borrowed.
        let checksum = bytes.withUnsafeBytes { chunkChecksum(key, $0) }
        return checksum == word(at: 0) ? bytes : nil
    }
}

/// XXH3-64 of a chunk's bytes, seeded with its key: a chunk in another's place does not fit either.
func chunkChecksum(_ key: UInt64, _ bytes: UnsafeRawBufferPointer) -> UInt64 {
    XXH3_64bits_withSeed(bytes.baseAddress, bytes.count, key)
}

extension StoreView {
    /// A blob that a document owns; nil for an upload.
    public func blob(_ id: UInt64) throws(StoreError) -> BlobRecord? {
        guard let stored = try value(id, in: databases.blobs) else { return nil }
        return try BlobRecord(stored: stored)
    }

    /// The bytes of a chunk, whose checksum was found right.
    @_lifetime(copy self)
    public func chunk(_ id: UInt64, _ number: Int) throws(StoreError) -> RawSpan {
        let key = ChunkKey.key(id, number)
        guard let value = try value(key, in: databases.chunks), let bytes = value.intactChunk(key)
        else { throw .corrupted(chunk: number, of: id) }
        return bytes
    }

    /// Ids of all uploads: as many as are under way, and what was left of others.
    public func uploads() throws(StoreError) -> [UInt64] {
        var ids: [UInt64] = []
        while let id = try upload(atOrAfter: ids.last.map { $0 + 1 } ?? 0) { ids.append(id) }
        return ids
    }

    /// Ids of uploads that nobody brings when a store is opened: those of the process before, and what it
    /// left of blobs that lost their documents. In a replica uploads come through the log: they end with the
    /// session that brings them, on all hosts alike.
    public func leftUploads() throws(StoreError) -> [UInt64] {
        let all = try uploads()
        guard try replicaState() != nil else { return all }
        var left: [UInt64] = []
        for id in all where try upload(id) == UploadRecord() { left.append(id) }
        return left
    }

    /// The first upload from an id on.
    func upload(atOrAfter id: UInt64) throws(StoreError) -> UInt64? {
        try lifting { () throws(LMDBError) in
            try transaction.cursor(databases.uploads).seek(atOrAfter: id)?.key
        }
    }

    func hasChunk(_ id: UInt64, _ number: Int) throws(StoreError) -> Bool {
        try value(ChunkKey.key(id, number), in: databases.chunks) != nil
    }

    func isUpload(_ id: UInt64) throws(StoreError) -> Bool { try upload(id) != nil }

    /// What is known of an upload.
    func upload(_ id: UInt64) throws(StoreError) -> UploadRecord? {
        guard let value = try value(id, in: databases.uploads) else { return nil }
        return try UploadRecord(value)
    }

    /// The first chunk of a blob from a number on.
    fileprivate func chunkKey(
        _ id: UInt64, from number: Int = 0
    ) throws(StoreError) -> UInt64? {
        let key = try lifting { () throws(LMDBError) in
            try transaction.cursor(databases.chunks).seek(atOrAfter: ChunkKey.key(id, number))?.key
        }
        guard let key, ChunkKey.blob(key) == id else { return nil }
        return key
    }
}

extension StoreReader {
    /// The bytes of a chunk, whose checksum was found right now or a short time ago.
    @_lifetime(borrow self)
    public borrowing func chunk(_ id: UInt64, _ number: Int) throws(StoreError) -> RawSpan {
        let key = ChunkKey.key(id, number)
        let view = view
        guard let value = try view.value(key, in: view.databases.chunks),
            let bytes = intactChunks.intact(key, value, at: now)
        else { throw .corrupted(chunk: number, of: id) }
        return bytes
    }
}

extension StoreError {
    fileprivate static func corrupted(chunk number: Int, of id: UInt64) -> StoreError {
        .corrupted(what: "chunk \(number) of blob \(id)")
    }
}

extension StoreTransaction {
    /// Whether there is an upload that can be used. In a replica one that has ended is there until this host has
    /// removed it, which others do earlier or later: what comes out of the log must not see it.
    func isOpen(upload id: UInt64) throws(StoreError) -> Bool {
        guard let record = try view.upload(id) else { return false }
        return session == nil || record != UploadRecord()
    }

    /// Whether there is a blob or an upload of this id.
    private func isTaken(_ id: UInt64) throws(StoreError) -> Bool {
        if try isOpen(upload: id) { return true }
        return try view.value(id, in: view.databases.blobs) != nil
    }

    /// Begins an upload, under an id that is the blob's once it is adopted.
    public mutating func beginUpload(_ id: UInt64) throws(StoreError) {
        try beginUpload(id, UploadRecord(session: session))
    }

    private mutating func beginUpload(
        _ id: UInt64, _ record: UploadRecord
    ) throws(StoreError) {
        if try isTaken(id) { throw .blobExists }
        // What is left of one that has ended.
        if try view.isUpload(id) { try removeChunks(of: id, from: 0) }
        try charge(0)
        try put(record.stored.span.bytes, at: id, in: databases.uploads)
    }

    /// Whether a chunk is the first that comes of an upload. From a log that hosts share they may come in
    /// any order.
    func begins(chunk number: Int, of id: UInt64) throws(StoreError) -> Bool {
        guard let session else { return number == 0 }
        return try view.upload(id)?.session != session
    }

    /// As above, for a document that comes behind its blob.
    mutating func beginUpload(
        for owner: DocumentKey, seed: UInt64
    ) throws(StoreError) -> UInt64 {
        var attempt: UInt64 = 0
        var id = BlobID.derived(from: seed, for: owner, attempt: attempt)
        while try isTaken(id) {
            attempt += 1
            id = BlobID.derived(from: seed, for: owner, attempt: attempt)
        }
        try beginUpload(id, UploadRecord(owner: owner, session: session))
        return id
    }

    /// Removes the chunks of an upload from a number on.
    mutating func removeChunks(of id: UInt64, from number: Int) throws(StoreError) {
        while let key = try view.chunkKey(id, from: number) {
            try delete(key, in: databases.chunks)
        }
    }

    /// Stores a chunk of an upload. All but the last have `Limits.chunkBytes`.
    public mutating func putChunk(
        _ id: UInt64, _ number: Int, _ bytes: RawSpan
    ) throws(StoreError) {
        precondition(bytes.byteCount <= Limits.chunkBytes)
        guard try isOpen(upload: id) else { throw .noUpload(id) }
        let key = ChunkKey.key(id, number)
        try charge(bytes.byteCount)
        // SAFETY: the bytes are copied before the closures return.
        do throws(LMDBError) {
            try bytes.withUnsafeBytes { (bytes) throws(LMDBError) in
                try transaction.reserve(
                    ChunkKey.checksumBytes + bytes.count, at: key, in: databases.chunks
                ) { room in
                    room.storeBytes(of: chunkChecksum(key, bytes), as: UInt64.self)
                    UnsafeMutableRawBufferPointer(rebasing: room[ChunkKey.checksumBytes...])
                        .copyMemory(from: bytes)
                }
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// Makes an upload the blob of a document.
    public mutating func adoptUpload(
        _ id: UInt64, by owner: DocumentKey, byteCount: Int, digest: BlobDigest
    ) throws(StoreError) {
        guard try isOpen(upload: id) else { throw .noUpload(id) }
        try charge(BlobRecord.storedBytes)
        try count(owner.account, fileBytes: byteCount)
        try delete(id, in: databases.uploads)
        let record = BlobRecord(owner: owner, byteCount: byteCount, digest: digest)
        try put(record.stored.span.bytes, at: id, in: databases.blobs)
    }

    /// Removes an upload, but not what was adopted. In a replica each host removes for itself what has ended,
    /// and nothing else; what comes out of the log removes the others.
    ///
    /// - Parameter budget: chunks that may be removed; what is removed is taken off.
    /// - Returns: whether all of it is gone.
    mutating func removeUpload(_ id: UInt64, _ budget: inout Int) throws(StoreError) -> Bool {
        guard let record = try view.upload(id) else { return true }
        if try isReplica, (session == nil) != (record == UploadRecord()) { return true }
        while let key = try view.chunkKey(id) {
            if budget == 0 { return false }
            budget -= 1
            try delete(key, in: databases.chunks)
        }
        return try delete(id, in: databases.uploads)
    }
}
