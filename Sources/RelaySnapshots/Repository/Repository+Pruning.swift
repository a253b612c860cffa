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
        let writing = try lockForWriting()
        let removing = try lockForRemoving()
        defer {
            withExtendedLifetime(writing) {}
            withExtendedLifetime(removing) {}
        }
        var outcome = PruneOutcome()
        let all = try orderedReadable()
        // A damaged manifest ends it here: what it needs cannot be known.
        var manifests: [(id: String, manifest: Manifest)] = []
        for snapshot in all { manifests.append((snapshot.id, try manifest(snapshot.id))) }
        outcome.warnings = Self.clockWarnings(all)
        let kept = kept(all, policy, &outcome)
        outcome.kept = manifests.map(\.id).filter(kept.contains)
        outcome.removed = manifests.map(\.id).filter { !kept.contains($0) }
        manifests.removeAll { !kept.contains($0.id) }
        let usage = try PackUsage(self, manifests)
        if dryRun {
            outcome.freedBytes = usage.unneeded.reduce(0) { $0 + packBytes($1) }
            outcome.deletedPacks = usage.unneeded.count
            return outcome
        }
        let before = byteCount
        removeLeftovers()
        for id in outcome.removed {
            try Disk.remove(manifestPath(id))
            try forgetVerification(id)
        }
        try Disk.syncDirectory(snapshots)
        outcome.rewrittenPacks = try rewrite(usage.sparse, manifests, progress)
        // Looked at again: pages that were moved may be in packs that nothing led to before, because a
        // prune that was killed has written the same, under the same names.
        for index in manifests.indices {
            manifests[index].manifest = try manifest(manifests[index].id)
        }
        let unneeded = try PackUsage(self, manifests).unneeded
        for name in unneeded { try Disk.remove("\(packs)/\(name)\(Self.packSuffix)") }
        outcome.deletedPacks = unneeded.count { !usage.sparse.contains($0) }
        try removeMaps()
        try Disk.syncDirectory(packs)
        outcome.freedBytes = before - byteCount
        return outcome
    }

    /// The ids to keep: what the rules want of all, and of those in which nothing was found wrong, so
    /// that no damaged snapshot takes a good one's place; and the last that verified, whatever the
    /// rules want.
    private func kept(
        _ all: [StoredSnapshot], _ policy: RetentionPolicy, _ outcome: inout PruneOutcome
    ) -> Set<String> {
        let records = all.map { verification($0.id) }
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

    /// Moves the needed pages of some packs into new ones; returns how many packs that were.
    private func rewrite(
        _ sparse: [String], _ manifests: [(id: String, manifest: Manifest)],
        _ progress: WorkProgress
    ) throws(SnapshotError) -> Int {
        if sparse.isEmpty { return 0 }
        for (number, (id, old)) in manifests.enumerated() {
            let map = try map(of: old, id)
            guard map.packs.contains(where: sparse.contains) else { continue }
            // Packs of a manifest before are known by now: its pages are found, not copied again.
            let intake = try PageIntake(
                self, pageBytes: map.pageBytes, isHolding: false, without: Set(sparse))
            do throws(SnapshotError) {
                let bases = try copy(map, without: Set(sparse), into: intake, id)
                let moved = try intake.finish(with: bases, progress)
                let (bytes, name) = try moved.encoded()
                try Disk.write(bytes, to: "\(maps)/\(name)\(Self.mapSuffix)")
                var manifest = old
                manifest.stored?.map = name
                // The one step that counts for this snapshot; before and after it, it is whole.
                try Disk.write(manifest.encoded, to: manifestPath(id))
            } catch {
                intake.abandon()
                throw error
            }
            try progress.report(.copying, number + 1, of: manifests.count)
        }
        return sparse.count
    }

    /// Takes all pages of a snapshot in again, as they are: whole, or built on others, which are
    /// returned.
    private func copy(
        _ map: PageMap, without leaving: Set<String>, into intake: PageIntake, _ id: String
    ) throws(SnapshotError) -> BasePages {
        do throws(PackReader.Damage) {
            var readers: [PackReader] = []
            for name in map.packs { readers.append(try PackReader(packs, name: name)) }
            let bases: BasePages
            do throws(SnapshotError) {
                bases = try BasePages(map, readers, in: packs)
            } catch {
                throw PackReader.Damage(finding: "\(error)")
            }
            for reader in readers { reader.bases = bases }
            let needed = Self.bases(of: map, readers, without: leaving)
            for location in map.bases.flatMap(\.locations) {
                let reader = readers[Int(location.pack)]
                guard Int(location.index) < reader.index.addresses.count,
                    needed.contains(reader.index.addresses[Int(location.index)])
                else { continue }
                try copy(location, of: reader) {
                    (page, address, _) throws(SnapshotError) in
                    try intake.addBase(page, address)
                }
            }
            for run in map.runs {
                if run.location == .free {
                    intake.addFree(run.count)
                    continue
                }
                let reader = readers[Int(run.location.pack)]
                for location in run.locations {
                    let index = Int(location.index)
                    if index < reader.index.addresses.count,
                        intake.addKnown(reader.index.addresses[index])
                    {
                        continue
                    }
                    try copy(location, of: reader) { (page, address, base) throws(SnapshotError) in
                        if let base {
                            try intake.hold(page, address, on: base)
                        } else {
                            try intake.add(page, PageAddress(of: page))
                        }
                    }
                }
            }
            return bases
        } catch {
            throw .damaged(findings: ["\(id): \(error.finding)"])
        }
    }

    /// Addresses of what the pages of a map will be built on: all bases of a frame that stays, those
    /// of its own pages where a frame is written anew.
    private static func bases(
        of map: PageMap, _ readers: [PackReader], without leaving: Set<String>
    ) -> Set<PageAddress> {
        var bases = Set<PageAddress>()
        for run in map.runs where run.location != .free {
            let index = readers[Int(run.location.pack)].index
            let isLeaving = leaving.contains(map.packs[Int(run.location.pack)])
            var last = -1
            for location in run.locations where Int(location.index) < index.addresses.count {
                let number = index.frame(of: Int(location.index))
                if isLeaving {
                    if let base = index.base(of: Int(location.index)) { bases.insert(base) }
                } else if number != last {
                    bases.formUnion(index.frames[number].bases)
                }
                last = number
            }
        }
        return bases
    }

    /// Shows a page with its address, and that of its base if it has one.
    private func copy(
        _ location: PageLocation, of reader: PackReader,
        to body: (UnsafeRawBufferPointer, PageAddress, PageAddress?) throws(SnapshotError) -> Void
    ) throws(PackReader.Damage) {
        let page = Int(location.index)
        let copied = try reader.withPage(page) { bytes in
            Result { () throws(SnapshotError) in
                try body(bytes, reader.index.addresses[page], reader.index.base(of: page))
            }
        }
        if case .failure(let error) = copied {
            throw PackReader.Damage(finding: "its pages cannot be written anew: \(error)")
        }
    }

    /// Removes the page maps that no manifest names.
    private func removeMaps() throws(SnapshotError) {
        var named = Set<String>()
        for id in names() {
            named.insert((try manifest(id).stored?.map ?? "") + Self.mapSuffix)
        }
        for name in Disk.names(in: maps) ?? [] where !named.contains(name) {
            try Disk.remove("\(maps)/\(name)")
        }
    }

    func packBytes(_ name: String) -> Int {
        Disk.size(of: "\(packs)/\(name)\(Self.packSuffix)")
    }

    /// Bytes of all files of the repository.
    public var byteCount: Int {
        [packs, maps, snapshots].reduce(0) { total, directory in
            (Disk.names(in: directory) ?? []).reduce(total) {
                $0 + Disk.size(of: "\(directory)/\($1)")
            }
        }
    }
}

/// Which pages of each pack some snapshots need.
struct PackUsage {
    /// Packs that none of them needs.
    private(set) var unneeded: [String] = []
    /// Packs of which they need so little that the rest is worth copying for.
    private(set) var sparse: [String] = []

    init(
        _ repository: Repository, _ manifests: [(id: String, manifest: Manifest)]
    ) throws(SnapshotError) {
        var used: [String: PageSet] = [:]
        for name in repository.packNames() {
            // Without its index a pack is of no use to anybody.
            let index = try? PackReader(repository.packs, name: name).index
            if let index { used[name] = PageSet(below: index.addresses.count) }
        }
        for (id, manifest) in manifests {
            let map = try repository.map(of: manifest, id)
            for run in map.needed {
                let name = map.packs[Int(run.location.pack)]
                let first = Int(run.location.index)
                guard let bound = used[name]?.bound, first + run.count <= bound else {
                    throw .damaged(
                        findings: ["\(id): pack \(name) lacks pages that it needs"])
                }
                for page in first..<first + run.count { _ = used[name]!.insert(page) }
            }
        }
        for name in repository.packNames() {
            guard let pages = used[name], pages.count > 0 else {
                unneeded.append(name)
                continue
            }
            if pages.count * 100 < pages.bound * Limits.neededPercent { sparse.append(name) }
        }
    }
}
