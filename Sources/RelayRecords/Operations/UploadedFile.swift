import JSON
import RelayContract
import RelayStore

/// A file whose bytes are in the store already, as an upload that a change adopts.
public struct UploadedFile: Equatable, Sendable {
    /// Its name, without any path.
    public var name: String
    /// Its media type.
    public var type: String
    /// The upload's id.
    public var content: UInt64
    /// Bytes.
    public var byteCount: Int
    /// Digest of its bytes.
    public var digest: BlobDigest

    /// A file with those members.
    public init(
        name: String, type: String, content: UInt64, byteCount: Int, digest: BlobDigest
    ) {
        self.name = name
        self.type = type
        self.content = content
        self.byteCount = byteCount
        self.digest = digest
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", name)
        writer.member("type", type)
        writer.member("content", content)
        writer.member("bytes", byteCount)
        writer.member("digest", digest.hexadecimal)
        writer.endObject()
    }

    /// Reads back what `write` wrote.
    init?(_ value: JSONValue) {
        guard let name = value["name"]?.string, let type = value["type"]?.string,
            let content = value["content"]?.integer.flatMap({ UInt64(exactly: $0) }),
            let byteCount = value["bytes"]?.integer.flatMap({ Int(exactly: $0) }),
            AttachmentContent.sizes.contains(byteCount),
            let digest = value["digest"]?.string.flatMap({ BlobDigest(String($0)) })
        else { return nil }
        self.init(
            name: String(name), type: String(type), content: content, byteCount: byteCount,
            digest: digest)
    }
}

/// Where an attachment's bytes are: the private part of its document.
public struct AttachmentContent: Equatable, Sendable {
    /// The content's id.
    public var content: UInt64
    /// Bytes.
    public var byteCount: Int
    /// Digest of its bytes.
    public var digest: BlobDigest

    static let storedBytes = 48
    /// Bytes that a file can have.
    static let sizes = 0...Limits.fileBytes

    /// Reads an attachment's private bytes; nil when they are none.
    public init?(privateBytes: RawSpan) {
        guard privateBytes.byteCount == Self.storedBytes else { return nil }
        // SAFETY: read inside the closure.
        let words = privateBytes.withUnsafeBytes { bytes in
            (0..<6).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) }
        }
        guard let byteCount = Int(exactly: words[1]), Self.sizes.contains(byteCount) else {
            return nil
        }
        content = words[0]
        self.byteCount = byteCount
        digest = BlobDigest(words: SIMD4(words[2], words[3], words[4], words[5]))
    }

    init(_ file: UploadedFile) {
        content = file.content
        byteCount = file.byteCount
        digest = file.digest
    }

    /// content u64, bytes u64, digest 32.
    var stored: InlineArray<6, UInt64> {
        precondition(Self.sizes.contains(byteCount), "a file is no longer than its limit")
        let words = digest.words
        return [content, UInt64(byteCount), words[0], words[1], words[2], words[3]]
    }
}

extension RecordTransaction {
    /// Adopts an upload as an attachment, a record of its own: getAttachment finds it by its id.
    mutating func createAttachment(_ file: UploadedFile) throws(StoreError) -> Attachment {
        let id = try newID(.attachment)
        let key = Resource.attachment.key(account, id)
        let attachment = Attachment(
            id: id, name: file.name, itemType: file.type, updatedAt: time)
        let stored = AttachmentContent(file).stored
        try transaction.putDocument(
            key, json: attachment.json.span.bytes, privateBytes: stored.span.bytes,
            version: sequence)
        try transaction.touch(
            account: account, resource: Resource.attachment.rawValue, sequence: sequence)
        try transaction.adoptUpload(
            file.content, by: key, byteCount: file.byteCount, digest: file.digest)
        return attachment
    }
}
