/// Copies of documents in the order of a list with 128-bit keys, for lists whose pages would be
/// scattered all over the documents otherwise. They cost their bytes a second time and one more
/// block a write; a page of such a list is then a walk over neighbouring blocks.
///
/// The caller says which lists have a covering index and keeps it as it keeps the list itself.
extension StoreTransaction {
    /// Puts a document, as it is now, into the covering index of a list.
    ///
    /// - Parameter order: what the list sorts by, the high word of its key.
    public mutating func putCoveringEntry(
        of key: DocumentKey, in list: ListKey, by order: UInt64
    ) throws(StoreError) {
        // On the heap for a moment: a put may move the pages that the document lies in.
        let json = try documentBytes(key, list)
        let set = BlockSet.coveringIndex(list)
        try put(
            json.span.bytes, RawSpan(), set.place(key: key.rawValue, word: order), key,
            word: order, in: set)
    }

    /// Removes a document from the covering index of a list; says whether it was there.
    @discardableResult
    public mutating func deleteCoveringEntry(
        of key: DocumentKey, in list: ListKey, by order: UInt64
    ) throws(StoreError) -> Bool {
        let set = BlockSet.coveringIndex(list)
        return try delete(set.place(key: key.rawValue, word: order), in: set)
    }

    private func documentBytes(
        _ key: DocumentKey, _ list: ListKey
    ) throws(StoreError) -> [UInt8] {
        let view = view
        guard let document = try view.document(key) else {
            throw .corrupted(list, missing: key)
        }
        // The copy gets a checksum of its own, which must not say that damaged bytes are right.
        try damage.require(document)
        return document.json.copied()
    }
}
