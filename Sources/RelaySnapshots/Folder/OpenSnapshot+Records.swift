import RelayRecords
import RelayStore

extension OpenSnapshot {
    /// A record as it was: its JSON, whose checksum was found right. nil if there was none.
    public func json(of key: DocumentKey) throws(SnapshotError) -> [UInt8]? {
        do throws(StoreError) {
            let pinned = try store.pin()
            guard let document = try pinned.view.document(key) else { return nil }
            guard document.isIntact else { throw damaged(key) }
            // SAFETY: copied inside the closure.
            return try pinned.view.withJSON(of: document) { Array($0) }
        } catch {
            throw .store(error)
        }
    }

    /// The bytes of an attachment's file, in order, chunk by chunk. `body` says whether to go on.
    ///
    /// - Returns: false if there was no such attachment.
    public func forEachChunk(
        ofAttachment key: DocumentKey, _ body: (UnsafeRawBufferPointer) -> Bool
    ) throws(SnapshotError) -> Bool {
        do throws(StoreError) {
            let pinned = try store.pin()
            guard let document = try pinned.view.document(key) else { return false }
            guard document.isIntact,
                let content = AttachmentContent(privateBytes: document.privateBytes)
            else { throw damaged(key) }
            for number in 0..<BlobRecord.chunks(of: content.byteCount) {
                let chunk = try pinned.view.chunk(content.content, number)
                // SAFETY: the bytes lie in the map, which the pin keeps.
                guard chunk.withUnsafeBytes(body) else { break }
            }
            return true
        } catch {
            throw .store(error)
        }
    }

    private func damaged(_ key: DocumentKey) -> StoreError {
        .corrupted(
            what: "\(Manifest.name(ofResource: key.resource)) \(key.id) of account \(key.account)")
    }
}
