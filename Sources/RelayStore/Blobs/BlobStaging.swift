import Glibc

/// A blob on its way into the store.
public final class StagedBlob: @unchecked Sendable {
    // SAFETY: `isLost` and `proposed` belong to the writer thread. `id` is written there when a
    // chunk is durable; others read it after they were told so, which orders the two.

    /// The upload's id, once its first chunk is durable.
    public fileprivate(set) var id: UInt64?
    /// Bytes so far.
    public fileprivate(set) var byteCount = 0
    /// Digest of the whole, once it has ended.
    public fileprivate(set) var digest: BlobDigest?
    fileprivate var chunks = 0
    /// The id that a transaction gave, which may still fail to commit.
    fileprivate var proposed: UInt64?
    fileprivate var isLost = false
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
    private let queue: CommandQueue
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
        queue = writer.queue
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
        _ = queue.submit(UploadRemoval(blobs, queue), evenIfFull: true)
    }

    private func submitChunk() {
        let blob = blobs.last!
        let command = ChunkCommand(blob, blob.chunks, chunk, settled)
        chunk = nil
        blob.chunks += 1
        switch queue.submit(command) {
        case .accepted: chunksUnderWay += 1
        case .queueFull: failure = failure ?? .queueFull
        case .stopped: failure = failure ?? .store(.stopped)
        }
    }
}

/// Memory of one chunk.
private final class ChunkBuffer: @unchecked Sendable {
    // SAFETY: mapped in init, unmapped in deinit; filled before it is handed to the writer. A mapping
    // of its own goes back to the system, where the heap would keep what many uploads took once.
    private let base: UnsafeMutableRawPointer
    private(set) var count = 0

    init() {
        // SAFETY: until deinit.
        let memory = mmap(
            nil, Limits.chunkBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { fatalError("no memory for a chunk") }
        base = memory
    }

    deinit { munmap(base, Limits.chunkBytes) }

    func fill(_ bytes: UnsafeRawBufferPointer) -> Int {
        let length = min(bytes.count, Limits.chunkBytes - count)
        memcpy(base + count, bytes.baseAddress!, length)
        count += length
        return length
    }

    var bytes: RawSpan {
        @_lifetime(borrow self) get {
            // SAFETY: the buffer lives as long as this object.
            let span = RawSpan(_unsafeStart: base, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }
}

/// Stores one chunk; the first one of a blob begins its upload.
private final class ChunkCommand: WriteCommand {
    let byteCount: Int
    private let blob: StagedBlob
    private let number: Int
    private let chunk: ChunkBuffer?
    private let settled: @Sendable (Result<Void, StoreError>) -> Void

    init(
        _ blob: StagedBlob, _ number: Int, _ chunk: ChunkBuffer?,
        _ settled: @escaping @Sendable (Result<Void, StoreError>) -> Void
    ) {
        self.blob = blob
        self.number = number
        self.chunk = chunk
        self.settled = settled
        byteCount = chunk?.count ?? 0
    }

    func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        // Behind a chunk that failed there is nothing to go on with.
        if blob.isLost { return }
        if number == 0 { blob.proposed = try transaction.beginUpload() }
        guard let chunk, let id = blob.proposed else { return }
        try transaction.putChunk(id, number, chunk.bytes)
    }

    func complete(_ result: Result<Void, StoreError>) {
        switch result {
        case .success: if !blob.isLost { blob.id = blob.proposed }
        case .failure:
            blob.isLost = true
            // It was never committed, and may be another upload's by now.
            blob.proposed = nil
        }
        settled(result)
    }
}

/// Removes uploads in bounded slices: those of one request, blobs that lost their documents, or all up
/// to an id.
final class UploadRemoval: WriteCommand, @unchecked Sendable {
    // SAFETY: `hasMore` and `delay` belong to the writer thread.
    private let blobs: [StagedBlob]
    private let released: [UInt64]
    private let last: UInt64
    private let queue: CommandQueue
    private var hasMore = false
    /// Milliseconds after which a failure is tried again.
    private var delay = Limits.removalDelay.lowerBound
    let byteCount = 0

    init(_ blobs: [StagedBlob], _ queue: CommandQueue, upTo last: UInt64 = 0) {
        self.blobs = blobs
        released = []
        self.queue = queue
        self.last = last
    }

    /// Removes blobs that lost their documents. In the order of their ids: as long as the highest is
    /// there, no upload can get the id of one that is gone already.
    init(released: [UInt64], _ queue: CommandQueue) {
        blobs = []
        self.released = released.sorted()
        self.queue = queue
        last = 0
    }

    func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        hasMore = true
        var budget = Limits.removedChunks
        for blob in blobs {
            // Its first chunk may be in this very transaction.
            guard let id = blob.id ?? blob.proposed else { continue }
            guard try transaction.removeUpload(id, &budget) else { return }
        }
        for id in released {
            guard try transaction.removeUpload(id, &budget) else { return }
        }
        while let first = try transaction.view.firstUpload(), first <= last {
            guard try transaction.removeUpload(first, &budget) else { return }
        }
        hasMore = false
    }

    func complete(_ result: Result<Void, StoreError>) {
        if case .failure(let error) = result {
            // At the next start it is removed anyway.
            if error.isFatal || error == .stopped { return }
            queue.submit(self, after: delay)
            delay = min(2 * delay, Limits.removalDelay.upperBound)
            return
        }
        delay = Limits.removalDelay.lowerBound
        if hasMore { _ = queue.submit(self, evenIfFull: true) }
    }
}

extension Writer {
    /// Removes uploads that were under way when the process before ended, up to the newest of them.
    public func removeUploads(upTo last: UInt64) {
        _ = queue.submit(UploadRemoval([], queue, upTo: last), evenIfFull: true)
    }
}
