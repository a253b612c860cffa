import CLinux
import Glibc
import RelayStore
import System

/// A copy without free pages, which liblmdb makes: its pages have other numbers than the store's.
enum CompactCopy {
    /// Writes a compacted data file. liblmdb writes into a pipe, so that its thread can be slowed
    /// down, watched and ended like any other copy.
    static func write(
        _ store: Store, _ pinned: borrowing PinnedStore, to file: borrowing DiskFile,
        _ options: SnapshotOptions, _ progress: WorkProgress
    ) throws(SnapshotError) -> Manifest {
        let estimate = pinned.image.pages.usedCount * pinned.image.pages.pageBytes
        var ends: [Int32] = [-1, -1]
        guard relay_pipe(&ends) == 0 else {
            throw .system(call: "pipe", path: file.path, errno: errno)
        }
        let source = DiskFile(descriptor: ends[0], path: "pipe")
        let sink = ends[1]
        let outcome = Outcome()
        let thread: BackgroundThread
        do throws(ThreadError) {
            thread = try BackgroundThread {
                outcome.set { () throws(StoreError) in try store.writeCompacted(to: sink) }
                close(sink)
            }
        } catch {
            close(sink)
            throw .store(.noThread(error))
        }
        // Once this end is closed, whoever still writes to the other one ends too: EPIPE.
        let drained: Result<Void, SnapshotError>
        do throws(SnapshotError) {
            try drain(source, into: file, options, progress, pinned, estimate)
            drained = .success(())
        } catch {
            drained = .failure(error)
        }
        thread.join()
        try drained.get()
        if let error = outcome.error { throw .store(error) }
        let sums = try DataFileDigest.sums(of: file, progress)
        return try manifest(of: file, options, sums, progress)
    }

    private static func drain(
        _ source: consuming DiskFile, into file: borrowing DiskFile, _ options: SnapshotOptions,
        _ progress: WorkProgress, _ pinned: borrowing PinnedStore, _ estimate: Int
    ) throws(SnapshotError) {
        let scratch = Scratch(Limits.stepBytes)
        var pace = Pace(bytesPerSecond: options.bytesPerSecond)
        var offset = 0
        while true {
            // SAFETY: the scratch memory lives through the call.
            let count = Glibc.read(
                source.descriptor, scratch.bytes.baseAddress, scratch.bytes.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system(call: "read", path: "pipe", errno: errno) }
            if count == 0 { return }
            try file.write(UnsafeRawBufferPointer(rebasing: scratch.bytes[..<count]), at: offset)
            offset += count
            pace.pass(count)
            try progress.report(.copying, min(offset, estimate), of: estimate)
            let growth = pinned.growth
            if growth > options.growthBytes {
                throw .grewTooMuch(bytes: growth, limit: options.growthBytes)
            }
        }
    }

    /// What is in the copy is asked of the copy: it may be a later commit than the pinned one.
    private static func manifest(
        of file: borrowing DiskFile, _ options: SnapshotOptions,
        _ sums: (blake2b: String, segments: [UInt64]), _ progress: WorkProgress
    ) throws(SnapshotError) -> Manifest {
        // liblmdb wants the name data.mdb, which the copy gets only when it is complete.
        let directory = FileError.directory(of: file.path) + "/reading"
        try Disk.makeDirectory(directory)
        let name = directory + "/data.mdb"
        defer {
            unlink(name)
            rmdir(directory)
        }
        guard link(file.path, name) == 0 else {
            throw .system(call: "link", path: name, errno: errno)
        }
        let copy = try lifting { () throws(StoreError) in
            try Store.open(at: directory, options: StoreOptions(isReadOnly: true))
        }
        let pinned = try lifting { () throws(StoreError) in try copy.pin() }
        try StoreExamination.requireIntact(pinned, progress)
        return try SnapshotCopy.manifest(pinned, options, sums)
    }

    /// How liblmdb's thread ended.
    private final class Outcome: @unchecked Sendable {
        // SAFETY: written by the thread before it ends, read after it was joined.
        private(set) var error: StoreError?

        func set(_ body: () throws(StoreError) -> Void) {
            do throws(StoreError) {
                try body()
            } catch {
                self.error = error
            }
        }
    }
}

/// The sums of a data file as it is on the disk.
enum DataFileDigest {
    /// Reads all of a file.
    static func sums(
        of file: borrowing DiskFile, _ progress: WorkProgress
    ) throws(SnapshotError) -> (blake2b: String, segments: [UInt64]) {
        var digest = Digest()
        let scratch = Scratch(Limits.stepBytes)
        let size = try file.size()
        for offset in stride(from: 0, to: size, by: Limits.stepBytes) {
            let count = try file.read(into: scratch.bytes, at: offset)
            // SAFETY: the scratch memory lives through the call.
            digest.update(
                UnsafeRawBufferPointer(rebasing: scratch.bytes[..<count]),
                isSegmentStart: offset % Limits.segmentBytes == 0)
            try progress.report(.hashing, offset + count, of: size)
        }
        return digest.finish()
    }
}
