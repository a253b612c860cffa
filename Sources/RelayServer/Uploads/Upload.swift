import HTTP2
import JSON
import RelayContract
import RelayRecords
import RelayStore
import Synchronization

/// A request whose body goes into the store as it comes, kept by its exchange until the stream
/// ends. Subclasses know the form of the body.
///
/// Used on its loop's thread. Bytes that are not taken wait in the HTTP/2 layer, whose window stays
/// shut until a chunk is durable: so at most two chunks of an upload are in memory.
class Upload {
    let staging: BlobStaging
    /// Bytes of a file that were found but had no room yet: a few, see `stage`.
    private var carried: [UInt8] = []
    /// Faults so far; with any of them files are read on, but not stored.
    var faults = Faults()
    private let places: [UploadPlace]

    init(_ writing: WriteAccess, _ token: ExchangeToken, _ places: [UploadPlace]) {
        self.places = places
        staging = BlobStaging(writing.writer) { result in
            token.resume { Upload.kept(by: $0)?.staging.chunkSettled(result) }
        }
    }

    /// Takes what there is room for.
    func take(_ bytes: UnsafeRawBufferPointer) throws(Problem) -> Int {
        preconditionFailure("a subclass takes the bytes")
    }

    /// Stores bytes of a file; those without room are carried until `drain`.
    ///
    /// - Parameter carry: whether to carry those; if not, they are offered again.
    /// - Returns: how many were stored or carried.
    final func stage(_ bytes: UnsafeRawBufferPointer, carry: Bool) -> Int {
        guard faults.isEmpty else { return bytes.count }
        let taken = staging.append(bytes)
        if !carry || taken == bytes.count { return taken }
        carried += bytes[taken...]
        return bytes.count
    }

    /// Stores what was carried; false as long as there is no room.
    final func drain() -> Bool {
        if !faults.isEmpty { carried = [] }
        if carried.isEmpty { return !staging.isFull || !faults.isEmpty }
        // SAFETY: the array's own bytes, copied during the call.
        let taken = carried.withUnsafeBytes { staging.append($0) }
        carried.removeFirst(taken)
        return carried.isEmpty && !staging.isFull
    }

    /// What the store said while the body came.
    final func checkStaging() throws(Problem) {
        switch staging.failure {
        case nil: return
        case .queueFull: throw Problem(.unavailable, "too many writes are waiting: try again")
        case .store(let error): throw Problem(error)
        }
    }

    /// The files of the body, all of them durable.
    final func file(_ index: Int, name: String, type: String) -> UploadedFile {
        let content = staging.blobs[index]
        return UploadedFile(
            name: name, type: type, content: content.id, byteCount: content.byteCount,
            digest: content.digest!)
    }

    /// Has the exchange keep this upload.
    final func keep(by exchange: RelayExchange) {
        // SAFETY: released by `end`, which every stream with a streamed body comes to.
        let reference = Unmanaged.passRetained(self).toOpaque()
        exchange.http.continuation = .upload(exchange.request, reference)
    }

    /// The upload that an exchange keeps.
    static func kept(by exchange: Exchange) -> Upload? {
        guard case .upload(_, let reference) = exchange.continuation else { return nil }
        // SAFETY: retained by `keep`, and released when the exchange no longer has it.
        return Unmanaged<Upload>.fromOpaque(reference).takeUnretainedValue()
    }

    /// The stream is over: removes from the store what no record has adopted.
    static func end(_ exchange: Exchange) {
        guard let upload = kept(by: exchange) else { return }
        upload.staging.abandon()
        // SAFETY: the reference that `keep` made; the exchange has none afterwards.
        Unmanaged.passUnretained(upload).release()
        exchange.continuation = .none
    }
}

/// How many uploads are under way on all loops: each holds chunks for as long as its client likes.
final class UploadCount: Sendable {
    fileprivate let count = Atomic<Int>(0)
}

/// A place among the uploads that are under way, taken until nobody holds it any more.
final class UploadPlace: Sendable {
    private let uploads: UploadCount

    /// Takes a place; nil if all are taken.
    init?(among uploads: UploadCount, upTo most: Int) {
        var count = uploads.count.load(ordering: .relaxed)
        while true {
            if count >= most { return nil }
            let (isTaken, current) = uploads.count.weakCompareExchange(
                expected: count, desired: count + 1, ordering: .relaxed)
            if isTaken { break }
            count = current
        }
        self.uploads = uploads
    }

    deinit { uploads.count.subtract(1, ordering: .relaxed) }
}
