import Synchronization

/// Sends a command that is too long for a message: first its encoding in chunks, and when all of them are kept,
/// what says where it is.
final class LargeCommand: Sendable {
    private let command: any WriteCommand
    private let entrance: any CommandEntrance
    private let upload = BlobID.random()
    private let encodingBytes: Int
    private let progress: Mutex<(left: Int, failure: StoreError?)>

    /// Sends a command; it is completed like any other.
    static func submit(
        _ command: any WriteCommand, to entrance: any CommandEntrance, evenIfFull: Bool
    ) -> Submission {
        var buffers: [ChunkBuffer] = []
        var count = 0
        command.withEncoding { encoding in
            count = encoding.count
            while buffers.count < BlobRecord.chunks(of: encoding.count) {
                let buffer = ChunkBuffer()
                let start = buffers.count * Limits.chunkBytes
                // SAFETY: a part of the encoding's bytes, copied at once.
                _ = buffer.fill(UnsafeRawBufferPointer(rebasing: encoding[start...]))
                buffers.append(buffer)
            }
        }
        let large = LargeCommand(command, entrance, count, chunks: buffers.count)
        for (number, buffer) in buffers.enumerated() {
            buffer.seal(large.upload, number)
            let part = CommandPart(buffer, of: large)
            let submission = entrance.submit(part, evenIfFull: evenIfFull || number > 0)
            if submission == .accepted { continue }
            // What was begun comes to its end, and fails there.
            if number == 0 { return submission }
            for _ in number..<buffers.count { large.partEnded(.failure(.stopped)) }
            break
        }
        return .accepted
    }

    private init(
        _ command: any WriteCommand, _ entrance: any CommandEntrance, _ encodingBytes: Int,
        chunks: Int
    ) {
        (self.command, self.entrance) = (command, entrance)
        self.encodingBytes = encodingBytes
        progress = Mutex((chunks, nil))
    }

    fileprivate func partEnded(_ result: Result<Void, StoreError>) {
        let (isLast, failure) = progress.withLock { progress -> (Bool, StoreError?) in
            progress.left -= 1
            if case .failure(let error) = result { progress.failure = progress.failure ?? error }
            return (progress.left == 0, progress.failure)
        }
        guard isLast else { return }
        if let failure { return fail(failure) }
        let place = CommandPlace(UploadedCommand.encoding(of: upload, encodingBytes), of: self)
        switch entrance.submit(place, evenIfFull: true) {
        case .accepted: break
        case .refused(let fault): fail(.replica(fault))
        case .queueFull, .stopped: fail(.stopped)
        }
    }

    fileprivate func fail(_ error: StoreError) {
        command.complete(.failure(error))
        _ = entrance.submit(UploadRemoval([upload], entrance), evenIfFull: true)
    }

    fileprivate func succeed(_ outcome: Result<any Sendable, StoreError>) {
        switch outcome {
        case .success: command.complete(applied: outcome)
        case .failure(let error): fail(error)
        }
    }
}

/// A chunk of a command's encoding.
private final class CommandPart: WriteCommand {
    private let chunk: PutChunk
    private let large: LargeCommand

    init(_ buffer: ChunkBuffer, of large: LargeCommand) {
        (chunk, self.large) = (PutChunk(buffer), large)
    }

    var byteCount: Int { chunk.buffer.count }

    func withEncoding(_ body: (UnsafeRawBufferPointer) -> Void) { body(chunk.buffer.encoding) }

    func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        try chunk.apply(to: &transaction)
    }

    func complete(_ result: Result<Void, StoreError>) { large.partEnded(result) }
}

/// Says where the encoding is.
private final class CommandPlace: WriteCommand {
    private let encoding: [UInt8]
    private let large: LargeCommand
    let needsRoom = false

    init(_ encoding: [UInt8], of large: LargeCommand) {
        (self.encoding, self.large) = (encoding, large)
    }

    var byteCount: Int { encoding.count }

    func withEncoding(_ body: (UnsafeRawBufferPointer) -> Void) {
        // SAFETY: the array's own bytes, during the call.
        encoding.withUnsafeBytes(body)
    }

    func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        preconditionFailure("what is sent to a log is applied when it is read back")
    }

    func complete(_ result: Result<Void, StoreError>) {
        if case .failure(let error) = result { large.fail(error) }
    }

    func complete(applied outcome: Result<any Sendable, StoreError>) { large.succeed(outcome) }
}
