/// Compares the sums of all frames that a snapshot needs, without decompressing any.
struct FrameComparison {
    /// A frame of a pack, by the pack's number in the map.
    private struct Frame {
        var pack: Int
        var number: Int
    }

    private let map: PageMap
    private let checked: CheckedPacks
    private let snapshot: Int
    private var packs: [CheckedPack?] = []
    /// Frames that are needed and not known to be sound.
    private var doubtful: [Frame] = []
    /// Frames that are needed and built on others.
    private var built: [Frame] = []
    private(set) var report = VerificationReport()

    init(_ map: PageMap, _ checked: CheckedPacks) {
        self.map = map
        self.checked = checked
        snapshot = checked.beginSnapshot()
    }

    /// Compares them; what is wrong is in the report.
    mutating func run(_ progress: WorkProgress) throws(SnapshotError) {
        if progress.isCancelled { throw .cancelled }
        for name in map.packs { open(try checked.pack(name)) }
        for run in map.runs where run.location != .free { need(run) }
        for run in map.bases { need(run) }
        try compare(progress)
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
        guard let pack = packs[number] else { return }
        let first = Int(run.location.index)
        let last = first + run.count - 1
        guard last < pack.pageCount else {
            return report.add("pack \(pack.name) has no page \(last)")
        }
        for frame in pack.frame(of: first)...pack.frame(of: last)
        where pack.need(frame, in: snapshot) {
            if !pack.isKnownSound(frame) { doubtful.append(Frame(pack: number, number: frame)) }
            if pack.isBuilt[frame] { built.append(Frame(pack: number, number: frame)) }
        }
    }

    /// Compares the frames that nobody has compared, in the order in which they lie on the disk.
    private mutating func compare(_ progress: WorkProgress) throws(SnapshotError) {
        doubtful.sort { ($0.pack, $0.number) < ($1.pack, $1.number) }
        let total = doubtful.reduce(0) { $0 + packs[$1.pack]!.index.frames[$1.number].bytes }
        var done = 0
        for frame in doubtful {
            let pack = packs[frame.pack]!
            let before = pack.bytes
            if let finding = pack.finding(ofFrame: frame.number) { report.add(finding) }
            report.bytes += pack.bytes - before
            done += pack.index.frames[frame.number].bytes
            try progress.report(.hashing, done, of: total)
        }
    }

    /// Says which frames are sound themselves, but not what they are built on.
    private mutating func nameWhatIsLost() {
        for run in map.bases {
            guard let pack = packs[Int(run.location.pack)] else { continue }
            let first = Int(run.location.index)
            let end = min(first + run.count, pack.pageCount)
            if first < end { checked.note(first..<end, of: pack, in: snapshot) }
        }
        for frame in built {
            guard let pack = packs[frame.pack] else { continue }
            if !checked.hasBases(ofFrame: frame.number, of: pack, in: snapshot) {
                report.add(
                    "\(pack.name(ofFrame: frame.number)) cannot be had: pages that they are built "
                        + "on are damaged or missing")
            }
        }
    }
}
