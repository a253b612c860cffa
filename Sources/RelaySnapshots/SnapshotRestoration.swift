import Glibc
import RelayStore

/// Makes a store of a snapshot: verified before, whole or not at all, with a new epoch.
public enum SnapshotRestoration {
    /// What becomes of a restoration.
    public struct Outcome: Sendable {
        /// What was restored.
        public var manifest: Manifest
        /// What the verification before it looked at.
        public var report: VerificationReport
        /// The new store's epoch; nil after a dry run.
        public var epoch: UInt64?
        /// Last change in the store: higher than the snapshot's after a replay.
        public var sequence: UInt64
    }

    /// Restores a snapshot in a directory of its own.
    ///
    /// - Parameter replay: changes to apply on top, if any.
    public static func restore(
        _ folder: SnapshotFolder, to directory: String, dryRun: Bool = false,
        replay: ChangeReplay? = nil, _ watch: Watch = .none
    ) throws(SnapshotError) -> Outcome {
        let staging = try StagingDirectory(for: directory)
        let manifest = try folder.manifest()
        try replay?.requireReachable(from: manifest)
        let report = try folder.verify(.full, watch)
        guard report.isSound else { throw .damaged(findings: report.findings) }
        try Disk.requireSpace(
            manifest.usedPages * manifest.pageBytes, in: Disk.parent(of: staging.target))
        if dryRun {
            return Outcome(
                manifest: manifest, report: report, epoch: nil,
                sequence: replay?.sequence ?? manifest.sequence)
        }
        try staging.make()
        return try finish(staging, manifest, report, replay, watch) {
            (target) throws(SnapshotError) in
            try copy(folder, manifest, to: target, watch)
        }
    }

    /// Fills a staging directory, gives the store in it a new epoch and lets it appear.
    static func finish(
        _ staging: StagingDirectory, _ manifest: Manifest, _ report: VerificationReport,
        _ replay: ChangeReplay?, _ watch: Watch,
        fill: (String) throws(SnapshotError) -> Void
    ) throws(SnapshotError) -> Outcome {
        do throws(SnapshotError) {
            try fill(staging.path)
            var sequence = manifest.sequence
            let epoch: UInt64
            do {
                let store = try lifting { () throws(StoreError) in
                    try Store.open(at: staging.path)
                }
                if let replay {
                    sequence = try replay.apply(to: store, from: manifest, watch)
                }
                try lifting { () throws(StoreError) in try store.renewEpoch() }
            }
            do {
                // Opened again, because a store's metadata are read once.
                let store = try lifting { () throws(StoreError) in
                    try Store.open(at: staging.path)
                }
                epoch = store.metadata.epoch
            }
            unlink(staging.path + "/lock.mdb")
            let file = try DiskFile(reading: staging.path + "/data.mdb")
            try file.sync()
            try Disk.syncDirectory(staging.path)
            try staging.publish()
            return Outcome(
                manifest: manifest, report: report, epoch: epoch, sequence: sequence)
        } catch {
            staging.discard()
            throw error
        }
    }

    /// Copies data.mdb and hashes what is copied: what was verified a moment ago and what is
    /// restored are the same bytes.
    private static func copy(
        _ folder: SnapshotFolder, _ manifest: Manifest, to directory: String, _ watch: Watch
    ) throws(SnapshotError) {
        let source = try DiskFile(reading: folder.dataPath)
        let target = try DiskFile(creating: directory + "/data.mdb")
        var digest = Digest()
        let scratch = Scratch(Limits.stepBytes)
        for offset in stride(from: 0, to: manifest.bytes, by: Limits.stepBytes) {
            let count = try source.read(into: scratch.bytes, at: offset)
            // SAFETY: the scratch memory lives until the next step.
            let bytes = UnsafeRawBufferPointer(rebasing: scratch.bytes[..<count])
            digest.update(bytes, isSegmentStart: offset % Limits.segmentBytes == 0)
            if !bytes.isZero { try target.write(bytes, at: offset) }
            try watch.step(.copying, offset + count, of: manifest.bytes)
        }
        try target.resize(to: manifest.bytes)
        guard digest.finish().blake2b == manifest.blake2b else {
            throw .damaged(findings: ["\(folder.dataPath) has changed while it was copied"])
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether all bytes are zero, so that a hole in a file can stand for them.
    var isZero: Bool {
        // SAFETY: loads lie within the buffer.
        let words = count / 8
        for index in 0..<words where loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self) != 0
        {
            return false
        }
        return self[(8 * words)...].allSatisfy { $0 == 0 }
    }
}
