/// Stores one chunk of an upload; the first one begins it.
///
/// The command and its encoding are the same memory, so that the bytes are copied once on their way from
/// the socket to the store.
struct PutChunk: StoreCommand {
    static let kind = CommandKind.putChunk
    let buffer: ChunkBuffer

    func write(to writer: inout CommandWriter) {
        writer.word(buffer.blob)
        writer.uint32(UInt32(buffer.number))
        writer.bytes(buffer.bytes.copied())
    }

    init(_ buffer: ChunkBuffer) { self.buffer = buffer }

    init(_ reader: inout CommandReader, in context: Void) throws(CommandFault) {
        let (id, number) = (try reader.word(), try reader.uint32())
        let bytes = try reader.bytes()
        guard bytes.count <= Limits.chunkBytes, BlobID.isValid(id), number >> Limits.chunkBits == 0
        else { throw .malformed(Self.kind) }
        buffer = ChunkBuffer()
        // SAFETY: the array's own bytes, copied during the call.
        _ = bytes.withUnsafeBytes { buffer.fill($0) }
        buffer.seal(id, Int(number))
    }

    func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        let (id, number) = (buffer.blob, buffer.number)
        if try transaction.begins(chunk: number, of: id) { try transaction.beginUpload(id) }
        // An empty file has an upload, but no chunk.
        if buffer.count > 0 { try transaction.putChunk(id, number, buffer.bytes) }
    }
}
