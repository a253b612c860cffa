import JSON
import RelayContract
import RelayStore

extension RecordTransaction {
    /// Adds a comment with its files to an order, and changes the order's status if it says so.
    mutating func createComment(
        on orderID: UInt64, _ new: NewComment, _ files: [UploadedFile]
    ) throws(StoreError) -> RecordAnswer {
        // Those that are in segments stay there, unread.
        guard let (stored, segments) = try loadHead(orderID) else {
            return .missing(.order, orderID)
        }
        // The list of comments has the version of its order.
        if let refusal = target?.precondition.refusal(of: stored.version, isWeak: true) {
            return refusal
        }
        let old = stored.model
        try begin()
        let id = try newID(.comment)
        var attachments: [Attachment] = []
        for file in files { attachments.append(try createAttachment(file)) }
        var order = old
        order.comments.append(
            Comment(
                id: id, text: new.text, orderId: orderID, author: new.authorName,
                statusChange: new.status, attachments: attachments, createdAt: time))
        order.attachments += attachments
        order.status = new.status ?? order.status
        order.updatedAt = time
        try replace(old, with: order, behind: segments)
        // No version: the one that there is, the order's, is not that of what was created.
        return RecordAnswer(201, body: IdObject(id: id).json)
    }

    /// Reads an order without the comments that are in segments.
    private func loadHead(
        _ id: UInt64
    ) throws(StoreError) -> (Stored<Order>, [DocumentSegment])? {
        guard Resource.isStorable(id),
            let document = try transaction.intactDocument(Resource.order.key(account, id))
        else { return nil }
        // SAFETY: the map's bytes are read while the transaction is borrowed. Without segments they
        // are an order as well: the rest of the list of comments follows where they were.
        let order = document.json.withUnsafeBytes { Order(stored: $0, parser: parser) }
        guard let order else { throw .corrupted(what: "order \(id)") }
        return (Stored(model: order, version: document.version), document.segments)
    }
}

/// createOrderComment: its payload is `[order, comment, [file …]]`.
public struct CreateComment: JSONChange {
    /// The kind of change.
    public static let kind = ChangeKind.createComment
    private let order: UInt64
    private let new: NewComment
    private let files: [UploadedFile]

    /// Asks for a comment on an order, with files.
    public init(_ order: UInt64, _ new: NewComment, _ files: [UploadedFile]) {
        self.order = order
        self.new = new
        self.files = files
    }

    /// Whether there are files.
    public var adoptsFiles: Bool { !files.isEmpty }

    /// Reads what `write` wrote.
    public init?(decoding value: JSONValue, into faults: inout Faults) {
        var elements = value.elements
        guard let order = elements.next()?.integer.flatMap({ UInt64(exactly: $0) }),
            let body = elements.next(), let files = elements.next(),
            let new = NewComment(decoding: body, into: &faults)
        else { return nil }
        var adopted: [UploadedFile] = []
        for file in files.elements {
            guard let file = UploadedFile(file) else { return nil }
            adopted.append(file)
        }
        self.init(order, new, adopted)
    }

    /// Writes order, comment and files.
    public func write(to writer: inout JSONWriter) {
        writer.beginArray()
        writer.value(order)
        new.write(to: &writer)
        writer.beginArray()
        for file in files { file.write(to: &writer) }
        writer.endArray()
        writer.endArray()
    }

    /// Makes the change.
    public func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.createComment(on: order, new, files)
    }
}
