/// Compares the sums of all frames that a snapshot needs, without decompressing any.
struct FrameComparison {
    private let repository: Repository
    private let map: PageMap
    private var packs: [PackReader?] = []
    /// Numbers of the frames that are needed, for each pack.
    private var frames: [Set<Int>]
    /// Frames that are not what they were, likewise.
    private var torn: [Set<Int>]
    private(set) var report = VerificationReport()

    init(_ repository: Repository, _ map: PageMap) {
        self.repository = repository
        self.map = map
        frames = map.packs.map { _ in [] }
        torn = frames
    }

    /// Compares them; what is wrong is in the report.
    mutating func run(_ progress: WorkProgress) throws(SnapshotError) {
        for name in map.packs {
            do throws(PackReader.Damage) {
                packs.append(
                    try PackReader(repository.packs, name: name, pageBytes: map.pageBytes))
            } catch {
                report.add(error.finding)
                packs.append(nil)
            }
        }
        for run in map.needed { need(run) }
        for pack in packs.indices {
            compare(pack)
            try progress.report(.hashing, pack + 1, of: packs.count)
        }
        nameWhatIsLost()
    }

    private mutating func need(_ run: PageMap.Run) {
        let number = Int(run.location.pack)
        guard let pack = packs[number], run.count > 0 else { return }
        let first = Int(run.location.index)
        let last = first + run.count - 1
        guard last < pack.index.addresses.count else {
            return report.add("pack \(pack.name) has no page \(last)")
        }
        frames[number].formUnion(pack.index.frame(of: first)...pack.index.frame(of: last))
    }

    private mutating func compare(_ number: Int) {
        guard let pack = packs[number] else { return }
        for frame in frames[number].sorted() {
            do throws(PackReader.Damage) {
                report.bytes += try pack.compressed(frame).count
            } catch {
                report.add(error.finding)
                torn[number].insert(frame)
            }
        }
    }

    /// Says which frames are sound themselves, but not what they are built on.
    private mutating func nameWhatIsLost() {
        var sound = Set<PageAddress>()
        for location in map.bases.flatMap(\.locations) {
            let (number, page) = (Int(location.pack), Int(location.index))
            guard let pack = packs[number], page < pack.index.addresses.count,
                pack.index.base(of: page) == nil,
                !torn[number].contains(pack.index.frame(of: page))
            else { continue }
            sound.insert(pack.index.addresses[page])
        }
        for (number, pack) in packs.enumerated() {
            guard let pack else { continue }
            for frame in frames[number].sorted()
            where !pack.index.frames[frame].bases.allSatisfy(sound.contains) {
                report.add(
                    "\(pack.name(ofFrame: frame)) cannot be had: pages that they are built on are "
                        + "damaged or missing")
            }
        }
    }
}
