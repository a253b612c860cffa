/// A walk over all documents of a store in small steps, which compares each with its checksum.
///
/// Each step reads the newest commit then, so no page is kept from being used again. A document
/// that moves to a place where the walk has been is one that was written anew.
struct Scrub {
    /// Where the next step begins; nil when the walk is over.
    private(set) var position: DocumentKey? = DocumentKey(rawValue: 0)
    /// Documents that were looked at.
    private(set) var documents: UInt64 = 0
    /// Bytes of them.
    private(set) var bytes: UInt64 = 0
    /// Those whose checksum was wrong.
    private(set) var damaged: Set<UInt64> = []

    /// Goes on until so many bytes were read, or to the end.
    mutating func step(
        _ view: borrowing StoreView, atMost limit: Int, _ damage: DamagedDocuments
    ) throws(StoreError) {
        guard let start = position else { return }
        var scrub = self
        scrub.position = nil
        var read = 0
        try view.forEachDocument(from: start) { (document) throws(StoreError) in
            if read >= limit {
                scrub.position = document.key
                return false
            }
            read += document.json.byteCount + document.stored.byteCount
            scrub.documents += 1
            if !document.isIntact {
                scrub.damaged.insert(document.key.rawValue)
                damage.note(document.key)
            }
            return true
        }
        scrub.bytes += UInt64(read)
        self = scrub
    }
}
