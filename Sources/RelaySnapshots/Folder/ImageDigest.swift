import LMDB
import RelayStore
import System

/// The sums of a data file: BLAKE2b-512 of all of it, XXH3-64 of each segment.
struct Digest: ~Copyable {
    private let hash = BLAKE2b()
    private var segments: [UInt64] = []

    /// Takes in the next step, which never goes over the end of a segment, since a segment is a
    /// whole number of steps. `restOfSegment` is what of the segment was taken in before.
    mutating func update(_ bytes: UnsafeRawBufferPointer, isSegmentStart: Bool) {
        precondition(bytes.count <= Limits.stepBytes, "what is taken in is one step")
        precondition(isSegmentStart || !segments.isEmpty, "the first step begins a segment")
        hash.update(bytes)
        // Chained, so that a segment of several steps still has one sum.
        let sum = fastChecksum(bytes)
        if isSegmentStart {
            segments.append(sum)
        } else {
            segments[segments.count - 1] = segments[segments.count - 1] &* 31 &+ sum
        }
    }

    /// The sums.
    consuming func finish() -> (blake2b: String, segments: [UInt64]) {
        let segments = segments
        return (hexadecimal(hash.finish()), segments)
    }
}

/// Hashes an image on a thread of its own, beside the thread that writes it. Both walk the same
/// pages, so what one has fetched the other finds in a cache.
final class ImageDigest: @unchecked Sendable {
    // SAFETY: `result` is written by the thread before it ends and read after `join`.
    private var result: (blake2b: String, segments: [UInt64])?
    private var thread: BackgroundThread?

    /// Begins to hash; `pages` must stay valid until `finish` or `abandon` returns.
    init(_ pages: ImagePages, _ cancellation: Cancellation) throws(SnapshotError) {
        do throws(ThreadError) {
            thread = try begin(pages, cancellation)
        } catch {
            throw .store(.noThread(error))
        }
    }

    private func begin(
        _ pages: ImagePages, _ cancellation: Cancellation
    ) throws(ThreadError) -> BackgroundThread {
        try BackgroundThread { [unowned self] in
            var digest = Digest()
            let scratch = Scratch(Limits.stepBytes)
            let patient = IdlePriorityThread()
            let stepPages = Limits.stepBytes / pages.pageBytes
            for first in stride(from: 0, to: pages.count, by: stepPages) {
                if cancellation.isRequested { return }
                let range = first..<min(first + stepPages, pages.count)
                let isStart = first * pages.pageBytes % Limits.segmentBytes == 0
                pages.withPages(range, scratch: scratch.bytes) { bytes in
                    patient.perform { digest.update(bytes, isSegmentStart: isStart) }
                }
            }
            result = digest.finish()
        }
    }

    /// Waits for the sums.
    func finish() -> (blake2b: String, segments: [UInt64])? {
        thread?.join()
        return result
    }
}

/// Memory for one step of copying or hashing.
final class Scratch: @unchecked Sendable {
    // SAFETY: allocated in init, freed in deinit; used by one thread at a time.
    let bytes: UnsafeMutableRawBufferPointer

    init(_ byteCount: Int) {
        precondition(byteCount > 0, "scratch memory has bytes")
        // SAFETY: see above.
        bytes = .allocate(byteCount: byteCount, alignment: 4096)
    }

    deinit { bytes.deallocate() }
}
