import CivilTime
import JSON

/// A snapshot in a list.
public struct SnapshotEntry: Sendable {
    /// Its id in the repository.
    public let id: String
    /// Nil when it, or the page map that it names, cannot be read.
    public let manifest: Manifest?
    /// What verifications have found.
    public let verification: VerificationRecord

    /// The entry's members.
    public func writeMembers(to writer: inout JSONWriter) {
        writer.member("id", id)
        if manifest == nil || verification.isDamaged { writer.member("damaged", true) }
        guard let manifest else { return }
        writer.member("createdAt", manifest.createdAt)
        if let label = manifest.label { writer.member("label", label) }
        writer.member("sequence", manifest.sequence)
        writer.member("documents", manifest.documents)
        writer.member("bytes", manifest.usedPages * manifest.pageBytes)
        writer.member("addedPages", manifest.stored?.addedPages ?? 0)
        writer.member("addedBytes", manifest.stored?.addedBytes ?? 0)
        if let verifiedAt = verification.verifiedAt { writer.member("verifiedAt", verifiedAt) }
    }
}

/// What there is in a repository.
public struct RepositoryStatus: Sendable {
    /// Snapshots, damaged ones among them.
    public var snapshots = 0
    /// Snapshots whose manifest or page map is damaged.
    public var damaged = 0
    /// Packs.
    public var packs = 0
    /// Packs that no snapshot needs.
    public var unneededPacks = 0
    /// Bytes of all files.
    public var bytes = 0
    /// Whether its files are encrypted.
    public var isEncrypted = false
    /// Bytes of the stores that the snapshots are of, free pages left out.
    public var storeBytes = 0
    /// The newest sound manifest.
    public var latest: Manifest?
    /// The newest snapshot that verified, and when that was.
    public var verified: (id: String, at: Timestamp)?

    /// The status's members.
    public func writeMembers(to writer: inout JSONWriter) {
        writer.member("snapshots", snapshots)
        writer.member("damaged", damaged)
        writer.member("packs", packs)
        writer.member("unneededPacks", unneededPacks)
        writer.member("bytes", bytes)
        writer.member("storeBytes", storeBytes)
        writer.member("encrypted", isEncrypted)
        if let latest {
            writer.member("latestAt", latest.createdAt)
            writer.member("latestSequence", latest.sequence)
        }
        if let verified {
            writer.member("latestVerified", verified.id)
            writer.member("verifiedAt", verified.at)
        }
    }
}

extension Repository {
    /// All snapshots, the oldest first, with what each one added when it was taken. Only manifests are
    /// read: whether pages are damaged is what a verification finds.
    public func list(
        _ progress: WorkProgress = .none
    ) throws(SnapshotError) -> (entries: [SnapshotEntry], warnings: [String]) {
        let lock = try lockForReading(progress.lockWait)
        defer { withExtendedLifetime(lock) {} }
        let all = try orderedReadable()
        let entries = try all.map { snapshot throws(SnapshotError) in
            let map = snapshot.manifest?.stored?.map ?? ""
            let isThere = try Disk.exists(mapPath(map))
            return SnapshotEntry(
                id: snapshot.id, manifest: isThere ? snapshot.manifest : nil,
                verification: try verification(snapshot.id))
        }
        return (entries, Self.clockWarnings(all))
    }

    /// Sizes and counts.
    public func status() throws(SnapshotError) -> RepositoryStatus {
        var status = RepositoryStatus()
        var needed = Set<String>()
        for snapshot in try orderedReadable() {
            status.snapshots += 1
            let record = try verification(snapshot.id)
            guard let manifest = snapshot.manifest,
                let map = try soundMap(of: manifest, snapshot.id)
            else {
                status.damaged += 1
                continue
            }
            needed.formUnion(map.packs)
            if record.isDamaged {
                status.damaged += 1
            } else if let verifiedAt = record.verifiedAt {
                status.verified = (snapshot.id, verifiedAt)
            }
            status.storeBytes += manifest.usedPages * manifest.pageBytes
            status.latest = manifest
        }
        let names = try packNames()
        status.packs = names.count
        status.unneededPacks = names.count { !needed.contains($0) }
        status.bytes = try byteCount
        status.isEncrypted = isEncrypted
        return status
    }

    /// The page map that a manifest names; nil if that is damaged.
    private func soundMap(
        of manifest: Manifest, _ id: String
    ) throws(SnapshotError) -> PageMap? {
        do throws(SnapshotError) {
            return try map(of: manifest, id)
        } catch .damaged {
            return nil
        }
    }
}
