import JSON
import RelayStore

/// Loading of files: the pieces are kept under the attachment's key until its line adopts them.
extension RecordTransaction {
    mutating func bring(_ chunk: LoadedChunk, _ state: inout LoadState) throws(StoreError) {
        let key = Resource.attachment.key(account, chunk.attachment)
        // The line of the attachment says whether it is the same file.
        let isThere = try view.document(key) != nil
        if isThere { return }
        let isKept = try transaction.bringChunk(
            chunk.number, of: key, chunk.bytes.span.bytes, seed: state.blobSeed)
        if isKept { return }
        state.outcome.faults.append(
            LoadFault(
                line: chunk.line, waits: true,
                detail:
                    "chunk: the dump has no chunk \(chunk.number - 1) of this file before this line"
            ))
    }

    /// Makes the pieces that came for an attachment its content. Does nothing for other records.
    ///
    /// - Returns: whether the record can be created; the fault is noted otherwise.
    mutating func adopt(
        _ record: inout LoadedRecord, _ state: inout LoadState
    ) throws(StoreError) -> Bool {
        guard var content = record.content else { return true }
        let key = record.resource.key(account, record.id)
        let id = try transaction.adoptBroughtBlob(
            of: key, byteCount: content.byteCount, digest: content.digest,
            seed: state.blobSeed)
        guard let id else {
            state.outcome.faults.append(
                LoadFault(
                    line: record.line, waits: true,
                    detail:
                        "private: the lines with the file's chunks are missing or have other bytes")
            )
            return false
        }
        content.content = id
        let stored = content.stored
        // SAFETY: copied during the call.
        record.privateBytes = stored.span.bytes.withUnsafeBytes { Array($0) }
        return true
    }
}

extension LoadedRecord {
    /// What an attachment says of its bytes; nil for other records.
    var content: AttachmentContent? {
        resource == .attachment ? AttachmentContent(loaded: privateBytes) : nil
    }
}

extension AttachmentContent {
    /// Reads the private bytes of a line; nil when they are none, or of a file that no store has.
    init?(loaded bytes: [UInt8]) {
        let content = AttachmentContent(privateBytes: bytes.span.bytes)
        guard let content, (0...Limits.fileBytes).contains(content.byteCount) else { return nil }
        self = content
    }
}

extension DocumentView {
    /// What an attachment says of its bytes; nil for other records.
    var content: AttachmentContent? {
        guard key.resource == Resource.attachment.rawValue else { return nil }
        return AttachmentContent(privateBytes: privateBytes)
    }
}

extension LoadedChunk {
    /// Checks the members of a line.
    init(
        _ line: Int, _ resource: Resource, _ id: Int64?, _ number: Int64?, _ bytes: [UInt8]
    ) throws(LineFault) {
        guard resource == .attachment else {
            throw LineFault(detail: "bytes: only an attachment may have this member")
        }
        guard let id = id.flatMap({ UInt64(exactly: $0) }), Resource.isStorable(id),
            id <= RelayStore.Limits.provisionalIDs
        else {
            throw LineFault(
                detail: "id: expected a number from 1 to \(RelayStore.Limits.provisionalIDs)")
        }
        let last = BlobRecord.chunks(of: Limits.fileBytes) - 1
        guard let number = number.flatMap({ Int(exactly: $0) }), (0...last).contains(number)
        else { throw LineFault(detail: "chunk: expected a number from 0 to \(last)") }
        self.init(line: line, attachment: id, number: number, bytes: bytes)
    }

    /// Decodes base64; nil for anything else, and for more than a chunk has.
    static func bytes(_ text: some Collection<UInt8>) -> [UInt8]? {
        let text = Array(text)
        let most = text.count / 4 * 3 + 3
        guard most <= RelayStore.Limits.chunkBytes + 6 else { return nil }
        var reader = Base64Reader()
        let bytes = [UInt8](unsafeUninitializedCapacity: most) { room, count in
            // SAFETY: the room has three bytes for four characters, and neither outlives the call.
            count = text.withUnsafeBytes { reader.decode($0, into: room.baseAddress!) }
        }
        reader.end()
        let fits = !bytes.isEmpty && bytes.count <= RelayStore.Limits.chunkBytes
        return reader.isWrong || !fits ? nil : bytes
    }
}

/// A line that holds nothing that could be loaded.
struct LineFault: Error {
    let detail: String
}

/// Bytes as base64 (RFC 4648 §4), which `Base64Reader` reads back.
enum Base64Text {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func append(_ bytes: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        var index = 0
        while index < bytes.count {
            let left = min(3, bytes.count - index)
            var group = UInt32(bytes[index]) << 16
            if left > 1 { group |= UInt32(bytes[index + 1]) << 8 }
            if left > 2 { group |= UInt32(bytes[index + 2]) }
            text.append(alphabet[Int(group >> 18)])
            text.append(alphabet[Int(group >> 12 & 63)])
            text.append(left > 1 ? alphabet[Int(group >> 6 & 63)] : UInt8(ascii: "="))
            text.append(left > 2 ? alphabet[Int(group & 63)] : UInt8(ascii: "="))
            index += 3
        }
    }
}
