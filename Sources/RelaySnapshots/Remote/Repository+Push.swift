extension Repository {
    /// Sends what another place lacks of a repository: packs and page maps before manifests, so that what
    /// is there is whole at any time. An interrupted push goes on where it was.
    ///
    /// - Parameters:
    ///   - remote: a place that rclone knows.
    ///   - removing: also remove what is there and not here any more.
    public static func push(
        _ path: String, to remote: String, removing: Bool = false,
        _ progress: WorkProgress = .none
    ) throws(SnapshotError) -> ExchangeOutcome {
        let repository = try Repository(unopened: path)
        // Nothing goes away meanwhile; what is added meanwhile goes next time.
        let lock = try repository.lockForReading(progress.lockWait)
        defer { withExtendedLifetime(lock) {} }
        let exchange = RepositoryExchange(
            here: repository, there: remote, rclone: Rclone(progress))
        let manifests = try repository.names().map { "snapshots/\($0)\(manifestSuffix)" }
        let sizes = try exchange.contentHere()
        let before = try exchange.rclone.list(remote)
        try exchange.requireSame(before)
        if removing { try exchange.requireShared(manifests, before) }
        var outcome = ExchangeOutcome()
        let new = sizes.keys.filter { before[$0] != sizes[$0] }.sorted()
        for file in new { try exchange.requireComplete(file) }
        outcome.files = new.count
        outcome.bytes = new.reduce(0) { $0 + sizes[$1]! }
        try exchange.send(new)
        for head in try exchange.heads() { try exchange.send([head]) }
        let there = try exchange.rclone.list(remote)
        for (file, size) in sizes where there[file] != size {
            throw .transfer(.incomplete(path: file, remote: remote))
        }
        try exchange.send(manifests)
        outcome.snapshots = manifests.count
        if removing {
            outcome.removed = try exchange.remove(there.keys.sorted(), but: sizes, manifests)
        }
        return outcome
    }
}

extension RepositoryExchange {
    /// Sends files, and compares what has arrived.
    fileprivate func send(_ paths: [String]) throws(SnapshotError) {
        try rclone.copy(paths, from: here.path, to: there)
        try rclone.check(paths, in: here.path, against: there)
    }

    /// Throws where all snapshots that are there would be removed: those of another repository that is
    /// not encrypted either look just so.
    fileprivate func requireShared(
        _ manifests: [String], _ files: [String: Int]
    ) throws(SnapshotError) {
        if manifests.isEmpty { throw .transfer(.nothingToPush(path: here.path)) }
        let isEmpty = !files.keys.contains(where: Self.isManifest)
        guard isEmpty || manifests.contains(where: { files[$0] != nil }) else {
            throw .transfer(.otherRepository(path: here.path, remote: there))
        }
    }

    /// Removes what is there and not here, manifests first; returns how many snapshots that were.
    fileprivate func remove(
        _ files: [String], but content: [String: Int], _ manifests: [String]
    ) throws(SnapshotError) -> Int {
        let kept = Set(manifests)
        let gone = files.filter { Self.isManifest($0) && !kept.contains($0) }
        try rclone.remove(gone, in: there)
        // Whoever has verified them there has left word.
        let records = gone.map {
            $0.dropLast(Repository.manifestSuffix.count) + Repository.verificationSuffix
        }
        try rclone.remove(files.filter(Set(records.map(String.init)).contains), in: there)
        try rclone.remove(
            files.filter { Self.isContent($0) && content[$0] == nil }, in: there)
        return gone.count
    }
}
