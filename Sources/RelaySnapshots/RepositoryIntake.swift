import Glibc
import JSON
import LMDB
import RelayRecords
import RelayStore

extension Repository {
    /// Takes a snapshot of a store that others may be writing to; stores only pages that no pack
    /// has.
    public func take(
        _ store: Store, _ options: SnapshotOptions, _ watch: Watch = .none
    ) throws(SnapshotError) -> SnapshotOutcome {
        precondition(!options.isCompact, "a compacted copy shares no pages with any other")
        let lock = try lockForWriting()
        removeLeftovers()
        let start = Pace.nanoseconds()
        let pinned = try lifting { () throws(StoreError) in try store.pin() }
        let pages = pinned.image.pages
        // Nobody knows how much is new before it is read: a quarter is what compression leaves.
        try Disk.requireSpace(pages.usedCount * pages.pageBytes / 4, in: path)
        let intake = try PageIntake(self, pageBytes: pages.pageBytes)
        let id: String
        var manifest: Manifest
        do throws(SnapshotError) {
            let intake = intake
            manifest = try SnapshotCopy.write(pinned, options, watch) {
                (step, offset) throws(SnapshotError) in
                try intake.add(step, first: offset / pages.pageBytes, pages.free)
            }
            let map = try intake.finish()
            let (bytes, name) = try map.encoded()
            try Disk.write(bytes, to: "\(maps)/\(name)\(Self.mapSuffix)")
            manifest.stored = Manifest.StoredPages(
                map: name, addedPages: intake.addedPages,
                addedBytes: intake.addedBytes + bytes.count)
            id = newID(manifest)
            try Disk.write(manifest.encoded, to: manifestPath(id))
        } catch {
            intake.abandon()
            throw error
        }
        withExtendedLifetime(lock) {}
        return SnapshotOutcome(
            id: "\(path):\(id)", manifest: manifest, growth: pinned.growth,
            milliseconds: (Pace.nanoseconds() - start) / 1_000_000)
    }

    /// Its time, to sort by, and the beginning of its hash. Two of the same commit and moment are
    /// told apart by a number.
    private func newID(_ manifest: Manifest) -> String {
        let time = manifest.createdAt.description.filter { $0.isNumber || $0 == "T" }
        let id = "\(time)Z-\(manifest.blake2b.prefix(8))"
        if !Disk.exists(manifestPath(id)) { return id }
        var number = 2
        while Disk.exists(manifestPath("\(id)-\(number)")) { number += 1 }
        return "\(id)-\(number)"
    }
}

/// Finds out where each page of a snapshot is, and stores those that are nowhere yet.
final class PageIntake {
    private var index = PageIndex()
    private var map: PageMap
    private let writer: PackWriter
    /// Packs that were there before; the ones being written come after them.
    private let known: [String]
    /// Pages that were stored.
    private(set) var addedPages = 0
    /// Bytes of the packs that were written.
    private(set) var addedBytes = 0

    /// Knows all pages of a repository's packs but of those that are to go.
    init(
        _ repository: Repository, pageBytes: Int, without leaving: Set<String> = []
    ) throws(SnapshotError) {
        map = PageMap(pageBytes: pageBytes)
        var known: [String] = []
        for name in repository.packNames() where !leaving.contains(name) {
            // A damaged pack is none: what it should hold is stored again, and prune removes it.
            guard let pack = try? PackReader(repository.packs, name: name),
                pack.index.pageBytes == pageBytes
            else { continue }
            for (page, address) in pack.index.addresses.enumerated() {
                index.insert(
                    address, at: PagePlace(pack: UInt32(known.count), index: UInt32(page)))
            }
            known.append(name)
        }
        self.known = known
        writer = try PackWriter(
            directory: repository.packs, pageBytes: pageBytes, isAddition: !known.isEmpty)
    }

    /// Takes in the next pages.
    func add(_ step: SnapshotCopy.Step, first: Int, _ free: PageSet) throws(SnapshotError) {
        let pageBytes = map.pageBytes
        for number in 0..<step.bytes.count / pageBytes {
            if first + number >= 2, free.contains(first + number) {
                map.append(.free)
                continue
            }
            let start = number * pageBytes
            // SAFETY: within the step's bytes, which are lent for this call.
            let page = UnsafeRawBufferPointer(
                rebasing: step.bytes[start..<start + pageBytes])
            try add(page)
        }
    }

    /// Takes in pages that nothing uses.
    func addFree(_ count: Int) {
        for _ in 0..<count { map.append(.free) }
    }

    /// Takes in a page of this address if a pack has it.
    func addKnown(_ address: PageAddress) -> Bool {
        guard let place = index.place(of: address) else { return false }
        map.append(place)
        return true
    }

    /// Takes in one page.
    func add(_ page: UnsafeRawBufferPointer) throws(SnapshotError) {
        let address = PageAddress(of: page)
        if let place = index.place(of: address) { return map.append(place) }
        let written = try writer.add(page, address)
        let place = PagePlace(
            pack: UInt32(known.count + written.pack), index: UInt32(written.index))
        index.insert(address, at: place)
        map.append(place)
        addedPages += 1
    }

    /// Completes the packs; returns the map of all pages that were taken in.
    func finish() throws(SnapshotError) -> PageMap {
        try writer.finish()
        let written = writer.written
        addedBytes = written.reduce(0) { $0 + $1.bytes }
        map.packs = known + written.map(\.name)
        map.dropUnusedPacks()
        return map
    }

    /// Removes what is incomplete.
    func abandon() {
        writer.abandon()
    }
}
