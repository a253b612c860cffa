import JSON
import RelayContract
import RelayStore

extension RecordTransaction {
    /// Creates a document of a property and its customer.
    mutating func createDocument(_ new: NewDocument) throws(StoreError) -> RecordAnswer {
        var faults = Faults()
        let propertyID = try resolve(
            new.propertyId, "propertyId", new.internalPropertyId, "internalPropertyId", .property,
            &faults)
        let customerID = try resolve(
            new.customerId, "customerId", new.internalCustomerId, "internalCustomerId", .customer,
            &faults)
        let property = try load(Property.self, .property, ifAny: propertyID)
        if let property, let customerID, property.customerId != customerID {
            faults.add(
                .mismatch, member: new.propertyId == nil ? "internalPropertyId" : "propertyId",
                "property \(property.id) belongs to customer \(property.customerId), "
                    + "not to customer \(customerID)")
        }
        guard faults.isEmpty, let property, let customerID else {
            return RecordAnswer(Problem(.validation, faults))
        }
        try begin()
        let id = try newID(.document)
        let document = Document(
            id: id, title: new.title, propertyId: property.id, customerId: customerID,
            attachments: [], createdAt: time, updatedAt: time)
        try replace(nil, with: document)
        return RecordAnswer(201, body: IdObject(id: id).json, version: sequence, createdID: id)
    }

    /// The record that an id of ours, a name of theirs, or both of them name.
    private func resolve(
        _ id: UInt64?, _ idMember: StaticString, _ name: String?, _ nameMember: StaticString,
        _ resource: Resource, _ faults: inout Faults
    ) throws(StoreError) -> UInt64? {
        try check(id, resource, idMember, &faults)
        guard let name else { return id }
        guard let named = try find(.internalID, resource, name) else {
            faults.add(
                .unknownReference, member: nameMember, Faults.unknown(resource))
            return id
        }
        if let id, id != named {
            faults.add(
                .mismatch, member: nameMember,
                "it names \(resource) \(named), but \(idMember) names \(resource) \(id)")
        }
        return named
    }

    /// Writes a document and enters it into what finds it: the only way in which documents change.
    mutating func replace(_ old: Document?, with new: Document) throws(StoreError) {
        try transaction.relink(
            new.id, from: old?.links(account) ?? RecordLinks(), to: new.links(account))
        try store(new, .document, new.id)
    }

    /// Changes a document's title.
    mutating func updateDocument(
        _ id: UInt64, _ patch: DocumentPatch, _ precondition: RecordPrecondition
    ) throws(StoreError) -> RecordAnswer {
        guard let stored = try load(Document.self, .document, id) else {
            return .missing(.document, id)
        }
        if let refusal = precondition.refusal(of: stored.version) { return refusal }
        try begin()
        var document = stored.model
        document.title = patch.title ?? document.title
        document.updatedAt = time
        try replace(stored.model, with: document)
        return RecordAnswer(200, body: IdObject(id: id).json, version: sequence)
    }

    /// Attaches a file to a document.
    mutating func createDocumentAttachment(
        to documentID: UInt64, _ file: UploadedFile, _ metadata: FreeObject?
    ) throws(StoreError) -> RecordAnswer {
        guard let old = try load(Document.self, .document, documentID)?.model else {
            return .missing(.document, documentID)
        }
        // A document with it could not be read again.
        guard file.byteCount > 0 else {
            var faults = Faults()
            faults.add(.tooShort, member: "content", "the file is empty: send at least one byte")
            return RecordAnswer(Problem(.validation, faults))
        }
        try begin()
        var document = old
        let attachment = try createAttachment(file)
        let id = attachment.id ?? 0
        document.attachments.append(
            DocumentAttachment(
                id: id, name: file.name, fileType: .applicationPdf, size: file.byteCount,
                metadata: metadata, createdAt: time))
        document.updatedAt = time
        try replace(old, with: document)
        return RecordAnswer(201, body: IdObject(id: id).json, createdID: id)
    }
}

/// createDocument.
public struct CreateDocument: BodyChange {
    /// The kind of change.
    public static let kind = ChangeKind.createDocument
    /// What the client sent.
    public let body: NewDocument

    /// Asks for it.
    public init(_ body: NewDocument) { self.body = body }

    /// Makes the change.
    public func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer { try transaction.createDocument(body) }
}

/// createDocumentAttachment: its payload is `[document, file, metadata]`, the last one only if there is
/// any.
public struct CreateDocumentAttachment: JSONChange {
    /// The kind of change.
    public static let kind = ChangeKind.createDocumentAttachment
    private let document: UInt64
    private let file: UploadedFile
    private let metadata: FreeObject?

    /// Asks for a file to be attached to a document.
    public init(_ document: UInt64, _ file: UploadedFile, _ metadata: FreeObject?) {
        self.document = document
        self.file = file
        self.metadata = metadata
    }

    /// There is always a file.
    public var adoptsFiles: Bool { true }

    /// Reads what `write` wrote.
    public init?(decoding value: JSONValue, into faults: inout Faults) {
        var elements = value.elements
        guard let document = elements.next()?.integer.flatMap({ UInt64(exactly: $0) }),
            let file = elements.next().flatMap({ UploadedFile($0) })
        else { return nil }
        let metadata = elements.next().flatMap { FreeObject(decoding: $0, into: &faults) }
        self.init(document, file, metadata)
    }

    /// Writes document, file and metadata.
    public func write(to writer: inout JSONWriter) {
        writer.beginArray()
        writer.value(document)
        file.write(to: &writer)
        metadata?.write(to: &writer)
        writer.endArray()
    }

    /// Makes the change.
    public func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.createDocumentAttachment(to: document, file, metadata)
    }
}

/// updateDocument.
public typealias UpdateDocument = Update<Document>

extension Document: UpdatableRecord {
    /// updateDocument.
    public static var update: ChangeKind { .updateDocument }

    /// Changes one.
    public static func update(
        _ id: UInt64, _ patch: DocumentPatch, _ precondition: RecordPrecondition,
        in transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.updateDocument(id, patch, precondition)
    }
}
