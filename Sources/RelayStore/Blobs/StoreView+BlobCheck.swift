import LMDB

/// Checks blobs: every chunk has its blob or upload, every blob its owner and all bytes.
extension StoreView {
    func checkBlobs(_ report: inout CheckReport) throws(StoreError) {
        try checkRecords(&report)
        try checkChunks(&report)
    }

    /// Reads every blob from end to end.
    private func checkRecords(_ report: inout CheckReport) throws(StoreError) {
        var next: UInt64? = 0
        while let from = next, let id = try key(atOrAfter: from, in: databases.blobs) {
            next = id == .max ? nil : id + 1
            report.blobs += 1
            guard let record = try blob(id) else { continue }
            if try isUpload(id) { report.fault("blob \(id): an upload as well") }
            if try document(record.owner) == nil {
                report.fault("blob \(id): no document \(record.owner.describing) owns it")
            }
            do throws(StoreError) {
                try check(id, record, &report)
            } catch {
                report.fault("blob \(id): \(error)")
            }
        }
    }

    private func check(
        _ id: UInt64, _ record: BlobRecord, _ report: inout CheckReport
    ) throws(StoreError) {
        let hash = BlobDigest.begin()
        var byteCount = 0
        for number in 0..<BlobRecord.chunks(of: record.byteCount) {
            let bytes = try chunk(id, number)
            byteCount += bytes.byteCount
            // SAFETY: hashed while the view is borrowed.
            bytes.withUnsafeBytes { hash.update($0) }
        }
        report.bytes += byteCount
        let digest = BlobDigest(hash.finish())
        if byteCount != record.byteCount || digest != record.digest {
            report.fault("blob \(id): not what its digest says")
        }
    }

    /// Looks for chunks that belong to nothing.
    private func checkChunks(_ report: inout CheckReport) throws(StoreError) {
        var next: UInt64? = 0
        while let from = next, let key = try key(atOrAfter: from, in: databases.chunks) {
            next = key == .max ? nil : key + 1
            report.chunks += 1
            let id = ChunkKey.blob(key)
            if let record = try blob(id) {
                if ChunkKey.number(key) >= BlobRecord.chunks(of: record.byteCount) {
                    report.fault("chunk \(ChunkKey.number(key)) of blob \(id): after its end")
                }
            } else if try !isUpload(id) {
                report.fault("chunk \(ChunkKey.number(key)) of blob \(id): belongs to nothing")
            }
        }
    }

    private func key(
        atOrAfter key: UInt64, in database: IntegerDatabase
    ) throws(StoreError) -> UInt64? {
        try lifting { () throws(LMDBError) in
            try transaction.cursor(database).seek(atOrAfter: key)?.key
        }
    }
}
