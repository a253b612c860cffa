/// What has gone from a repository to another place, or come from there.
public struct ExchangeOutcome: Sendable {
    /// Snapshots that both have now.
    public var snapshots = 0
    /// Packs and page maps that went over.
    public var files = 0
    /// Their bytes.
    public var bytes = 0
    /// Snapshots that were removed there, because they are not here any more.
    public var removed = 0
}

/// The files of a repository as they stand here and at another place that rclone knows. They are
/// sent as they are, so no key is needed.
///
///     repository, key   what the other place is
///     packs, maps       named by their content: one that has its size there is there
///     snapshots         last, and only those whose packs and maps have arrived
///
/// What a verification has found stays where it was: it is about the disk that it read.
struct RepositoryExchange {
    let here: Repository
    let there: String
    let rclone: Rclone

    /// Whether a path is that of pages, or of a map.
    static func isContent(_ path: String) -> Bool {
        path.hasPrefix("packs/") && path.hasSuffix(Repository.packSuffix)
            || path.hasPrefix("maps/") && path.hasSuffix(Repository.mapSuffix)
    }

    static func isManifest(_ path: String) -> Bool {
        path.hasPrefix("snapshots/") && path.hasSuffix(Repository.manifestSuffix)
    }

    /// Paths and sizes of the packs and maps that are here.
    func contentHere() throws(SnapshotError) -> [String: Int] {
        var sizes: [String: Int] = [:]
        for folder in ["packs", "maps"] {
            for name in try Disk.names(in: "\(here.path)/\(folder)") ?? [] {
                let path = "\(folder)/\(name)"
                if Self.isContent(path) { sizes[path] = try Disk.size(of: "\(here.path)/\(path)") }
            }
        }
        return sizes
    }

    /// The files that say what a repository is: the marker comes last here, too.
    func heads() throws(SnapshotError) -> [String] {
        var heads: [String] = []
        for name in [Repository.keyName, Repository.markerFileName]
        where try Disk.exists("\(here.path)/\(name)") {
            heads.append(name)
        }
        return heads
    }

    /// Throws if another repository is there, or something else.
    func requireSame(_ sizes: [String: Int]) throws(SnapshotError) {
        guard sizes[Repository.markerFileName] != nil else {
            // A push that was interrupted has left packs.
            let isOurs = sizes.keys.allSatisfy {
                Self.isContent($0) || $0 == Repository.keyName
            }
            guard isOurs else { throw .occupied(path: there) }
            if sizes[Repository.keyName] == nil { return }
            guard try identity(sizes) == identityHere() else {
                throw .transfer(.otherRepository(path: here.path, remote: there))
            }
            return
        }
        let marker = try rclone.contents(Rclone.join(there, Repository.markerFileName))
        let own = try Disk.contents(of: Repository.markerFile(of: here.path), upTo: 100) ?? []
        guard marker == own, try identity(sizes) == identityHere() else {
            throw .transfer(.otherRepository(path: here.path, remote: there))
        }
    }

    private func identity(_ sizes: [String: Int]) throws(SnapshotError) -> String? {
        guard sizes[Repository.keyName] != nil else { return nil }
        let path = Rclone.join(there, Repository.keyName)
        guard let record = try KeyRecord(try rclone.contents(path), path: path) else {
            throw .damaged(findings: ["\(path) is not what was written"])
        }
        return record.repository
    }

    private func identityHere() throws(SnapshotError) -> String? {
        let path = "\(here.path)/\(Repository.keyName)"
        guard let file = try Disk.contents(of: path, upTo: Limits.keyFileBytes) else { return nil }
        guard let record = try KeyRecord(file, path: path) else {
            throw .damaged(findings: ["\(path) is not what was written"])
        }
        return record.repository
    }

    /// Throws unless a pack is as long as its trailer says, and has the name that its hash gives.
    func requireComplete(_ path: String) throws(SnapshotError) {
        guard path.hasSuffix(Repository.packSuffix) else { return }
        let name = path.dropFirst("packs/".count).dropLast(Repository.packSuffix.count)
        let file = try DiskFile(reading: "\(here.path)/\(path)")
        guard try PackIndex.isComplete(file, name: String(name)) else {
            throw .damaged(findings: ["pack \(name): its end is not what was written"])
        }
    }
}
