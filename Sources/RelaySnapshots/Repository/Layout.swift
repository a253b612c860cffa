import LMDB

/// Lays the pages of a snapshot out in a data file.
struct Layout {
    private let repository: Repository
    private let map: PageMap
    private var readers: [PackReader?]
    /// Packs that keep a frame, those that were asked first before the others.
    private var holding: [Int] = []
    private(set) var report = VerificationReport()
    private(set) var blake2b = ""
    /// Pages that could not be had.
    private(set) var lost: PageSet

    /// - Parameter directory: where there is room for the pages that others are built on; a
    ///   repository may be read-only.
    init(
        _ repository: Repository, _ map: PageMap, in directory: String
    ) throws(SnapshotError) {
        self.repository = repository
        self.map = map
        lost = PageSet(below: map.pageCount)
        readers = []
        for name in map.packs {
            do throws(PackReader.Damage) {
                readers.append(
                    try PackReader(repository, name: name, pageBytes: map.pageBytes))
            } catch {
                try error.requireAccess()
                report.add(error.finding)
                readers.append(nil)
            }
        }
        if map.bases.isEmpty { return }
        let bases = try BasePages(map, readers, in: directory)
        for reader in readers { reader?.bases = bases }
    }

    /// Writes all pages; those that are free stay holes.
    mutating func write(
        to file: borrowing DiskFile, _ manifest: Manifest, _ progress: WorkProgress
    ) throws(SnapshotError) {
        let step = Scratch(Limits.stepBytes)
        let pageBytes = map.pageBytes
        let byteCount = map.pageCount * pageBytes
        var digest = Digest()
        var filled = 0
        var offset = 0
        for run in map.runs {
            for page in 0..<run.count {
                // SAFETY: a step is a whole number of pages, and written when it is full.
                let room = UnsafeMutableRawBufferPointer(
                    rebasing: step.bytes[filled..<filled + pageBytes])
                if !fill(room, run, page) {
                    if run.location != .free { _ = lost.insert((offset + filled) / pageBytes) }
                    room.initializeMemory(as: UInt8.self, repeating: 0)
                }
                filled += pageBytes
                let isLast = offset + filled == byteCount
                if filled < step.bytes.count, !isLast { continue }
                // SAFETY: the scratch memory lives through the call.
                let bytes = UnsafeRawBufferPointer(rebasing: step.bytes[..<filled])
                digest.update(bytes, isSegmentStart: offset % Limits.segmentBytes == 0)
                if !bytes.isZero { try file.write(bytes, at: offset) }
                offset += filled
                filled = 0
                try progress.report(.copying, offset, of: manifest.bytes)
            }
        }
        blake2b = digest.finish().blake2b
    }

    /// Fills in one page; false if it is free or cannot be had.
    private mutating func fill(
        _ room: UnsafeMutableRawBufferPointer, _ run: PageMap.Run, _ page: Int
    ) -> Bool {
        if run.location == .free { return false }
        let pack = Int(run.location.pack)
        guard let reader = readers[pack] else { return false }
        if !reader.isHolding {
            holding.append(pack)
            if holding.count > Limits.openFrames { readers[holding.removeFirst()]?.forget() }
        }
        do throws(PackReader.Damage) {
            try reader.withPage(Int(run.location.index) + page) { room.copyMemory(from: $0) }
            return true
        } catch {
            // The pages of a frame share one fate, and one finding.
            if report.findings.last != error.finding { report.add(error.finding) }
            return false
        }
    }
}
