@testable import RelayRecords
@testable import RelayStore

extension RecordFixture {
    /// Puts a file into the store as an upload does.
    func upload(_ bytes: [UInt8]) throws -> UploadedFile {
        let hash = BlobDigest.begin()
        // SAFETY: the array's own bytes, during this call.
        bytes.withUnsafeBytes { hash.update($0) }
        let digest = BlobDigest(hash.finish())
        let id = BlobID.random()
        try store.write { (transaction) throws(StoreError) in
            try transaction.beginUpload(id)
            for number in 0..<BlobRecord.chunks(of: bytes.count) {
                let start = number * Limits.chunkBytes
                let end = min(bytes.count, start + Limits.chunkBytes)
                try transaction.putChunk(id, number, Array(bytes[start..<end]).span.bytes)
            }
        }
        return UploadedFile(
            name: "a.bin", type: "application/octet-stream", content: id, byteCount: bytes.count,
            digest: digest)
    }

    /// How many files have an owner, and how many wait for their chunks to be removed.
    func files() throws -> (owned: UInt64, released: UInt64) {
        let databases = try store.statistics().databases
        func entries(_ name: String) -> UInt64 {
            databases.first { $0.name == name }!.statistics.entries
        }
        return (entries("contents"), entries("uploads"))
    }
}
