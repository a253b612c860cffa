import LMDB

/// Compares the sums of all frames that a snapshot needs, without decompressing any.
struct FrameComparison {
    private let map: PageMap
    private var packs: [CheckedPack?] = []
    /// Numbers of the frames that are needed, for each pack.
    private var frames: [PageSet] = []
    private(set) var report = VerificationReport()

    init(_ map: PageMap) {
        self.map = map
    }

    /// Compares them; what is wrong is in the report.
    mutating func run(_ checked: CheckedPacks, _ progress: WorkProgress) throws(SnapshotError) {
        for name in map.packs { open(checked.pack(name)) }
        frames = packs.map { PageSet(below: $0?.index.frames.count ?? 0) }
        for run in map.needed { need(run) }
        for pack in packs.indices {
            compare(pack)
            try progress.report(.hashing, pack + 1, of: packs.count)
        }
        nameWhatIsLost()
    }

    private mutating func open(_ pack: CheckedPacks.Pack) {
        switch pack {
        case .damaged(let finding):
            report.add(finding)
            packs.append(nil)
        case .usable(let pack) where pack.index.pageBytes != map.pageBytes:
            report.add(
                "pack \(pack.name) has pages of \(pack.index.pageBytes) bytes, not of "
                    + "\(map.pageBytes)")
            packs.append(nil)
        case .usable(let pack): packs.append(pack)
        }
    }

    private mutating func need(_ run: PageMap.Run) {
        let number = Int(run.location.pack)
        guard let pack = packs[number], run.count > 0 else { return }
        let first = Int(run.location.index)
        let last = first + run.count - 1
        guard last < pack.index.addresses.count else {
            return report.add("pack \(pack.name) has no page \(last)")
        }
        frames[number].insert(pack.index.frame(of: first)..<pack.index.frame(of: last) + 1)
    }

    private mutating func compare(_ number: Int) {
        guard let pack = packs[number] else { return }
        let before = pack.bytes
        for frame in frames[number].pages {
            if let finding = pack.finding(ofFrame: frame) { report.add(finding) }
        }
        report.bytes += pack.bytes - before
    }

    /// Says which frames are sound themselves, but not what they are built on.
    private mutating func nameWhatIsLost() {
        var sound = Set<PageAddress>()
        for run in map.bases {
            guard let pack = packs[Int(run.location.pack)] else { continue }
            let first = Int(run.location.index)
            for page in first..<min(first + run.count, pack.index.addresses.count) {
                let frame = pack.index.frame(of: page)
                let isWhole = pack.index.frames[frame].bases.isEmpty
                if isWhole, pack.finding(ofFrame: frame) == nil {
                    sound.insert(pack.index.addresses[page])
                }
            }
        }
        for (number, pack) in packs.enumerated() {
            guard let pack else { continue }
            for frame in frames[number].pages
            where !pack.index.frames[frame].bases.allSatisfy(sound.contains) {
                report.add(
                    "\(pack.name(ofFrame: frame)) cannot be had: pages that they are built on are "
                        + "damaged or missing")
            }
        }
    }
}
