import LMDB
import RelayStore

/// Which pages of each pack some snapshots need.
struct PackUsage {
    /// A pack, and what of it is needed.
    struct Pack {
        let name: String
        /// Bytes of a page; 0 for a pack without its index, which is of no use to anybody.
        let pageBytes: Int
        /// Pages of snapshots.
        fileprivate(set) var pages: PageSet
        /// Pages that others are built on.
        fileprivate(set) var bases: PageSet
        /// How many pages are needed, for either reason.
        fileprivate(set) var neededCount = 0

        fileprivate init(_ repository: Repository, _ name: String) throws(SnapshotError) {
            self.name = name
            let index = try PackReader.usable(repository, name: name)?.index
            pageBytes = index?.pageBytes ?? 0
            pages = PageSet(below: index?.addresses.count ?? 0)
            bases = pages
        }

        /// Whether so little of it is needed that the rest is worth copying for.
        var isSparse: Bool {
            neededCount > 0 && neededCount * 100 < pages.bound * Limits.neededPercent
        }
    }

    /// All packs; those that are needed first, in the order in which the snapshots need them.
    private(set) var packs: [Pack]
    /// For each page map that some snapshot has, the bytes of its file and the packs that it names.
    private var maps: [String: (bytes: Int, packs: Set<String>)] = [:]

    init(
        _ repository: Repository, _ manifests: [(id: String, manifest: Manifest)]
    ) throws(SnapshotError) {
        let names = try repository.packNames()
        var numbers: [String: Int] = [:]
        for (number, name) in names.enumerated() { numbers[name] = number }
        var packs = try names.map { name throws(SnapshotError) in try Pack(repository, name) }
        var order: [Int] = []
        var isOrdered = [Bool](repeating: false, count: packs.count)
        for (id, manifest) in manifests {
            let map = try repository.map(of: manifest, id)
            let own = map.packs.map { numbers[$0] }
            for case let number? in own where !isOrdered[number] {
                isOrdered[number] = true
                order.append(number)
            }
            for (runs, areBases) in [(map.runs, false), (map.bases, true)] {
                for run in runs where run.location != .free {
                    let first = Int(run.location.index)
                    guard let pack = own[Int(run.location.pack)],
                        packs[pack].pageBytes == map.pageBytes,
                        first + run.count <= packs[pack].pages.bound
                    else {
                        let name = map.packs[Int(run.location.pack)]
                        throw .damaged(findings: ["\(id): pack \(name) lacks pages that it needs"])
                    }
                    let range = first..<first + run.count
                    areBases
                        ? packs[pack].bases.insert(range) : packs[pack].pages.insert(range)
                }
            }
            let name = manifest.stored?.map ?? ""
            maps[name] = (try Disk.size(of: repository.mapPath(name)), Set(map.packs))
        }
        for number in packs.indices {
            let pages = packs[number].pages
            packs[number].neededCount =
                pages.count + packs[number].bases.pages.count { !pages.contains($0) }
        }
        self.packs = order.map { packs[$0] }
        for (number, pack) in packs.enumerated() where !isOrdered[number] {
            self.packs.append(pack)
        }
    }

    /// Packs that no snapshot needs.
    var unneeded: [String] { packs.filter { $0.neededCount == 0 }.map(\.name) }

    /// Packs that some snapshot needs.
    var needed: Set<String> { Set(packs.filter { $0.neededCount > 0 }.map(\.name)) }

    /// Whether the page map of a snapshot names any of some packs.
    func needs(_ manifest: Manifest, _ names: Set<String>) -> Bool {
        maps[manifest.stored?.map ?? ""].map { !$0.packs.isDisjoint(with: names) } ?? false
    }

    /// The packs whose needed pages are to be moved, so that they can go.
    ///
    /// That takes a new page map for each snapshot that needs them, which may be much more than is won.
    /// So sparse packs stay until they waste as many bytes as those maps have, or are too many.
    func leaving(_ repository: Repository) throws(SnapshotError) -> Set<String> {
        let sparse = packs.filter(\.isSparse)
        let names = Set(sparse.map(\.name))
        var wasted = 0
        for pack in sparse {
            let unneeded = pack.pages.bound - pack.neededCount
            wasted += try repository.packBytes(pack.name) * unneeded / pack.pages.bound
        }
        let written = maps.values.filter { !$0.packs.isDisjoint(with: names) }
        let isWorthIt =
            wasted >= written.reduce(0) { $0 + $1.bytes }
            || sparse.count > written.count * Limits.sparsePacks
        return isWorthIt ? names : []
    }
}
