import Glibc
import RelayStore
import System

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

    /// Restores a snapshot.
    ///
    /// - Parameters:
    ///   - asReplica: whether the store goes on with the log that hosts share, as one of them: then it keeps
    ///     its epoch, and no changes can be applied on top.
    ///   - replay: changes to apply on top, if any.
    ///   - others: names of files that may be in the directory, and stay there.
    public static func restore(
        _ source: SnapshotSource, to directory: String, beside others: Set<String> = [],
        dryRun: Bool = false, asReplica: Bool = false, replay: ChangeReplay? = nil,
        _ progress: WorkProgress = .none
    ) throws(SnapshotError) -> Outcome {
        let target = try StagingDirectory.vacant(directory, but: others)
        let manifest = try source.manifest()
        try replay?.requireReachable(from: manifest)
        if dryRun {
            let report = try source.verify(.full, progress)
            guard report.isSound else { throw .damaged(findings: report.findings) }
            return Outcome(
                manifest: manifest, report: report, epoch: nil,
                sequence: replay?.sequence ?? manifest.sequence)
        }
        let staging = try StagingDirectory(
            for: target, beside: others, room: manifest.usedPages * manifest.pageBytes)
        do throws(SnapshotError) {
            let report = try fill(staging.path, from: source, manifest, progress)
            guard report.isSound else { throw .damaged(findings: report.findings) }
            return try finish(staging, manifest, report, asReplica, replay, progress)
        } catch {
            staging.discard()
            throw error
        }
    }

    /// Brings the snapshot's data.mdb into a directory and looks at everything in it: what is
    /// verified is what becomes the store.
    private static func fill(
        _ directory: String, from source: SnapshotSource, _ manifest: Manifest,
        _ progress: WorkProgress
    ) throws(SnapshotError) -> VerificationReport {
        var report: VerificationReport
        switch source {
        case .folder(let folder):
            report = try folder.verify(.quick, progress)
            if report.isSound { try copy(folder, manifest, to: directory, progress) }
        case .stored(let repository, let id):
            let lock = try repository.lockForReading(progress.lockWait)
            let map = try repository.map(of: manifest, id)
            report = try repository.layOut(
                map, manifest, in: directory, isDurable: true, progress)
            withExtendedLifetime(lock) {}
        }
        if report.isSound {
            report.add(
                try StoreExamination.examine(directory: directory, manifest, progress))
        }
        return report
    }

    /// Gives the store in a staging directory a new epoch, unless it is a replica, and lets it appear.
    private static func finish(
        _ staging: StagingDirectory, _ manifest: Manifest, _ report: VerificationReport,
        _ asReplica: Bool, _ replay: ChangeReplay?, _ progress: WorkProgress
    ) throws(SnapshotError) -> Outcome {
        var sequence = manifest.sequence
        do {
            let store = try lifting { () throws(StoreError) in
                try Store.open(at: staging.path, options: .copy)
            }
            if asReplica {
                let state = try lifting { () throws(StoreError) in try store.replicaState() }
                guard state != nil, replay == nil else { throw .store(.replica(.notAReplica)) }
            } else {
                try lifting { () throws(StoreError) in try store.leaveLog() }
            }
            if let replay { sequence = try replay.apply(to: store, from: manifest, progress) }
            let lastTime = try replay?.lastTime()
            if !asReplica {
                try lifting { () throws(StoreError) in try store.renewEpoch(after: lastTime) }
            }
        }
        // Opened again, because a store's metadata are read once.
        let epoch = try lifting { () throws(StoreError) in
            try Store.open(at: staging.path, options: .copy).metadata.epoch
        }
        unlink(staging.path + "/lock.mdb")
        let file = try DiskFile(reading: staging.path + "/data.mdb")
        try file.sync()
        try Disk.syncDirectory(staging.path)
        try staging.publish()
        return Outcome(manifest: manifest, report: report, epoch: epoch, sequence: sequence)
    }

    /// Copies data.mdb and hashes what is copied: what was verified a moment ago and what is
    /// restored are the same bytes.
    private static func copy(
        _ folder: SnapshotFolder, _ manifest: Manifest, to directory: String,
        _ progress: WorkProgress
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
            try progress.report(.copying, offset + count, of: manifest.bytes)
        }
        try target.resize(to: manifest.bytes)
        // Here, because the failure to write a page out is told to who has the file open, and once.
        try target.sync()
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
