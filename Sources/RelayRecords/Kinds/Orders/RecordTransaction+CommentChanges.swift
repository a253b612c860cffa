import JSON
import RelayContract
import RelayStore

/// Comments are changed and deleted under their order, whose version they have.
extension RecordTransaction {
    /// Changes the text of a comment.
    mutating func updateComment(
        _ id: UInt64, of orderID: UInt64, _ patch: CommentPatch, _ precondition: RecordPrecondition
    ) throws(StoreError) -> RecordAnswer {
        let found = try comment(id, of: orderID, precondition)
        guard case .found(let old, let place) = found else { return found.answer }
        try begin()
        var order = old
        order.comments[place].text = patch.text ?? old.comments[place].text
        order.updatedAt = time
        try replace(old, with: order)
        return RecordAnswer(200, body: IdObject(id: id).json, version: sequence)
    }

    /// Deletes a comment with its files, and answers it.
    mutating func deleteComment(
        _ id: UInt64, of orderID: UInt64, _ precondition: RecordPrecondition
    ) throws(StoreError) -> RecordAnswer {
        let found = try comment(id, of: orderID, precondition)
        guard case .found(let old, let place) = found else { return found.answer }
        try begin()
        var order = old
        let comment = order.comments.remove(at: place)
        let files = comment.attachments.compactMap(\.id)
        order.attachments.removeAll { file in file.id.map { files.contains($0) } ?? false }
        order.updatedAt = time
        try replace(old, with: order)
        try removeAttachments(files)
        return RecordAnswer(200, body: comment.json)
    }

    /// Where a comment is, or why nothing is to be done with it.
    private enum FoundComment {
        case found(Order, Int)
        case refused(RecordAnswer)

        /// The refusal. Precondition: it is one.
        var answer: RecordAnswer {
            guard case .refused(let answer) = self else { preconditionFailure("found") }
            return answer
        }
    }

    private func comment(
        _ id: UInt64, of orderID: UInt64, _ precondition: RecordPrecondition
    ) throws(StoreError) -> FoundComment {
        guard let stored = try load(Order.self, .order, orderID) else {
            return .refused(.missing(.order, orderID))
        }
        guard let place = stored.model.comments.firstIndex(where: { $0.id == id }) else {
            return .refused(
                RecordAnswer(Problem(.notFound, "order \(orderID) has no comment \(id)")))
        }
        if let refusal = precondition.refusal(of: stored.version) { return .refused(refusal) }
        return .found(stored.model, place)
    }
}

/// A change of one comment: its payload is `[order, comment]`, and what there is to say besides.
public protocol CommentChange: JSONChange {
    /// The order's id.
    var order: UInt64 { get }
    /// The comment's id.
    var id: UInt64 { get }
}

extension CommentChange {
    /// Reads order and comment.
    static func ids(_ elements: inout JSONElements) -> (order: UInt64, id: UInt64)? {
        guard let order = elements.next()?.integer.flatMap({ UInt64(exactly: $0) }),
            let id = elements.next()?.integer.flatMap({ UInt64(exactly: $0) })
        else { return nil }
        return (order, id)
    }
}

/// updateOrderComment: its payload is `[order, comment, patch]`.
public struct UpdateComment: CommentChange {
    /// The kind of change.
    public static let kind = ChangeKind.updateComment
    /// The order's id.
    public let order: UInt64
    /// The comment's id.
    public let id: UInt64
    private let patch: CommentPatch
    /// What must hold.
    public var precondition: RecordPrecondition

    /// Asks for it.
    public init(
        _ order: UInt64, _ id: UInt64, _ patch: CommentPatch, _ precondition: RecordPrecondition
    ) {
        self.order = order
        self.id = id
        self.patch = patch
        self.precondition = precondition
    }

    /// Reads what `write` wrote.
    public init?(decoding value: JSONValue, into faults: inout Faults) {
        var elements = value.elements
        guard let ids = Self.ids(&elements), let body = elements.next(),
            let patch = CommentPatch(decoding: body, into: &faults)
        else { return nil }
        self.init(ids.order, ids.id, patch, .none)
    }

    /// Writes ids and patch.
    public func write(to writer: inout JSONWriter) {
        writer.beginArray()
        writer.value(order)
        writer.value(id)
        patch.write(to: &writer)
        writer.endArray()
    }

    /// Makes the change.
    public func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.updateComment(id, of: order, patch, precondition)
    }
}

/// deleteOrderComment: its payload is `[order, comment]`.
public struct DeleteComment: CommentChange {
    /// The kind of change.
    public static let kind = ChangeKind.deleteComment
    /// The order's id.
    public let order: UInt64
    /// The comment's id.
    public let id: UInt64
    /// What must hold.
    public var precondition: RecordPrecondition

    /// Asks for it.
    public init(_ order: UInt64, _ id: UInt64, _ precondition: RecordPrecondition) {
        self.order = order
        self.id = id
        self.precondition = precondition
    }

    /// Reads what `write` wrote.
    public init?(decoding value: JSONValue, into faults: inout Faults) {
        var elements = value.elements
        guard let ids = Self.ids(&elements) else { return nil }
        self.init(ids.order, ids.id, .none)
    }

    /// Writes the ids.
    public func write(to writer: inout JSONWriter) {
        writer.beginArray()
        writer.value(order)
        writer.value(id)
        writer.endArray()
    }

    /// Makes the change.
    public func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.deleteComment(id, of: order, precondition)
    }
}
