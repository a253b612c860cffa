import HTTP2
import RelayContract

/// Comments, documents and files.
extension RelayClient {
    /// One document with what is known of its files.
    public func document(_ id: UInt64) throws(RelayClientError) -> Document {
        try decode(Document.self, perform("GET", "/v2/documents/\(id)"))
    }

    /// Creates a document of a property and its customer.
    ///
    /// - Returns: its id.
    public func createDocument(_ document: NewDocument) throws(RelayClientError) -> UInt64 {
        try decode(IdObject.self, perform("POST", "/v2/documents", document)).id
    }

    /// Attaches a PDF to a document; `content` of the body is its base64.
    ///
    /// - Returns: the attachment's id.
    public func createDocumentAttachment(
        to document: UInt64, _ attachment: NewDocumentAttachment
    ) throws(RelayClientError) -> UInt64 {
        let path = "/v2/documents/\(document)/attachments"
        return try decode(IdObject.self, perform("POST", path, attachment)).id
    }

    /// Says something about an order, without files.
    ///
    /// - Returns: the comment's id.
    public func createComment(
        on order: UInt64, _ comment: NewComment
    ) throws(RelayClientError) -> UInt64 {
        try decode(IdObject.self, perform("POST", "/v1/orders/\(order)/comments", comment)).id
    }

    /// The bytes of a comment's or a document's file, all or a range of them, in `body`; its type
    /// and name are in the fields.
    public func attachment(
        _ id: UInt64, range: Range<Int>? = nil
    ) throws(RelayClientError) -> ClientResponse {
        let fields = range.map { range in
            [HeaderField("range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")]
        }
        return try perform("GET", "/v1/attachments/\(id)", fields: fields ?? [])
    }
}
