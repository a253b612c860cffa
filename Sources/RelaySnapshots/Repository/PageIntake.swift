import LMDB
import System

/// Finds out where each page of a snapshot is, and stores those that are nowhere yet.
///
/// Where there is a snapshot before, new pages are held back at first: most of them are pages of
/// that one in which a little has changed, and which pages those were is known only when all have
/// been seen.
final class PageIntake {
    private let repository: Repository
    private var known: KnownPages
    private var map: PageMap
    private let writer: PackWriter
    /// Packs that were there before; the ones being written come after them.
    private let knownPacks: Int
    private let isHolding: Bool
    private let patient = IdlePriorityThread()
    private var held: HeldPages
    /// Pages that were stored.
    private(set) var addedPages = 0
    /// Bytes of the packs that were written.
    private(set) var addedBytes = 0

    /// Knows all pages of a repository's packs but of those that are to go.
    init(
        _ repository: Repository, pageBytes: Int, isHolding: Bool,
        without leaving: Set<String> = []
    ) throws(SnapshotError) {
        self.repository = repository
        self.isHolding = isHolding
        map = PageMap(pageBytes: pageBytes)
        known = try KnownPages(repository, pageBytes: pageBytes, without: leaving)
        knownPacks = known.names.count
        held = try HeldPages(repository, pageBytes: pageBytes)
        writer = try PackWriter(
            repository, pageBytes: pageBytes, isAddition: knownPacks > 0,
            patient)
    }

    /// Takes in the next pages.
    func add(_ step: SnapshotCopy.Step, first: Int, _ free: PageSet) throws(SnapshotError) {
        let pageBytes = map.pageBytes
        precondition(step.bytes.count.isMultiple(of: pageBytes), "a step is whole pages")
        let pages = (0..<step.bytes.count / pageBytes).map { number in
            let start = number * pageBytes
            // SAFETY: within the step's bytes, which are lent for this call.
            return UnsafeRawBufferPointer(rebasing: step.bytes[start..<start + pageBytes])
        }
        let addresses = patient.perform {
            pages.indices.map { number in
                let isFree = first + number >= 2 && free.contains(first + number)
                return isFree ? nil : PageAddress(of: pages[number])
            }
        }
        for (page, address) in zip(pages, addresses) {
            if let address {
                try add(page, address)
            } else {
                map.append(.free)
            }
        }
    }

    /// The number of a pack that is known.
    func number(ofPack name: String) -> Int? { known.number(ofPack: name) }

    /// Where a page of this address can be had, or that it is held; nil if no pack has it.
    func location(of address: PageAddress) -> PageLocation? { known.location(of: address) }

    /// Pages that are held.
    var heldCount: Int { held.count }

    /// Whether a page is stored whole.
    func hasWhole(_ address: PageAddress) -> Bool { known.wholeLocation(of: address) != nil }

    /// Takes in one page; returns where it is, or that it is held.
    @discardableResult
    func add(
        _ page: UnsafeRawBufferPointer, _ address: PageAddress
    ) throws(SnapshotError) -> PageLocation {
        if let location = known.location(of: address) {
            map.append(location)
            return location
        }
        if isHolding, held.count < Limits.heldPages {
            return try hold(page, address, on: nil)
        }
        let location = try store(page, address)
        map.append(location)
        return location
    }

    /// Takes in one page that is to be built on another, once `finish` is told where that is.
    @discardableResult
    func hold(
        _ page: UnsafeRawBufferPointer, _ address: PageAddress, on base: PageAddress?
    ) throws(SnapshotError) -> PageLocation {
        let location = PageLocation.held(held.count)
        try held.append(page, address, on: base)
        known.set(address, at: location)
        map.append(location)
        addedPages += 1
        return location
    }

    /// Stores a page that must be there whole, because others are built on it.
    func addBase(_ page: UnsafeRawBufferPointer, _ address: PageAddress) throws(SnapshotError) {
        if known.wholeLocation(of: address) == nil { _ = try store(page, address) }
    }

    private func store(
        _ page: UnsafeRawBufferPointer, _ address: PageAddress
    ) throws(SnapshotError) -> PageLocation {
        let location = location(try writer.add(page, address))
        known.set(address, at: location)
        addedPages += 1
        return location
    }

    private func location(_ written: (pack: Int, index: Int)) -> PageLocation {
        PageLocation(pack: UInt32(knownPacks + written.pack), index: UInt32(written.index))
    }

    // MARK: The end

    /// Chooses what the pages that were held are built on, among those that an earlier snapshot has
    /// and this one has not, and completes the packs; returns the map of all pages.
    func finish(after previous: PageMap?, _ progress: WorkProgress) throws(SnapshotError) -> PageMap
    {
        let bases = try BasePages(in: try repository.spoolPlace(), pageBytes: map.pageBytes)
        if let previous, held.count > 0 {
            var similar = SimilarPages()
            var addresses: [PageAddress] = []
            let readers = known.names.map { try? PackReader(repository, name: $0) }
            for reader in readers { reader?.patient = patient }
            try bases.gather(known.wholeLocations(in: previous, notIn: map), from: readers) {
                (address, page) in
                similar.append(PageSketch(of: page))
                addresses.append(address)
            }
            try held.chooseBases(&similar, addresses, progress)
        }
        return try finish(with: bases, progress)
    }

    /// Stores what was held, and completes the packs; returns the map of all pages.
    private func finish(
        with bases: BasePages, _ progress: WorkProgress
    ) throws(SnapshotError) -> PageMap {
        var map = try endMap(with: bases, progress)
        try finishPacks()
        complete(&map)
        return map
    }

    /// Stores what was held, with its bases, for who makes page maps himself.
    func storeHeld(with bases: BasePages, _ progress: WorkProgress) throws(SnapshotError) {
        _ = try endMap(with: bases, progress)
    }

    /// Stores what was held, with its bases; returns the map of the pages so far, and begins another
    /// one. `complete` finishes it, behind `finishPacks`.
    private func endMap(
        with bases: BasePages, _ progress: WorkProgress
    ) throws(SnapshotError) -> PageMap {
        var locations = [PageLocation](repeating: .free, count: held.count)
        // The whole ones first, so that frames of both kinds are full.
        for isWhole in [true, false] {
            for number in 0..<held.count where (held.bases[number] == nil) == isWhole {
                if progress.isCancelled { throw .cancelled }
                locations[number] = try settle(number, bases)
                if isWhole {
                    known.set(held.addresses[number], at: locations[number])
                } else {
                    known.set(held.addresses[number], asDeltaAt: locations[number])
                }
            }
        }
        precondition(!locations.contains(.free), "every page that was held is stored")
        map.settle(locations)
        let ended = map
        map = PageMap(pageBytes: ended.pageBytes)
        if held.count > 0 { held = try HeldPages(repository, pageBytes: ended.pageBytes) }
        return ended
    }

    /// Completes the packs, behind the last map.
    func finishPacks() throws(SnapshotError) {
        try writer.finish()
        addedBytes = writer.written.reduce(0) { $0 + $1.bytes }
        known.append(writer.written.map { ($0.name, $0.index) })
    }

    /// Says in a map what its pages are built on, and in which packs all that is.
    func complete(_ map: inout PageMap) {
        map.setBases(known.bases(of: map))
        map.packs = known.names
        map.dropUnusedPacks()
    }

    /// Stores a page that was held.
    private func settle(_ number: Int, _ bases: BasePages) throws(SnapshotError) -> PageLocation {
        let address = held.addresses[number]
        let page = try held.page(number)
        guard let base = held.bases[number] else {
            return location(try writer.add(page, address))
        }
        let room = held.baseRoom
        do throws(PackReader.Damage) {
            try bases.copy(base, to: room)
        } catch {
            throw .damaged(findings: [error.finding])
        }
        // SAFETY: the page and the base lie in memory of `held`, which this value keeps.
        return location(try writer.add(page, address, like: UnsafeRawBufferPointer(room), base))
    }

    /// Removes what is incomplete.
    func abandon() {
        writer.abandon()
    }
}
