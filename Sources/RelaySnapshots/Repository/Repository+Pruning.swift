import Glibc
import LMDB
import RelayStore

/// What a prune has done, or would do.
public struct PruneOutcome: Sendable {
    /// Ids of the snapshots that stay.
    public var kept: [String] = []
    /// Ids of those that go.
    public var removed: [String] = []
    /// Packs that were deleted because nothing needs them.
    public var deletedPacks = 0
    /// Packs whose needed pages were moved into new ones.
    public var rewrittenPacks = 0
    /// Bytes by which the repository has become smaller.
    public var freedBytes = 0
    /// What an admin should know of it.
    public var warnings: [String] = []
}

extension Repository {
    /// Removes the snapshots that a policy does not keep, and then what no other one needs.
    ///
    /// In an order that a crash may end anywhere: manifests go first, so that nothing is listed
    /// whose pages are gone; needed pages are copied and synced before any manifest leads to their
    /// new location; packs go last.
    public func prune(
        _ policy: RetentionPolicy, dryRun: Bool = false, _ progress: WorkProgress = .none
    ) throws(SnapshotError) -> PruneOutcome {
        let wait = progress.lockWait
        let writing = try lockForWriting(wait)
        let removing = try lockForRemoving(wait)
        defer {
            withExtendedLifetime(writing) {}
            withExtendedLifetime(removing) {}
        }
        var outcome = PruneOutcome()
        let all = try orderedReadable()
        // A damaged manifest ends it here: what it needs cannot be known.
        var manifests: [(id: String, manifest: Manifest)] = []
        for snapshot in all {
            if let failure = snapshot.failure { throw failure }
            if let manifest = snapshot.manifest { manifests.append((snapshot.id, manifest)) }
        }
        outcome.warnings = Self.clockWarnings(all)
        let kept = try kept(all, policy, &outcome)
        outcome.kept = manifests.map(\.id).filter(kept.contains)
        outcome.removed = manifests.map(\.id).filter { !kept.contains($0) }
        manifests.removeAll { !kept.contains($0.id) }
        let usage = try PackUsage(self, manifests)
        if dryRun {
            for name in usage.unneeded { outcome.freedBytes += try packBytes(name) }
            outcome.deletedPacks = usage.unneeded.count
            return outcome
        }
        let before = try byteCount
        removeLeftovers()
        for id in outcome.removed {
            try Disk.remove(manifestPath(id))
            try forgetVerification(id)
        }
        try Disk.syncDirectory(snapshots)
        let leaving = try usage.leaving(self)
        // Pages that are moved may be in packs that nothing led to before, because a prune that was killed
        // has written the same, under the same names.
        let needed = try usage.needed.subtracting(leaving)
            .union(rewrite(leaving, usage, &manifests, progress))
        for name in try packNames() where !needed.contains(name) {
            try Disk.remove(packPath(name))
            if !leaving.contains(name) { outcome.deletedPacks += 1 }
        }
        outcome.rewrittenPacks = leaving.count
        try removeMaps(but: manifests.map(\.manifest))
        try Disk.syncDirectory(packs)
        outcome.freedBytes = before - (try byteCount)
        return outcome
    }

    /// The ids to keep: what the rules want of all, and of those in which nothing was found wrong, so
    /// that no damaged snapshot takes a good one's place; and the last that verified, whatever the
    /// rules want.
    private func kept(
        _ all: [StoredSnapshot], _ policy: RetentionPolicy, _ outcome: inout PruneOutcome
    ) throws(SnapshotError) -> Set<String> {
        let records = try all.map { snapshot throws(SnapshotError) in
            try verification(snapshot.id)
        }
        let looked = Array(zip(all, records))
        let sound = looked.filter { !$0.1.isDamaged }.map(\.0)
        var kept = policy.kept(all.map { ($0.id, $0.time) })
            .union(policy.kept(sound.map { ($0.id, $0.time) }))
        // Sums alone do not show what was damaged before they were made.
        for last in [
            looked.last { $0.1.verifiedAt != nil },
            looked.last { !$0.1.isDamaged && $0.1.fullAt != nil },
        ] {
            guard let (snapshot, _) = last, kept.insert(snapshot.id).inserted else { continue }
            outcome.warnings.append(
                "\(snapshot.id) stays though no rule keeps it: it is the last that verified")
        }
        if !records.contains(where: { $0.verifiedAt != nil }) {
            outcome.warnings.append(
                "no snapshot of \(path) has been verified: relayctl snapshot verify \(path)")
        }
        return kept
    }

    /// Moves the needed pages of some packs into new ones, and leads the manifests there; returns the
    /// packs that those which were led elsewhere need now.
    private func rewrite(
        _ leaving: Set<String>, _ usage: PackUsage,
        _ manifests: inout [(id: String, manifest: Manifest)], _ progress: WorkProgress
    ) throws(SnapshotError) -> Set<String> {
        var needed = Set<String>()
        let packs = usage.packs.filter { $0.neededCount > 0 }
        // Pages of different sizes share no packs.
        for pageBytes in Set(packs.filter { leaving.contains($0.name) }.map(\.pageBytes)).sorted() {
            let rewrite = try PackRewrite(
                self, leaving, packs.filter { $0.pageBytes == pageBytes }, pageBytes: pageBytes)
            do throws(SnapshotError) {
                try rewrite.movePages(progress)
                let numbers = manifests.indices.filter { number in
                    manifests[number].manifest.pageBytes == pageBytes
                        && usage.needs(manifests[number].manifest, leaving)
                }
                for start in stride(from: 0, to: numbers.count, by: Limits.filesAtOnce) {
                    let some = numbers[start..<min(start + Limits.filesAtOnce, numbers.count)]
                    let maps = try some.map { number throws(SnapshotError) in
                        let (id, manifest) = manifests[number]
                        return try rewrite.map(try map(of: manifest, id))
                    }
                    for map in maps { needed.formUnion(map.packs) }
                    try lead(&manifests, some, to: maps)
                    try progress.report(.checking, some.endIndex, of: numbers.count)
                }
            } catch {
                rewrite.abandon()
                throw error
            }
        }
        return needed
    }

    /// Writes page maps anew, and has the manifests of these numbers name them.
    private func lead(
        _ manifests: inout [(id: String, manifest: Manifest)], _ numbers: ArraySlice<Int>,
        to maps: [PageMap]
    ) throws(SnapshotError) {
        var files: [(path: String, bytes: [UInt8])] = []
        for (number, map) in zip(numbers, maps) {
            let (bytes, name) = try map.encoded(cipher)
            manifests[number].manifest.stored?.map = name
            let path = mapPath(name)
            // Snapshots of the same commit share it.
            if !files.contains(where: { $0.path == path }) { files.append((path, bytes)) }
        }
        try Disk.write(all: files)
        // The one step that counts for a snapshot; before and after it, it is whole.
        try Disk.write(
            all: numbers.map { number in
                let (id, manifest) = manifests[number]
                return (manifestPath(id), sealed(manifest, id))
            })
    }

    /// Removes the page maps that no manifest names.
    private func removeMaps(but manifests: [Manifest]) throws(SnapshotError) {
        let named = Set(manifests.map { ($0.stored?.map ?? "") + Self.mapSuffix })
        for name in try Disk.names(in: maps) ?? [] where !named.contains(name) {
            try Disk.remove("\(maps)/\(name)")
        }
    }

    func packBytes(_ name: String) throws(SnapshotError) -> Int {
        try Disk.size(of: packPath(name))
    }

    /// Bytes of all files of the repository.
    public var byteCount: Int {
        get throws(SnapshotError) {
            var total = 0
            for directory in [packs, maps, snapshots] {
                for name in try Disk.names(in: directory) ?? [] {
                    total += try Disk.size(of: "\(directory)/\(name)")
                }
            }
            return total
        }
    }
}
