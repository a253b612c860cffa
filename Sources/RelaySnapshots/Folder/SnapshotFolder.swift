import RelayStore

/// A snapshot in a directory of its own: data.mdb and manifest.json, nothing else.
public struct SnapshotFolder: Sendable {
    /// The directory.
    public let path: String

    /// Names a directory; looks at nothing yet.
    public init(_ path: String) { self.path = path }

    var dataPath: String { path + "/data.mdb" }
    private var manifestPath: String { "\(path)/\(Manifest.fileName)" }

    /// Reads the manifest; damage is an error here.
    public func manifest() throws(SnapshotError) -> Manifest {
        guard
            let bytes = try Disk.contents(of: manifestPath, upTo: Limits.manifestBytes)
        else { throw .missing(path: path) }
        guard let manifest = try Manifest(reading: bytes, path: manifestPath) else {
            throw .damaged(findings: ["\(manifestPath) is not what was written"])
        }
        return manifest
    }

    /// Looks whether the snapshot is what it was when it was made. What is wrong is in the report;
    /// only what keeps it from being looked at is thrown.
    public func verify(
        _ depth: VerificationDepth, _ progress: WorkProgress = .none
    ) throws(SnapshotError) -> VerificationReport {
        var report = VerificationReport()
        let manifest: Manifest
        do throws(SnapshotError) {
            manifest = try self.manifest()
        } catch .damaged(let findings) {
            for finding in findings { report.add(finding) }
            return report
        }
        for name in try Disk.names(in: path) ?? []
        where ![Manifest.fileName, "data.mdb", StagingDirectory.lostAndFound].contains(name) {
            report.add("\(path) holds \(name), which is no part of a snapshot")
        }
        guard try Disk.exists(dataPath) else {
            report.add("\(dataPath) is missing")
            return report
        }
        report.add(try compareBytes(with: manifest, progress))
        // Bytes that are not those of the snapshot are shown to nobody else.
        guard depth == .full, report.isSound else { return report }
        report.add(try StoreExamination.examine(directory: path, manifest, progress))
        return report
    }

    /// Compares data.mdb with the manifest's sums.
    private func compareBytes(
        with manifest: Manifest, _ progress: WorkProgress
    ) throws(SnapshotError) -> VerificationReport {
        var report = VerificationReport()
        let file = try DiskFile(reading: dataPath)
        let size = try file.size()
        if size != manifest.bytes {
            report.add("\(dataPath) has \(size) bytes, the manifest says \(manifest.bytes)")
        }
        let sums = try DataFileDigest.sums(of: file, progress)
        report.bytes = size
        if sums.blake2b != manifest.blake2b {
            report.add("\(dataPath): BLAKE2b is \(sums.blake2b), not \(manifest.blake2b)")
        }
        for index in 0..<max(sums.segments.count, manifest.segments.count) {
            let found = index < sums.segments.count ? sums.segments[index] : nil
            let said = index < manifest.segments.count ? manifest.segments[index] : nil
            if found == said { continue }
            let start = index * Limits.segmentBytes
            report.add(
                "\(dataPath) is torn between bytes \(start) and \(start + Limits.segmentBytes)")
        }
        return report
    }
}
