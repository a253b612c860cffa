/// Copies of documents in the order of a list with 128-bit keys, for lists whose pages would be
/// scattered all over the documents otherwise. They cost their bytes a second time and one more
/// block a write; a page of such a list is then a walk over neighbouring blocks.
///
/// The caller says which lists have copies and keeps them as it keeps the list itself.
extension StoreTransaction {
    /// Puts a copy of a document, as it is now, where a list has it.
    ///
    /// - Parameter order: what the list sorts by, the high word of its key.
    public mutating func putCopy(
        of key: DocumentKey, in list: ListKey, by order: UInt64
    ) throws(StoreError) {
        // On the heap for a moment: a put may move the pages that the document lies in.
        let json = try documentBytes(key)
        let set = BlockSet.copies(list)
        try put(
            json.span.bytes, RawSpan(), set.place(key: key.rawValue, word: order), key,
            word: order, in: set)
    }

    /// Removes a copy; says whether there was one.
    @discardableResult
    public mutating func deleteCopy(
        of key: DocumentKey, in list: ListKey, by order: UInt64
    ) throws(StoreError) -> Bool {
        let set = BlockSet.copies(list)
        return try delete(set.place(key: key.rawValue, word: order), in: set)
    }

    private func documentBytes(_ key: DocumentKey) throws(StoreError) -> [UInt8] {
        let view = view
        guard let document = try view.document(key) else {
            throw .corrupted(what: "a list that names a missing document")
        }
        return document.json.copied()
    }
}
