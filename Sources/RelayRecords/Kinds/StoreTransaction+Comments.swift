import JSON
import RelayContract
import RelayStore

extension StoreTransaction {
    /// Adds a comment with its files to an order, and changes the order's status if it says so.
    mutating func createComment(
        on orderID: UInt64, _ new: NewComment, _ files: [UploadedFile], _ context: RecordContext
    ) throws(StoreError) -> RecordAnswer {
        guard let stored = try load(Order.self, .order, orderID, context) else {
            return .missing(.order, orderID)
        }
        // The list of comments has the version of its order.
        if let refusal = context.target?.precondition.refusal(of: stored.version, isWeak: true) {
            return refusal
        }
        let old = stored.model
        try begin(context)
        let id = try newID(.comment, context)
        var attachments: [Attachment] = []
        for file in files { attachments.append(try createAttachment(file, context)) }
        var order = old
        order.comments.append(
            Comment(
                id: id, text: new.text, orderId: orderID, author: new.authorName,
                statusChange: new.status, attachments: attachments, createdAt: context.time))
        order.attachments += attachments
        order.status = new.status ?? order.status
        order.updatedAt = context.time
        try replace(old, with: order, context)
        // No version: the one that there is, the order's, is not that of what was created.
        return RecordAnswer(201, body: IdObject(id: id).json)
    }
}
