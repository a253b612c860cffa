import LMDB
import RelayStore

/// Moves what snapshots need of some packs into new ones, so that the old ones can go.
///
/// Packs, bases and moved pages are looked at once, however many snapshots share them, and one page
/// map after the other: the work grows with the pages that are moved and with the runs of all page
/// maps, the memory with the pages of all packs.
final class PackRewrite {
    private let intake: PageIntake
    /// All packs that the snapshots need, by name.
    private var numbers: [String: Int] = [:]
    private let packs: [PackUsage.Pack]
    private let pageBytes: Int
    private var readers: [PackReader] = []
    private let isLeaving: [Bool]
    private let bases: BasePages
    /// Where the pages of leaving packs are now, for each pack; `.free` for those not looked for yet.
    private var moved: [[PageLocation]]
    private let room: Scratch

    /// - Parameters:
    ///   - leaving: names of the packs that are to go.
    ///   - packs: those that snapshots need, all with pages of one size.
    init(
        _ repository: Repository, _ leaving: Set<String>, _ packs: [PackUsage.Pack], pageBytes: Int
    ) throws(SnapshotError) {
        self.packs = packs
        self.pageBytes = pageBytes
        do throws(PackReader.Damage) {
            for pack in packs {
                numbers[pack.name] = readers.count
                readers.append(try PackReader(repository, name: pack.name, pageBytes: pageBytes))
            }
        } catch {
            try error.requireAccess()
            throw .damaged(findings: [error.finding])
        }
        isLeaving = packs.map { leaving.contains($0.name) }
        moved = zip(packs, isLeaving).map { pack, isLeaving in
            isLeaving ? [PageLocation](repeating: .free, count: pack.pages.bound) : []
        }
        bases = try BasePages(in: try repository.spoolPlace(), pageBytes: pageBytes)
        room = Scratch(pageBytes)
        intake = try PageIntake(
            repository, pageBytes: pageBytes, isHolding: false, without: leaving)
        try gatherBases()
        for reader in readers { reader.bases = bases }
    }

    /// Brings in what is read of bases: those in leaving packs, and those that pages of leaving packs
    /// are built on.
    private func gatherBases() throws(SnapshotError) {
        var wanted = Set<PageAddress>()
        for (reader, isLeaving) in zip(readers, isLeaving) where isLeaving {
            for frame in reader.index.frames { wanted.formUnion(frame.bases) }
        }
        var locations: [PageLocation] = []
        for (number, pack) in packs.enumerated() {
            for page in pack.bases.pages
            where isLeaving[number] || wanted.contains(readers[number].index.addresses[page]) {
                locations.append(PageLocation(pack: UInt32(number), index: UInt32(page)))
            }
        }
        try bases.gather(locations, from: readers)
    }

    /// Stores all that is needed of the leaving packs in new ones, which are complete then.
    func movePages(_ progress: WorkProgress) throws(SnapshotError) {
        do throws(PackReader.Damage) {
            for number in packs.indices where !isLeaving[number] { try support(number) }
        } catch {
            throw .damaged(findings: [error.finding])
        }
        let total = zip(packs, isLeaving).reduce(0) { $0 + ($1.1 ? $1.0.neededCount : 0) }
        var done = 0
        for number in packs.indices where isLeaving[number] {
            do throws(PackReader.Damage) {
                for page in packs[number].pages.pages { try move(page, of: number) }
            } catch {
                throw .damaged(findings: [error.finding])
            }
            readers[number].forget()
            if intake.heldCount >= Limits.heldPages { try intake.storeHeld(with: bases, progress) }
            done += packs[number].neededCount
            try progress.report(.copying, done * pageBytes, of: total * pageBytes)
        }
        try intake.storeHeld(with: bases, progress)
        try intake.finishPacks()
    }

    /// The map of a snapshot with the pages where they are now.
    func map(_ map: PageMap) throws(SnapshotError) -> PageMap {
        var result = PageMap(pageBytes: map.pageBytes)
        let own = map.packs.map { numbers[$0] }
        let staying = map.packs.map { intake.number(ofPack: $0).map { UInt32($0) } }
        for run in map.runs {
            if run.location == .free {
                result.append(.free, count: run.count)
                continue
            }
            let pack = Int(run.location.pack)
            if let number = staying[pack] {
                result.append(
                    PageLocation(pack: number, index: run.location.index), count: run.count)
                continue
            }
            guard let number = own[pack], isLeaving[number] else {
                throw .damaged(findings: ["pack \(map.packs[pack]) is missing"])
            }
            for page in run.locations {
                result.append(try location(of: Int(page.index), of: number))
            }
        }
        intake.complete(&result)
        return result
    }

    /// Where a page of a leaving pack is now.
    private func location(of page: Int, of number: Int) throws(SnapshotError) -> PageLocation {
        if moved[number][page] != .free { return moved[number][page] }
        guard let location = intake.location(of: readers[number].index.addresses[page]) else {
            throw .damaged(
                findings: ["page \(page) of pack \(packs[number].name) has not been moved"])
        }
        moved[number][page] = location
        return location
    }

    /// Removes what is incomplete.
    func abandon() { intake.abandon() }

    /// Stores one page of a leaving pack, unless another one has it.
    private func move(_ page: Int, of number: Int) throws(PackReader.Damage) {
        let reader = readers[number]
        let address = reader.index.addresses[page]
        if intake.location(of: address) != nil { return }
        if let base = reader.index.base(of: page) {
            try keepBase(base)
            try writing(reader, page) { (bytes) throws(SnapshotError) in
                try self.intake.hold(bytes, address, on: base)
            }
        } else {
            try writing(reader, page) { (bytes) throws(SnapshotError) in
                try self.intake.addBase(bytes, PageAddress(of: bytes))
            }
        }
    }

    /// Sees to it that what needed pages of a pack that stays are built on stays too.
    private func support(_ number: Int) throws(PackReader.Damage) {
        let index = readers[number].index
        if !index.hasBases { return }
        for frame in index.frames
        where !frame.bases.isEmpty
            && packs[number].pages.intersects(frame.first..<frame.first + frame.pages)
        {
            for base in frame.bases { try keepBase(base) }
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
