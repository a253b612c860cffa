import LMDB

/// The pages that a repository has, by their content.
struct KnownPages {
    /// Names of the packs that can be used; places refer to them.
    private(set) var names: [String] = []
    /// Pages of each of them.
    private(set) var pageCounts: [Int] = []
    private var index = PageIndex()
    private var deltas: [PagePlace: Delta] = [:]
    private var deltaFrames: [DeltaFrame] = []

    /// A page that is not whole.
    private struct Delta {
        var base: PageAddress
        var frame: Int
    }

    /// All bases of a frame are needed for any of its pages.
    private struct DeltaFrame {
        var bases: ArraySlice<PageAddress>
        var isComplete = false
    }

    /// Knows the packs of a repository but those that are to go.
    init(_ repository: Repository, pageBytes: Int, without leaving: Set<String> = []) {
        var packs: [(String, PackIndex)] = []
        for name in repository.packNames() where !leaving.contains(name) {
            // A damaged pack is none: what it should hold is stored again, and prune removes it.
            guard let index = try? PackReader(repository.packs, name: name).index,
                index.pageBytes == pageBytes
            else { continue }
            packs.append((name, index))
        }
        append(packs)
    }

    /// Adds packs that are complete.
    mutating func append(_ packs: [(name: String, index: PackIndex)]) {
        let first = names.count
        names += packs.map(\.name)
        pageCounts += packs.map(\.index.addresses.count)
        // Whole pages before those that are built on them.
        for isWhole in [true, false] {
            for (number, (_, index)) in packs.enumerated() {
                for frame in index.frames where frame.bases.isEmpty == isWhole {
                    append(frame, of: index, UInt32(first + number))
                }
            }
        }
    }

    private mutating func append(_ frame: PackIndex.Frame, of index: PackIndex, _ pack: UInt32) {
        if !frame.bases.isEmpty { deltaFrames.append(DeltaFrame(bases: frame.bases)) }
        for position in 0..<frame.pages {
            let address = index.addresses[frame.first + position]
            let place = PagePlace(pack: pack, index: UInt32(frame.first + position))
            if !frame.bases.isEmpty {
                deltas[place] = Delta(
                    base: frame.bases[frame.bases.startIndex + position],
                    frame: deltaFrames.count - 1)
                // A page that is there in both forms is taken whole.
                if wholePlace(of: address) != nil { continue }
            }
            set(address, at: place)
        }
    }

    /// Adds a whole page, or one that is held, or says where it is now.
    mutating func set(_ address: PageAddress, at place: PagePlace) { index.set(address, at: place) }

    /// The place of a page that can be had; nil if there is none.
    mutating func place(of address: PageAddress) -> PagePlace? {
        guard let place = index.place(of: address) else { return nil }
        guard !deltas.isEmpty, let frame = deltas[place]?.frame else { return place }
        if !deltaFrames[frame].isComplete {
            let bases = deltaFrames[frame].bases
            deltaFrames[frame].isComplete = bases.allSatisfy { wholePlace(of: $0) != nil }
        }
        return deltaFrames[frame].isComplete ? place : nil
    }

    /// The place of a page that is stored whole.
    func wholePlace(of address: PageAddress) -> PagePlace? {
        guard let place = index.place(of: address), !place.isHeld, base(of: place) == nil
        else { return nil }
        return place
    }

    /// What the page at a place is built on; nil if it is whole.
    func base(of place: PagePlace) -> PageAddress? { deltas.isEmpty ? nil : deltas[place]?.base }

    /// Places of all that the pages of a map are built on.
    func bases(of map: PageMap) -> Set<PagePlace> {
        var frames = Set<Int>()
        for run in map.runs where run.place != .free && !deltas.isEmpty {
            for place in run.places {
                if let delta = deltas[place] { frames.insert(delta.frame) }
            }
        }
        var places = Set<PagePlace>()
        for frame in frames {
            for base in deltaFrames[frame].bases {
                if let place = wholePlace(of: base) { places.insert(place) }
            }
        }
        return places
    }
}

extension KnownPages {
    /// Places of pages that an earlier snapshot has and another has not, in the order of packs. Where
    /// one is not whole, what it is built on stands for it: a little more has changed since.
    func wholePlaces(in earlier: PageMap, notIn map: PageMap) -> [PagePlace] {
        var used = pageCounts.map { PageSet(below: $0) }
        var chosen = used
        for run in map.runs where Int(run.place.pack) < used.count {
            for place in run.places { _ = used[Int(place.pack)].insert(Int(place.index)) }
        }
        let numbers = earlier.packs.map { name in names.firstIndex(of: name) }
        for run in earlier.runs where run.place != .free {
            guard let pack = numbers[Int(run.place.pack)],
                Int(run.place.index) + run.count <= used[pack].bound
            else { continue }
            for page in run.places where !used[pack].contains(Int(page.index)) {
                let place = PagePlace(pack: UInt32(pack), index: page.index)
                let whole = base(of: place).map { wholePlace(of: $0) } ?? place
                if let whole, Int(whole.pack) < chosen.count {
                    _ = chosen[Int(whole.pack)].insert(Int(whole.index))
                }
            }
        }
        var places: [PagePlace] = []
        for (pack, pages) in chosen.enumerated() {
            for page in 0..<pages.bound where pages.contains(page) {
                if places.count == Limits.heldPages { return places }
                places.append(PagePlace(pack: UInt32(pack), index: UInt32(page)))
            }
        }
        return places
    }
}
