import JSON
import LMDB

/// A snapshot in a list.
public struct SnapshotEntry: Sendable {
    /// Its id in the repository.
    public var id: String
    /// Nil when it is damaged.
    public var manifest: Manifest?
    /// Pages that no earlier snapshot of the list has.
    public var addedPages = 0
    /// Bytes that these take in the repository.
    public var addedBytes = 0

    /// The entry's members.
    public func writeMembers(to writer: inout JSONWriter) {
        writer.member("id", id)
        guard let manifest else {
            writer.member("damaged", true)
            return
        }
        writer.member("createdAt", manifest.createdAt)
        if let label = manifest.label { writer.member("label", label) }
        writer.member("sequence", manifest.sequence)
        writer.member("documents", manifest.documents)
        writer.member("bytes", manifest.usedPages * manifest.pageBytes)
        writer.member("addedPages", addedPages)
        writer.member("addedBytes", addedBytes)
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
    /// Bytes of the stores that the snapshots are of, free pages left out.
    public var storeBytes = 0
    /// The newest sound manifest.
    public var latest: Manifest?

    /// The status's members.
    public func writeMembers(to writer: inout JSONWriter) {
        writer.member("snapshots", snapshots)
        writer.member("damaged", damaged)
        writer.member("packs", packs)
        writer.member("unneededPacks", unneededPacks)
        writer.member("bytes", bytes)
        writer.member("storeBytes", storeBytes)
        if let latest {
            writer.member("latestAt", latest.createdAt)
            writer.member("latestSequence", latest.sequence)
        }
    }
}

extension Repository {
    /// All snapshots, the oldest first, with what each one adds to those before it.
    public func list() throws(SnapshotError) -> [SnapshotEntry] {
        let lock = try lockForReading()
        defer { withExtendedLifetime(lock) {} }
        var seen: [String: (pages: PageSet, bytesPerPage: Int)] = [:]
        for name in packNames() {
            guard let pages = try? PackReader(packs, name: name).index.addresses.count
            else { continue }
            seen[name] = (PageSet(below: pages), packBytes(name) / max(1, pages))
        }
        var entries: [SnapshotEntry] = []
        for id in ids() {
            var entry = SnapshotEntry(id: id, manifest: try? manifest(id))
            if let manifest = entry.manifest, let map = try? map(of: manifest, id) {
                for run in map.needed {
                    let name = map.packs[Int(run.location.pack)]
                    let first = Int(run.location.index)
                    guard let bound = seen[name]?.pages.bound, first + run.count <= bound
                    else { continue }
                    for page in first..<first + run.count where seen[name]!.pages.insert(page) {
                        entry.addedPages += 1
                        entry.addedBytes += seen[name]!.bytesPerPage
                    }
                }
            } else {
                entry.manifest = nil
            }
            entries.append(entry)
        }
        return entries
    }

    /// Sizes and counts.
    public func status() throws(SnapshotError) -> RepositoryStatus {
        var status = RepositoryStatus()
        var needed = Set<String>()
        for id in ids() {
            status.snapshots += 1
            guard let manifest = try? manifest(id), let map = try? map(of: manifest, id) else {
                status.damaged += 1
                continue
            }
            needed.formUnion(map.packs)
            status.storeBytes += manifest.usedPages * manifest.pageBytes
            status.latest = manifest
        }
        let names = packNames()
        status.packs = names.count
        status.unneededPacks = names.count { !needed.contains($0) }
        status.bytes = byteCount
        return status
    }
}
