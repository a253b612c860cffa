/// A command that is too long for a message of a shared log: its encoding comes before it as an upload, in
/// chunks, and is read back out of the store when it is applied.
///
///     upload u64, bytes of the encoding u64
public final class UploadedCommand: WriteCommand, @unchecked Sendable {
    // SAFETY: `command` belongs to the writer's thread, and `decoder` is called there alone.
    private let upload: UInt64
    private let encodingBytes: Int
    private let decoder: Replication.Decoder
    private var command: (any WriteCommand)?
    private let completion: @Sendable (Result<any Sendable, StoreError>) -> Void

    /// Reads it.
    ///
    /// - Parameters:
    ///   - decoder: makes the command that was uploaded, on the writer's thread.
    ///   - completion: told what came of that.
    public init(
        encoding: [UInt8], decoder: @escaping Replication.Decoder,
        completion: @escaping @Sendable (Result<any Sendable, StoreError>) -> Void
    ) throws(CommandFault) {
        var reader = try CommandReader(encoding)
        guard reader.kind == .uploaded else { throw .malformed(reader.kind) }
        let (upload, bytes) = (try reader.word(), try reader.word())
        try reader.end()
        guard BlobID.isValid(upload), bytes <= UInt64(Limits.queuedBytes) else {
            throw .malformed(.uploaded)
        }
        (self.upload, encodingBytes) = (upload, Int(bytes))
        (self.decoder, self.completion) = (decoder, completion)
    }

    static func encoding(of upload: UInt64, _ encodingBytes: Int) -> [UInt8] {
        var writer = CommandWriter(.uploaded)
        writer.word(upload)
        writer.word(UInt64(encodingBytes))
        return writer.bytes
    }

    /// Bytes of the command that was uploaded.
    public var byteCount: Int { encodingBytes }

    /// Hands on where the command is.
    public func withEncoding(_ body: (UnsafeRawBufferPointer) -> Void) {
        // SAFETY: the array's own bytes, during the call.
        Self.encoding(of: upload, encodingBytes).withUnsafeBytes(body)
    }

    /// Applies the command that was uploaded; then nobody needs the upload any more.
    public func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        let command: any WriteCommand
        if let known = self.command {
            command = known
        } else {
            guard try transaction.isOpen(upload: upload) else { throw .noUpload(upload) }
            let encoding = try transaction.view.bytes(ofUpload: upload, encodingBytes)
            do throws(CommandFault) {
                command = try decoder(encoding, completion)
            } catch {
                throw .unreadable(error)
            }
            self.command = command
        }
        try command.apply(to: &transaction)
        try transaction.endUpload(upload)
    }

    /// Hands on what came of it.
    public func complete(_ result: Result<Void, StoreError>) {
        if let command { return command.complete(result) }
        if case .failure(let error) = result { completion(.failure(error)) }
    }
}

extension StoreView {
    /// What an upload has, if it is whole.
    fileprivate func bytes(ofUpload id: UInt64, _ byteCount: Int) throws(StoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        for number in 0..<BlobRecord.chunks(of: byteCount) {
            guard try hasChunk(id, number) else { throw .noUpload(id) }
            // SAFETY: the bytes are copied inside the closure.
            try chunk(id, number).withUnsafeBytes { bytes.append(contentsOf: $0) }
        }
        guard bytes.count == byteCount else { throw .noUpload(id) }
        return bytes
    }
}

extension StoreTransaction {
    /// Nobody needs an upload any more: its chunks are removed behind the commit.
    mutating func endUpload(_ id: UInt64) throws(StoreError) {
        try put(RawSpan(), at: id, in: databases.uploads)
        released.append(id)
    }
}
