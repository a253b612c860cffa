import CivilTime
import Glibc
import JSON
import LMDB
import RelayRecords
import RelayStore
import System

/// Takes a snapshot of a store that others may be writing to.
///
/// A pinned commit is copied page by page from the map, never through liblmdb, while a second
/// thread hashes the same pages. What serves the store takes no notice but for the pages that are
/// not reused meanwhile, and that is what `growthBytes` bounds.
public enum SnapshotCopy {
    /// Makes a directory with data.mdb and manifest.json, whole or not at all.
    public static func take(
        _ store: Store, to directory: String, _ options: SnapshotOptions,
        _ progress: WorkProgress = .none
    ) throws(SnapshotError) -> SnapshotOutcome {
        let target = try StagingDirectory.vacant(directory)
        let pinned = try lifting { () throws(StoreError) in try store.pin() }
        let staging = try StagingDirectory(
            for: target, room: pinned.image.pages.usedCount * pinned.image.pages.pageBytes)
        do throws(SnapshotError) {
            let start = SystemClock.monotonic.nanoseconds
            let part = staging.path + "/data.mdb.part"
            let file =
                try options.isCompact
                ? DiskFile(creating: part) : DiskFile(creatingDirect: part)
            let manifest: Manifest
            if options.isCompact {
                manifest = try CompactCopy.write(store, pinned, to: file, options, progress)
            } else {
                manifest = try write(pinned, options, progress) {
                    (bytes, offset) throws(SnapshotError) in
                    try put(bytes, at: offset, in: file)
                }
            }
            try file.resize(to: manifest.bytes)
            try file.sync()
            try Disk.rename(part, to: staging.path + "/data.mdb")
            try Disk.write(
                manifest.encoded, to: "\(staging.path)/\(Manifest.fileName)")
            try staging.publish()
            return SnapshotOutcome(
                id: staging.target, manifest: manifest, growth: pinned.growth,
                milliseconds: Int(SystemClock.monotonic.nanoseconds - start) / 1_000_000)
        } catch {
            staging.discard()
            throw error
        }
    }

    /// Has the calling thread give way to what serves, for a program that does nothing else.
    public static func giveWay() { BackgroundThread.giveWay() }

    /// Streams data.mdb to a pipe, for another program to keep. Its manifest is the outcome's.
    public static func stream(
        _ store: Store, to descriptor: Int32, _ options: SnapshotOptions,
        _ progress: WorkProgress = .none
    ) throws(SnapshotError) -> SnapshotOutcome {
        let start = SystemClock.monotonic.nanoseconds
        let pinned = try lifting { () throws(StoreError) in try store.pin() }
        let file = try DiskFile(copyOf: descriptor, path: "standard output")
        let manifest = try write(pinned, options, progress) { (bytes, _) throws(SnapshotError) in
            try file.append(bytes.bytes)
        }
        return SnapshotOutcome(
            id: "-", manifest: manifest, growth: pinned.growth,
            milliseconds: Int(SystemClock.monotonic.nanoseconds - start) / 1_000_000)
    }

    /// A step of the image: its bytes, and whether they are all zero because nothing is there.
    struct Step {
        // SAFETY: lent for the call that gets the step.
        let bytes: UnsafeRawBufferPointer
        let isFree: Bool
    }

    /// Hands all steps of a pinned commit over and makes its manifest.
    static func write(
        _ pinned: borrowing PinnedStore, _ options: SnapshotOptions, _ progress: WorkProgress,
        _ put: (Step, Int) throws(SnapshotError) -> Void
    ) throws(SnapshotError) -> Manifest {
        let pages = pinned.image.pages
        // Two threads of the same work: the one that fails stops the other.
        let stopping = Cancellation()
        let digest = try ImageDigest(pages, stopping)
        do throws(SnapshotError) {
            try forEachStep(pinned, options, progress, put)
        } catch {
            stopping.request()
            _ = digest.finish()
            throw error
        }
        guard let sums = digest.finish() else { throw .cancelled }
        try StoreExamination.requireIntact(pinned, progress)
        return try manifest(pinned, options, sums)
    }

    /// Hands all steps of a pinned commit over, at the pace that was asked for.
    static func forEachStep(
        _ pinned: borrowing PinnedStore, _ options: SnapshotOptions, _ progress: WorkProgress,
        _ put: (Step, Int) throws(SnapshotError) -> Void
    ) throws(SnapshotError) {
        let pages = pinned.image.pages
        let scratch = Scratch(Limits.stepBytes)
        let stepPages = Limits.stepBytes / pages.pageBytes
        var pace = Pace(bytesPerSecond: options.bytesPerSecond)
        for first in stride(from: 0, to: pages.count, by: stepPages) {
            let range = first..<min(first + stepPages, pages.count)
            let isFree = pages.areFree(range)
            try pages.withPages(range, scratch: scratch.bytes) { (bytes) throws(SnapshotError) in
                try put(Step(bytes: bytes, isFree: isFree), first * pages.pageBytes)
            }
            if !isFree { pace.pass(range.count * pages.pageBytes) }
            try progress.report(.copying, range.upperBound * pages.pageBytes, of: pages.byteCount)
            let growth = pinned.growth
            if growth > options.growthBytes {
                throw .grewTooMuch(bytes: growth, limit: options.growthBytes)
            }
        }
    }

    /// Writes a step into a file that is all holes so far.
    private static func put(
        _ step: Step, at offset: Int, in file: borrowing DiskFile
    ) throws(SnapshotError) {
        if !step.isFree { try file.write(step.bytes, at: offset) }
        let end = offset + step.bytes.count
        if end % Limits.flushBytes < step.bytes.count {
            let start = max(0, end / Limits.flushBytes - 1) * Limits.flushBytes
            try file.settle(start..<end)
        }
    }

    /// What a pinned commit's manifest says, given the sums of its data file.
    static func manifest(
        _ pinned: borrowing PinnedStore, _ options: SnapshotOptions,
        _ sums: (blake2b: String, segments: [UInt64]), time: Timestamp = .now
    ) throws(SnapshotError) -> Manifest {
        let pages = pinned.image.pages
        let counts = try lifting { () throws(StoreError) in try pinned.view.documentCounts() }
        let sequence = try lifting { () throws(StoreError) in try pinned.view.lastSequence() }
        let format = try lifting { () throws(StoreError) in try pinned.view.formatVersion() }
        let replica = try lifting { () throws(StoreError) in try pinned.view.replicaState() }
        return Manifest(
            program: options.program, createdAt: time, label: options.label,
            isCompact: options.isCompact, epoch: pinned.metadata.epoch, sequence: sequence,
            transaction: pinned.image.transactionID,
            storeFormat: Int(format), pageBytes: pages.pageBytes,
            pages: pages.count, usedPages: pages.usedCount, blake2b: sums.blake2b,
            counts: counts.listed, segments: sums.segments, stored: nil,
            log: replica.map { Manifest.LogPlace(identity: $0.identity, sequence: $0.sequence) })
    }
}
