/// A blob on its way into the store.
public final class StagedBlob: @unchecked Sendable {
    // SAFETY: `isLost` and `isAnothers` belong to the writer thread, all else to the thread that
    // brings the bytes.

    /// The upload's id.
    public let id = BlobID.random()
    /// Bytes so far.
    public fileprivate(set) var byteCount = 0
    /// Digest of the whole, once it has ended.
    public fileprivate(set) var digest: BlobDigest?
    fileprivate var chunks = 0
    /// A chunk is not in the store.
    fileprivate var isLost = false
    /// Another blob has the id.
    fileprivate var isAnothers = false
}

/// Why a blob did not get into the store.
public enum StagingFailure: Error, Equatable, Sendable {
    /// Too many commands wait for the writer.
    case queueFull
    /// The store refused.
    case store(StoreError)
}

/// The blobs that one request brings, written chunk by chunk while they arrive.
///
/// Used on one thread. `isFull` bounds what is in memory: whoever brings the bytes stops until
/// `settled` was called and `chunkSettled` with it. Ends with the adoption of every blob by the
/// command that makes their documents, or with `abandon`.
public final class BlobStaging: @unchecked Sendable {
    // SAFETY: all state belongs to the thread that uses it; commands share only what
    // `StagedBlob` says.
    private let entrance: any CommandEntrance
    private let settled: @Sendable (Result<Void, StoreError>) -> Void
    private var chunk: ChunkBuffer?
    private var hash: BLAKE2b?
    private var chunksUnderWay = 0

    /// All blobs, in the order of `begin`.
    public private(set) var blobs: [StagedBlob] = []
    /// Why nothing more is stored.
    public private(set) var failure: StagingFailure?

    /// Prepares to stage blobs.
    ///
    /// - Parameter settled: called on the writer's thread for each chunk; has `chunkSettled` called
    ///   on the thread that uses this object.
    public init(_ writer: Writer, settled: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
        entrance = writer.entrance
        self.settled = settled
    }

    /// Whether `append` takes nothing now.
    public var isFull: Bool {
        chunk == nil && chunksUnderWay >= Limits.chunksInMemory && failure == nil
    }

    /// Whether everything that was handed over is durable, or nothing will be.
    public var isSettled: Bool { chunksUnderWay == 0 }

    /// Begins the next blob.
    public func begin() {
        precondition(hash == nil, "one blob ends before the next begins")
        blobs.append(StagedBlob())
        hash = BlobDigest.begin()
    }

    /// Adds bytes to the blob.
    ///
    /// - Returns: how many were taken: all, unless there is no room.
    public func append(_ bytes: UnsafeRawBufferPointer) -> Int {
        var taken = 0
        while taken < bytes.count, failure == nil, !isFull {
            let chunk = self.chunk ?? ChunkBuffer()
            self.chunk = chunk
            // SAFETY: a part of the caller's bytes, copied at once.
            taken += chunk.fill(UnsafeRawBufferPointer(rebasing: bytes[taken...]))
            if chunk.count == Limits.chunkBytes { submitChunk() }
        }
        // What fails is dropped to its end; the caller looks at `failure`.
        if failure != nil { return bytes.count }
        // SAFETY: the same bytes, hashed at once.
        hash!.update(UnsafeRawBufferPointer(rebasing: bytes[..<taken]))
        blobs.last!.byteCount += taken
        return taken
    }

    /// Ends the blob.
    @discardableResult
    public func end() -> StagedBlob {
        let blob = blobs.last!
        blob.digest = BlobDigest(hash.take()!.finish())
        // An empty blob has no chunk, but an id.
        if chunk != nil || blob.chunks == 0 { submitChunk() }
        return blob
    }

    /// A chunk is durable, or was refused.
    public func chunkSettled(_ result: Result<Void, StoreError>) {
        chunksUnderWay -= 1
        if case .failure(let error) = result, failure == nil { failure = .store(error) }
    }

    /// Removes all that was not adopted, behind the commands that were submitted before.
    public func abandon() {
        if blobs.isEmpty { return }
        _ = entrance.submit(UploadRemoval(blobs, entrance), evenIfFull: true)
    }

    private func submitChunk() {
        let blob = blobs.last!
        let buffer = chunk.take() ?? ChunkBuffer()
        buffer.seal(blob.id, blob.chunks)
        let command = ChunkCommand(PutChunk(buffer), of: blob, settled)
        blob.chunks += 1
        switch entrance.submit(command, evenIfFull: false) {
        case .accepted: chunksUnderWay += 1
        case .queueFull: failure = failure ?? .queueFull
        case .stopped: failure = failure ?? .store(.stopped)
        case .refused(let fault): failure = failure ?? .store(.replica(fault))
        }
    }
}

/// Stores one chunk of a blob on its way.
private final class ChunkCommand: WriteCommand {
    private let command: PutChunk
    private let blob: StagedBlob
    private let settled: @Sendable (Result<Void, StoreError>) -> Void

    init(
        _ command: PutChunk, of blob: StagedBlob,
        _ settled: @escaping @Sendable (Result<Void, StoreError>) -> Void
    ) {
        self.command = command
        self.blob = blob
        self.settled = settled
    }

    var byteCount: Int { command.buffer.count }

    func withEncoding(_ body: (UnsafeRawBufferPointer) -> Void) { body(command.buffer.encoding) }

    func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        // Behind a chunk that failed there is nothing to go on with.
        if blob.isLost { return }
        try command.apply(to: &transaction)
    }

    func complete(_ result: Result<Void, StoreError>) {
        if case .failure(let error) = result {
            blob.isLost = true
            if error == .blobExists { blob.isAnothers = true }
        }
        settled(result)
    }
}

/// Removes uploads in bounded slices: those of one request, blobs that lost their documents, or what a
/// process before left under way.
final class UploadRemoval: WriteCommand, @unchecked Sendable {
    // SAFETY: `hasMore` and `delay` belong to the writer thread.
    private let blobs: [StagedBlob]
    private let ids: [UInt64]
    private let entrance: any CommandEntrance
    private var hasMore = false
    /// Milliseconds after which a failure is tried again.
    private var delay = Limits.removalDelay.lowerBound
    let byteCount = 0
    let needsRoom = false

    init(_ blobs: [StagedBlob], _ entrance: any CommandEntrance) {
        self.blobs = blobs
        ids = []
        self.entrance = entrance
    }

    init(_ ids: [UInt64], _ entrance: any CommandEntrance) {
        blobs = []
        self.ids = ids
        self.entrance = entrance
    }

    private var command: RemoveUploads {
        RemoveUploads(ids + blobs.lazy.filter { !$0.isAnothers }.map(\.id))
    }

    func withEncoding(_ body: (UnsafeRawBufferPointer) -> Void) {
        // SAFETY: the array's own bytes, during the call.
        command.encoding.withUnsafeBytes(body)
    }

    func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        hasMore = try !command.apply(to: &transaction)
    }

    func complete(_ result: Result<Void, StoreError>) {
        if case .failure(let error) = result {
            // At the next start it is removed anyway.
            if error.isFatal || error == .stopped { return }
            entrance.submit(self, after: delay)
            delay = min(2 * delay, Limits.removalDelay.upperBound)
            return
        }
        delay = Limits.removalDelay.lowerBound
        if hasMore { _ = entrance.submit(self, evenIfFull: true) }
    }

    func complete(applied outcome: Result<any Sendable, StoreError>) {
        // What `RemoveUploads` says: whether all are gone.
        if case .success(let areGone) = outcome { hasMore = areGone as? Bool == false }
        complete(outcome.map { _ in })
    }
}

extension Writer {
    /// Removes uploads that nobody brings any more, on this host alone.
    public func removeUploads(_ ids: [UInt64]) {
        if ids.isEmpty { return }
        _ = queue.submit(UploadRemoval(ids, queue), evenIfFull: true)
    }
}
