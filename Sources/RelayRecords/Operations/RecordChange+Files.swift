import JSON
import RelayContract

/// Payloads of changes that adopt files: arrays, because a body's model alone does not say it all.
extension RecordChange {
    /// Whether the change made attachments of files, whose bytes are in no change record: it cannot
    /// be applied again elsewhere.
    public var adoptsFiles: Bool {
        switch self {
        case .createComment(_, _, let files): !files.isEmpty
        case .createDocumentAttachment: true
        case .load(let batch): batch.records.contains { $0.resource == .attachment }
        default: false
        }
    }

    /// `[order, comment, [file …]]`
    static func commentPayload(
        _ order: UInt64, _ new: NewComment, _ files: [UploadedFile]
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        writer.value(order)
        new.write(to: &writer)
        writer.beginArray()
        for file in files { file.write(to: &writer) }
        writer.endArray()
        writer.endArray()
        return writer.bytes
    }

    /// Reads back what `commentPayload` wrote.
    static func comment(_ value: JSONValue, _ faults: inout Faults) -> RecordChange? {
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
        return .createComment(order, new, adopted)
    }

    /// `[document, file, metadata]`, the last one only if there is any.
    static func attachmentPayload(
        _ document: UInt64, _ file: UploadedFile, _ metadata: FreeObject?
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        writer.value(document)
        file.write(to: &writer)
        metadata?.write(to: &writer)
        writer.endArray()
        return writer.bytes
    }

    /// Reads back what `attachmentPayload` wrote.
    static func attachment(_ value: JSONValue, _ faults: inout Faults) -> RecordChange? {
        var elements = value.elements
        guard let document = elements.next()?.integer.flatMap({ UInt64(exactly: $0) }),
            let file = elements.next().flatMap({ UploadedFile($0) })
        else { return nil }
        let metadata = elements.next().flatMap { FreeObject(decoding: $0, into: &faults) }
        return .createDocumentAttachment(document, file, metadata)
    }
}
