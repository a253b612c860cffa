/// What is known of an upload: who is to have its blob, and who brings it.
///
///     owner     8   the document's key, if the blob is brought for one to come
///     session  16   two numbers, if it comes through a log that hosts share
struct UploadRecord: Equatable {
    /// The document to come.
    var owner: DocumentKey?
    /// What brings it: when that ends, the upload does.
    var session: SessionID?

    init(owner: DocumentKey? = nil, session: SessionID? = nil) {
        (self.owner, self.session) = (owner, session)
    }

    /// The record as it is stored.
    var stored: [UInt8] {
        var bytes: [UInt8] = []
        if let owner { bytes.append(word: owner.rawValue) }
        return bytes + (session?.bytes ?? [])
    }

    init(_ stored: RawSpan) throws(StoreError) {
        switch stored.byteCount {
        case 0: break
        case 8: owner = DocumentKey(rawValue: stored.word(at: 0))
        case 16: session = SessionID(stored)
        case 24:
            owner = DocumentKey(rawValue: stored.word(at: 0))
            session = SessionID(stored.extracting(8..<24))
        default: throw .corrupted(what: "an upload")
        }
    }
}
