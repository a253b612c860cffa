import LMDB

/// Compares what has a checksum with it. Several times as fast as `check`, which also looks at what
/// refers to what.
extension StoreView {
    /// Looks at every document, every copy of one in a covering index, and every chunk of a file. Only
    /// `documents`, `bytes`, `blocks`, `chunks` and `faults` of the report are filled in.
    public func checkSums() throws(StoreError) -> CheckReport {
        var report = CheckReport()
        try lifting { () throws(LMDBError) in
            try checkDocumentSums(&report)
            try checkCoveringIndexSums(&report)
            try checkChunkSums(&report)
        }
        return report
    }

    private func checkDocumentSums(_ report: inout CheckReport) throws(LMDBError) {
        let cursor = try transaction.cursor(databases.documents)
        guard let first = try cursor.first() else { return }
        compare(first.value, "document", &report)
        while let entry = try cursor.next() { compare(entry.value, "document", &report) }
    }

    private func checkCoveringIndexSums(_ report: inout CheckReport) throws(LMDBError) {
        var copies = CheckReport()
        let cursor = try transaction.cursor(databases.coveringIndexes)
        guard let first = try cursor.first() else { return }
        compare(first.value, "entry for", &copies)
        while let entry = try cursor.next() { compare(entry.value, "entry for", &copies) }
        for fault in copies.faults { report.fault(fault) }
    }

    private func checkChunkSums(_ report: inout CheckReport) throws(LMDBError) {
        let cursor = try transaction.cursor(databases.chunks)
        guard let first = try cursor.first() else { return }
        compare(chunk: first.key, first.value, &report)
        while let entry = try cursor.next() { compare(chunk: entry.key, entry.value, &report) }
    }

    private func compare(_ bytes: RawSpan, _ what: String, _ report: inout CheckReport) {
        do throws(StoreError) {
            let block = try DocumentBlock(bytes)
            report.blocks += 1
            for index in 0..<block.count {
                let document = try block.document(at: index)
                report.documents += 1
                report.bytes += document.json.byteCount
                if !document.isIntact {
                    report.fault("\(what) \(document.key.describing): wrong checksum")
                }
            }
        } catch {
            report.fault("\(what): \(error)")
        }
    }

    private func compare(chunk key: UInt64, _ value: RawSpan, _ report: inout CheckReport) {
        report.chunks += 1
        report.bytes += value.byteCount
        if value.intactChunk(key) != nil { return }
        report.fault(
            "chunk \(ChunkKey.number(key)) of blob \(ChunkKey.blob(key)): wrong checksum")
    }
}
