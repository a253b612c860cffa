/// Pages whose records were chosen elsewhere, in any order.
extension StoreReader {
    /// Hands over documents as runs of bytes in the map, each followed by a comma, as many as lie
    /// side by side in one run.
    ///
    /// Records that are neighbours on the page are seldom neighbours in the map: the reader's
    /// hints say where they lie, and those of the records ahead are fetched meanwhile.
    ///
    /// - Parameters:
    ///   - keys: the id of each document in the low word.
    ///   - isChecked: whether each document is compared with its checksum; otherwise one in some is.
    /// - Returns: how many documents were handed over; the page ends before the one that would
    ///   exceed `maxBytes`, but never before the first.
    public borrowing func appendRuns(
        of keys: Span<UInt128>, account: UInt32, resource: UInt8, maxBytes: Int,
        isChecked: Bool, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(StoreError) -> Int {
        func key(_ index: Int) -> DocumentKey {
            DocumentKey(
                account: account, resource: resource, id: UInt64(truncatingIfNeeded: keys[index]))
        }
        // Two stages ahead: the hint itself, then what it points to.
        for index in 0..<min(Limits.foreseenDocuments, keys.count) { foresee(key(index)) }
        for index in 0..<min(Limits.prefetchedDocuments, keys.count) { prefetch(key(index)) }
        var run = UnsafeRawBufferPointer(start: nil, count: 0)
        var bytes = 0
        for index in 0..<keys.count {
            let foreseen = index + Limits.foreseenDocuments
            if foreseen < keys.count { foresee(key(foreseen)) }
            let prefetched = index + Limits.prefetchedDocuments
            if prefetched < keys.count { prefetch(key(prefetched)) }
            let found = isChecked ? try intactDocument(key(index)) : try document(key(index))
            guard let document = found else {
                throw .corrupted(
                    what: "a list that names document \(key(index).describing), which is missing,")
            }
            let count = (document.hasSegments ? document.jsonBytes : document.json.byteCount) + 1
            if index > 0, bytes + count > maxBytes {
                if !run.isEmpty { body(run) }
                return index
            }
            bytes += count
            if document.hasSegments {
                if !run.isEmpty { body(run) }
                run = UnsafeRawBufferPointer(start: nil, count: 0)
                let view = view
                try view.forEachRun(of: document, commas: 1, damage, body)
                continue
            }
            // SAFETY: in the map, which the reader keeps as it is. A comma follows each document
            // in its block, and a document whose bytes follow that comma lies in the same block.
            document.json.withUnsafeBytes { json in
                let start = json.baseAddress!
                if let base = run.baseAddress, base + run.count == start {
                    run = UnsafeRawBufferPointer(start: base, count: run.count + count)
                } else {
                    if !run.isEmpty { body(run) }
                    run = UnsafeRawBufferPointer(start: start, count: count)
                }
            }
        }
        if !run.isEmpty { body(run) }
        return keys.count
    }
}
