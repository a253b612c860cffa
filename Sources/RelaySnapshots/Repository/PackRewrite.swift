import LMDB
import RelayStore

/// Moves what snapshots need of some packs into new ones, so that the old ones can go.
///
/// Packs, bases and moved pages are looked at once, however many snapshots share them: the work grows
/// with the pages that are moved and with the runs of all page maps.
final class PackRewrite {
    private let intake: PageIntake
    /// All packs that the snapshots need, by name.
    private var numbers: [String: Int] = [:]
    private var readers: [PackReader] = []
    private let isLeaving: [Bool]
    private let bases: BasePages
    /// Where the pages of leaving packs are now, for each pack; `.free` for those not moved yet.
    private var moved: [[PageLocation]]
    /// Frames that stay, of pages whose bases have been seen to.
    private var supported = Set<PageLocation>()
    private let room: Scratch

    /// - Parameters:
    ///   - leaving: names of the packs that are to go.
    ///   - maps: of the snapshots that need some of their pages.
    init(
        _ repository: Repository, _ leaving: Set<String>, _ maps: [PageMap], pageBytes: Int
    ) throws(SnapshotError) {
        do throws(PackReader.Damage) {
            for map in maps {
                for name in map.packs where numbers[name] == nil {
                    numbers[name] = readers.count
                    readers.append(
                        try PackReader(repository, name: name, pageBytes: pageBytes))
                }
            }
        } catch {
            throw .damaged(findings: [error.finding])
        }
        isLeaving = readers.map { leaving.contains($0.name) }
        moved = zip(readers, isLeaving).map { reader, isLeaving in
            isLeaving
                ? [PageLocation](repeating: .free, count: reader.index.addresses.count) : []
        }
        bases = try BasePages(in: try repository.spoolPlace(), pageBytes: pageBytes)
        room = Scratch(pageBytes)
        intake = try PageIntake(
            repository, pageBytes: pageBytes, isHolding: false, without: leaving)
        try gatherBases(maps)
        for reader in readers { reader.bases = bases }
    }

    /// Brings in what is read of bases: those in leaving packs, and those that pages of leaving packs
    /// are built on.
    private func gatherBases(_ maps: [PageMap]) throws(SnapshotError) {
        var wanted = Set<PageAddress>()
        for (reader, isLeaving) in zip(readers, isLeaving) where isLeaving {
            for frame in reader.index.frames { wanted.formUnion(frame.bases) }
        }
        var needed = readers.map { PageSet(below: $0.index.addresses.count) }
        for map in maps {
            for run in map.bases {
                let number = numbers[map.packs[Int(run.location.pack)]]!
                let first = Int(run.location.index)
                guard first + run.count <= needed[number].bound else { continue }
                needed[number].insert(first..<first + run.count)
            }
        }
        var locations: [PageLocation] = []
        for (number, pages) in needed.enumerated() where pages.count > 0 {
            for page in 0..<pages.bound
            where pages.contains(page)
                && (isLeaving[number] || wanted.contains(readers[number].index.addresses[page]))
            {
                locations.append(PageLocation(pack: UInt32(number), index: UInt32(page)))
            }
        }
        try bases.gather(locations, from: readers)
    }

    /// Takes in all pages of a snapshot; returns its map, which `complete` finishes.
    func move(_ map: PageMap) throws(SnapshotError) -> PageMap {
        do throws(PackReader.Damage) {
            for run in map.runs {
                if run.location == .free {
                    intake.addFree(run.count)
                    continue
                }
                let name = map.packs[Int(run.location.pack)]
                let number = numbers[name]!
                let first = Int(run.location.index)
                guard first + run.count <= readers[number].index.addresses.count else {
                    throw PackReader.Damage(finding: "pack \(name) has no page \(first)")
                }
                if isLeaving[number] {
                    for page in first..<first + run.count { try move(page, of: number) }
                } else {
                    try support(first..<first + run.count, of: number)
                    intake.add(run, ofPack: name)
                }
            }
        } catch {
            throw .damaged(findings: [error.finding])
        }
        return try intake.endMap(with: bases)
    }

    /// Completes the packs, and then the maps.
    func complete(_ maps: inout [PageMap]) throws(SnapshotError) {
        try intake.finishPacks()
        for index in maps.indices { intake.complete(&maps[index]) }
    }

    /// Removes what is incomplete.
    func abandon() { intake.abandon() }

    /// Takes in one page of a leaving pack.
    private func move(_ page: Int, of number: Int) throws(PackReader.Damage) {
        if moved[number][page] != .free {
            intake.add(moved[number][page])
            return
        }
        let reader = readers[number]
        let address = reader.index.addresses[page]
        if let location = intake.addKnown(address) {
            // What is held has no place yet that other snapshots could be told.
            if !location.isHeld { moved[number][page] = location }
            return
        }
        if let base = reader.index.base(of: page) {
            try keepBase(base)
            try writing(reader, page) { (bytes) throws(SnapshotError) in
                try self.intake.hold(bytes, address, on: base)
            }
        } else {
            try writing(reader, page) { (bytes) throws(SnapshotError) in
                self.moved[number][page] = try self.intake.add(bytes, PageAddress(of: bytes))
            }
        }
    }

    /// Sees to it that what pages that stay are built on stays too.
    private func support(_ pages: Range<Int>, of number: Int) throws(PackReader.Damage) {
        let index = readers[number].index
        guard !pages.isEmpty, index.hasBases else { return }
        for frame in index.frame(of: pages.lowerBound)...index.frame(of: pages.upperBound - 1)
        where !index.frames[frame].bases.isEmpty {
            let key = PageLocation(pack: UInt32(number), index: UInt32(frame))
            if !supported.insert(key).inserted { continue }
            for base in index.frames[frame].bases { try keepBase(base) }
        }
    }

    /// Stores a whole page that others are built on, unless a pack that stays has it.
    private func keepBase(_ address: PageAddress) throws(PackReader.Damage) {
        if intake.hasWhole(address) { return }
        try bases.copy(address, to: room.bytes)
        do throws(SnapshotError) {
            // SAFETY: the room lives as long as this value.
            try intake.addBase(UnsafeRawBufferPointer(room.bytes), address)
        } catch {
            throw PackReader.Damage(finding: "its pages cannot be written anew: \(error)")
        }
    }

    private func writing(
        _ reader: PackReader, _ page: Int,
        _ body: (UnsafeRawBufferPointer) throws(SnapshotError) -> Void
    ) throws(PackReader.Damage) {
        let written = try reader.withPage(page) { bytes in
            Result { () throws(SnapshotError) in try body(bytes) }
        }
        if case .failure(let error) = written {
            throw PackReader.Damage(finding: "its pages cannot be written anew: \(error)")
        }
    }
}
