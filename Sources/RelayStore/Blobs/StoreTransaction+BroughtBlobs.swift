/// Blobs that a load brings: their chunks come in commands of their own, before the document
/// that owns them.
///
/// Such an upload says which document it is for, so that whoever loads need not stay: a load that
/// was cut off is mended by loading again. What nobody mends is removed at relayd's next start.
extension StoreView {
    /// The upload whose chunks are for a document to come.
    func upload(for owner: DocumentKey) throws(StoreError) -> UInt64? {
        var next: UInt64? = 0
        // There are as many uploads as are under way.
        while let from = next, let id = try upload(atOrAfter: from) {
            if try upload(id)?.owner == owner { return id }
            next = id == .max ? nil : id + 1
        }
        return nil
    }
}

extension StoreTransaction {
    /// Keeps a chunk for a document to come; one that is there already is replaced.
    ///
    /// - Parameter seed: what the blob's id is derived from.
    /// - Returns: whether the chunk before it is there; if not, nothing is kept.
    public mutating func bringChunk(
        _ number: Int, of owner: DocumentKey, _ bytes: RawSpan, seed: UInt64
    ) throws(StoreError) -> Bool {
        var id = try view.upload(for: owner)
        if number > 0 {
            guard let id, try view.hasChunk(id, number - 1) else { return false }
        } else if id == nil {
            id = try beginUpload(for: owner, seed: seed)
        }
        try putChunk(id!, number, bytes)
        return true
    }

    /// Makes the chunks that were brought for a document its blob, if they are what it says.
    ///
    /// - Returns: the blob's id; nil when bytes are missing or others, and nothing is adopted.
    public mutating func adoptBroughtBlob(
        of owner: DocumentKey, byteCount: Int, digest: BlobDigest, seed: UInt64
    ) throws(StoreError) -> UInt64? {
        var id = try view.upload(for: owner)
        // An empty file has no chunk that could have begun it.
        if id == nil, byteCount == 0 { id = try beginUpload(for: owner, seed: seed) }
        guard let id, byteCount >= 0 else { return nil }
        let chunks = BlobRecord.chunks(of: byteCount)
        let hash = BlobDigest.begin()
        let view = view
        for number in 0..<chunks {
            guard try view.hasChunk(id, number) else { return nil }
            let bytes = try view.chunk(id, number)
            let isLast = number == chunks - 1
            let wanted = isLast ? byteCount - number * Limits.chunkBytes : Limits.chunkBytes
            guard bytes.byteCount == wanted else { return nil }
            // SAFETY: hashed while the view is borrowed.
            bytes.withUnsafeBytes { hash.update($0) }
        }
        guard BlobDigest(hash.finish()) == digest else { return nil }
        // Left by an attempt with another file.
        try removeChunks(of: id, from: chunks)
        try adoptUpload(id, by: owner, byteCount: byteCount, digest: digest)
        return id
    }
}
