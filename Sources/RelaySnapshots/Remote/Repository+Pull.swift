import Glibc

extension Repository {
    /// Brings what another place has of a repository here, into one that is not there yet, or is older.
    /// Nothing that is here goes away, also if it was pruned there. An interrupted pull goes on where it
    /// was.
    ///
    /// - Parameter remote: a place that rclone knows.
    public static func pull(
        _ path: String, from remote: String, _ progress: WorkProgress = .none
    ) throws(SnapshotError) -> ExchangeOutcome {
        let rclone = Rclone(progress)
        // Manifests before packs: a snapshot that comes there meanwhile comes here next time.
        let before = try rclone.list(remote)
        guard before[markerFileName] != nil else { throw .transfer(.noRepository(remote: remote)) }
        let repository: Repository
        do throws(SnapshotError) {
            repository = try Repository(unopened: path)
        } catch .noRepository {
            repository = try begin(path, from: remote, before, rclone)
        }
        let lock = try repository.lockForWriting(progress.lockWait)
        defer { withExtendedLifetime(lock) {} }
        repository.removeLeftovers()
        let exchange = RepositoryExchange(here: repository, there: remote, rclone: rclone)
        try exchange.requireSame(before)
        let work = try WorkDirectory("\(repository.path)/\(workPrefix)")
        defer { work.remove() }
        let manifests = before.keys.filter(RepositoryExchange.isManifest).sorted()
        try rclone.copy(manifests, from: remote, to: work.path)
        var outcome = try exchange.fetch(try rclone.list(remote))
        try rclone.check(manifests, in: work.path, against: remote)
        for manifest in manifests {
            try DiskFile(reading: "\(work.path)/\(manifest)").sync()
            guard rename("\(work.path)/\(manifest)", "\(repository.path)/\(manifest)") == 0 else {
                throw .system(
                    call: "rename to", path: "\(repository.path)/\(manifest)", errno: errno)
            }
        }
        try Disk.syncDirectory(repository.snapshots)
        outcome.snapshots = manifests.count
        return outcome
    }

    /// Makes an empty repository that is the one there.
    private static func begin(
        _ path: String, from remote: String, _ sizes: [String: Int], _ rclone: Rclone
    ) throws(SnapshotError) -> Repository {
        try requireVacant(path)
        let marker = try rclone.contents(Rclone.join(remote, markerFileName))
        _ = try version(marker, remote)
        let key =
            sizes[keyName] == nil ? nil : try rclone.contents(Rclone.join(remote, keyName))
        return try make(path, marker, key)
    }
}

extension RepositoryExchange {
    /// Brings packs and page maps here that are not, and has them on the disk.
    fileprivate func fetch(_ sizes: [String: Int]) throws(SnapshotError) -> ExchangeOutcome {
        var outcome = ExchangeOutcome()
        let known = try contentHere()
        let new = sizes.keys.filter { path in
            guard Self.isContent(path), known[path] != sizes[path] else { return false }
            // The one here may be sound, and the other not.
            return known[path] == nil || (try? requireComplete(path)) == nil
                || !path.hasSuffix(Repository.packSuffix)
        }.sorted()
        try Disk.requireSpace(new.reduce(0) { $0 + sizes[$1]! }, in: here.path)
        try rclone.copy(new, from: there, to: here.path)
        try rclone.check(new, in: here.path, against: there)
        for path in new {
            try requireComplete(path)
            try DiskFile(reading: "\(here.path)/\(path)").sync()
            outcome.bytes += sizes[path]!
        }
        for folder in [here.packs, here.maps] { try Disk.syncDirectory(folder) }
        outcome.files = new.count
        return outcome
    }
}
