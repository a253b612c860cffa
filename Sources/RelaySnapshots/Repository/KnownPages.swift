import LMDB

/// The pages that a repository has, by their content.
struct KnownPages {
    /// Names of the packs that can be used; locations refer to them.
    private(set) var names: [String] = []
    /// Pages of each of them.
    private(set) var pageCounts: [Int] = []
    private var index = PageIndex()
    private var packs: [PackIndex] = []
    private var numbers: [String: Int] = [:]
    /// Frames of pages that are not whole, by pack and number, whose bases are all there: any of its
    /// pages needs all of them.
    private var completeFrames = Set<PageLocation>()
    /// Where the bases of frames are, by pack and number, for those that were asked for since packs were
    /// added.
    private var basesOfFrames: [PageLocation: [PageLocation]] = [:]
    /// Pages in packs that are being written which are not whole.
    private var openDeltas = Set<PageLocation>()

    /// Knows the packs of a repository but those that are to go.
    init(
        _ repository: Repository, pageBytes: Int, without leaving: Set<String> = []
    ) throws(SnapshotError) {
        var packs: [(String, PackIndex)] = []
        for name in try repository.packNames() where !leaving.contains(name) {
            // A damaged pack is none: what it should hold is stored again, and prune removes it.
            guard let index = try PackReader.usable(repository, name: name)?.index,
                index.pageBytes == pageBytes
            else { continue }
            packs.append((name, index))
        }
        append(packs)
    }

    /// Adds packs that are complete.
    mutating func append(_ added: [(name: String, index: PackIndex)]) {
        let first = names.count
        // From here on the packs' indexes say it.
        openDeltas = []
        basesOfFrames = [:]
        for (number, pack) in added.enumerated() { numbers[pack.name] = first + number }
        names += added.map(\.name)
        packs += added.map(\.index)
        pageCounts += added.map(\.index.addresses.count)
        // Whole pages before those that are built on them.
        for isWhole in [true, false] {
            for (number, (_, index)) in added.enumerated() {
                for frame in index.frames where frame.bases.isEmpty == isWhole {
                    append(frame, of: index, UInt32(first + number))
                }
            }
        }
    }

    private mutating func append(_ frame: PackIndex.Frame, of index: PackIndex, _ pack: UInt32) {
        for position in 0..<frame.pages {
            let address = index.addresses[frame.first + position]
            // A page that is there in both forms is taken whole.
            if !frame.bases.isEmpty, wholeLocation(of: address) != nil { continue }
            set(address, at: PageLocation(pack: pack, index: UInt32(frame.first + position)))
        }
    }

    /// The number of a pack that can be used.
    func number(ofPack name: String) -> Int? { numbers[name] }

    /// Says where a page is that was held and is built on another, in a pack that is being written.
    mutating func set(_ address: PageAddress, asDeltaAt location: PageLocation) {
        openDeltas.insert(location)
        // A page that is there in both forms is taken whole.
        if wholeLocation(of: address) == nil { set(address, at: location) }
    }

    /// Adds a whole page, or one that is held, or says where it is now.
    mutating func set(_ address: PageAddress, at location: PageLocation) {
        index.set(address, at: location)
    }

    /// The location of a page that can be had; nil if there is none.
    mutating func location(of address: PageAddress) -> PageLocation? {
        guard let location = index.location(of: address) else { return nil }
        let pack = Int(location.pack)
        guard pack < packs.count, packs[pack].hasBases else { return location }
        let number = packs[pack].frame(of: Int(location.index))
        let bases = packs[pack].frames[number].bases
        let frame = PageLocation(pack: location.pack, index: UInt32(number))
        if bases.isEmpty || completeFrames.contains(frame) { return location }
        guard bases.allSatisfy({ wholeLocation(of: $0) != nil }) else { return nil }
        completeFrames.insert(frame)
        return location
    }

    /// The location of a page that is stored whole.
    func wholeLocation(of address: PageAddress) -> PageLocation? {
        guard let location = index.location(of: address), !location.isHeld,
            !openDeltas.contains(location), base(of: location) == nil
        else { return nil }
        return location
    }

    /// What the page at a location is built on; nil if it is whole.
    func base(of location: PageLocation) -> PageAddress? {
        let pack = Int(location.pack)
        guard pack < packs.count, packs[pack].hasBases else { return nil }
        return packs[pack].base(of: Int(location.index))
    }

    /// Locations of all that the pages of a map are built on, in the order of the packs, each once.
    mutating func bases(of map: PageMap) -> [PageLocation] {
        var frames = packs.map { PageSet(below: $0.hasBases ? $0.frames.count : 0) }
        var chosen: [Int: PageSet] = [:]
        for run in map.runs where Int(run.location.pack) < packs.count && run.count > 0 {
            let pack = Int(run.location.pack)
            if !packs[pack].hasBases { continue }
            let first = Int(run.location.index)
            let last = packs[pack].frame(of: first + run.count - 1)
            for number in packs[pack].frame(of: first)...last where frames[pack].insert(number) {
                for base in baseLocations(PageLocation(pack: UInt32(pack), index: UInt32(number))) {
                    _ = chosen[
                        Int(base.pack), default: PageSet(below: pageCounts[Int(base.pack)])
                    ].insert(Int(base.index))
                }
            }
        }
        return chosen.sorted { $0.key < $1.key }.flatMap { pack, pages in
            pages.pages.map { PageLocation(pack: UInt32(pack), index: UInt32($0)) }
        }
    }

    /// Locations of what a frame is built on, which are looked up once.
    private mutating func baseLocations(_ frame: PageLocation) -> [PageLocation] {
        if let known = basesOfFrames[frame] { return known }
        let bases = packs[Int(frame.pack)].frames[Int(frame.index)].bases
        let locations = bases.compactMap { wholeLocation(of: $0) }
        basesOfFrames[frame] = locations
        return locations
    }
}

extension KnownPages {
    /// Locations of pages that an earlier snapshot has and another has not, in the order of packs. Where
    /// one is not whole, what it is built on stands for it: a little more has changed since.
    func wholeLocations(in earlier: PageMap, notIn map: PageMap) -> [PageLocation] {
        var used = pageCounts.map { PageSet(below: $0) }
        var chosen = used
        for run in map.runs where Int(run.location.pack) < used.count {
            for location in run.locations {
                _ = used[Int(location.pack)].insert(Int(location.index))
            }
        }
        let numbers = earlier.packs.map { name in names.firstIndex(of: name) }
        for run in earlier.runs where run.location != .free {
            guard let pack = numbers[Int(run.location.pack)],
                Int(run.location.index) + run.count <= used[pack].bound
            else { continue }
            for page in run.locations where !used[pack].contains(Int(page.index)) {
                let location = PageLocation(pack: UInt32(pack), index: page.index)
                let whole = base(of: location).map { wholeLocation(of: $0) } ?? location
                if let whole, Int(whole.pack) < chosen.count {
                    _ = chosen[Int(whole.pack)].insert(Int(whole.index))
                }
            }
        }
        var locations: [PageLocation] = []
        for (pack, pages) in chosen.enumerated() {
            for page in 0..<pages.bound where pages.contains(page) {
                if locations.count == Limits.heldPages { return locations }
                locations.append(PageLocation(pack: UInt32(pack), index: UInt32(page)))
            }
        }
        return locations
    }
}
