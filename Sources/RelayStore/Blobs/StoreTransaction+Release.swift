/// The end of a blob whose document goes.
extension StoreTransaction {
    /// Takes a blob from the document that owns it. From here on it is an upload that nobody brings;
    /// the writer removes its chunks behind the commit, in slices, so that a large file keeps no other
    /// write waiting. What a process leaves of that is removed at relayd's next start.
    public mutating func releaseBlob(
        _ id: UInt64, of owner: DocumentKey
    ) throws(StoreError) {
        guard let record = try view.blob(id), record.owner == owner else {
            throw .corrupted(what: "blob \(id)")
        }
        try count(owner.account, fileBytes: -record.byteCount)
        try delete(id, in: databases.blobs)
        // Not charged: deletions work in a full store.
        try put(RawSpan(), at: id, in: databases.uploads)
        released.append(id)
    }
}
