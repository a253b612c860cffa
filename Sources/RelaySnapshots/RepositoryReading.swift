import Glibc
import RelayStore

extension Repository {
    /// Looks whether a snapshot is what it was when it was taken. For the full depth it is laid out
    /// in the repository's directory, which takes as much room as the store.
    public func verify(
        _ id: String, _ depth: VerificationDepth, _ watch: Watch = .none
    ) throws(SnapshotError) -> VerificationReport {
        let lock = try lockForReading()
        defer { withExtendedLifetime(lock) {} }
        var report = VerificationReport()
        do throws(SnapshotError) {
            let manifest = try manifest(id)
            let map = try map(of: manifest, id)
            if depth == .quick {
                try compareFrames(map, &report, watch)
            } else {
                try Disk.requireSpace(manifest.usedPages * manifest.pageBytes, in: path)
                let work = try makeWork()
                defer { Self.removeWork(work) }
                report.add(try layOut(map, manifest, in: work, watch))
                if report.isSound {
                    report.add(
                        try StoreExamination.examine(directory: work, manifest, watch))
                }
            }
        } catch .damaged(let findings) {
            for finding in findings { report.add(finding) }
        }
        return report
    }

    /// Looks at everything in the repository: every pack, also those that nothing needs, and every
    /// snapshot.
    public func verifyAll(
        _ depth: VerificationDepth, _ watch: Watch = .none
    ) throws(SnapshotError) -> VerificationReport {
        var report = VerificationReport()
        let names = packNames()
        do {
            let lock = try lockForReading()
            defer { withExtendedLifetime(lock) {} }
            for (number, name) in names.enumerated() {
                do throws(PackReader.Damage) {
                    try PackReader(packs, name: name).verify(into: &report)
                } catch {
                    report.add(error.finding)
                }
                try watch.step(.hashing, number + 1, of: names.count)
            }
        }
        for id in ids() {
            let found = try verify(id, depth, watch)
            report.add(found.naming(id))
        }
        return report
    }

    /// Compares the sums of all frames that a map needs.
    private func compareFrames(
        _ map: PageMap, _ report: inout VerificationReport, _ watch: Watch
    ) throws(SnapshotError) {
        for (number, name) in map.packs.enumerated() {
            do throws(PackReader.Damage) {
                let pack = try PackReader(packs, name: name)
                var needed = Set<Int>()
                for run in map.runs where Int(run.place.pack) == number && run.place != .free {
                    let first = Int(run.place.index)
                    guard first + run.count <= pack.index.addresses.count else {
                        throw PackReader.Damage(
                            finding: "pack \(name) has no page \(first + run.count - 1)")
                    }
                    needed.formUnion(
                        pack.index.frame(of: first)...pack.index.frame(of: first + run.count - 1))
                }
                for frame in needed.sorted() {
                    do throws(PackReader.Damage) {
                        report.bytes += try pack.compressed(frame).count
                    } catch {
                        report.add(error.finding)
                    }
                }
            } catch {
                report.add(error.finding)
            }
            try watch.step(.hashing, number + 1, of: map.packs.count)
        }
    }

    /// Writes data.mdb of a snapshot into a directory, and compares it with the manifest's sums.
    /// Where pages cannot be had there are holes, and findings.
    func layOut(
        _ map: PageMap, _ manifest: Manifest, in directory: String, _ watch: Watch
    ) throws(SnapshotError) -> VerificationReport {
        var layout = Layout(self, map)
        let file = try DiskFile(creating: directory + "/data.mdb")
        try layout.write(to: file, manifest, watch)
        try file.resize(to: manifest.bytes)
        var report = layout.report
        report.bytes = manifest.bytes
        if report.isSound, layout.blake2b != manifest.blake2b {
            report.add("BLAKE2b of the pages is \(layout.blake2b), not \(manifest.blake2b)")
        }
        return report
    }
}

/// Lays the pages of a snapshot out in a data file.
private struct Layout {
    private let repository: Repository
    private let map: PageMap
    private var readers: [PackReader?]
    /// Packs that keep a frame, those that were asked first before the others.
    private var holding: [Int] = []
    private(set) var report = VerificationReport()
    private(set) var blake2b = ""

    init(_ repository: Repository, _ map: PageMap) {
        self.repository = repository
        self.map = map
        readers = []
        for name in map.packs {
            do throws(PackReader.Damage) {
                readers.append(try PackReader(repository.packs, name: name))
            } catch {
                report.add(error.finding)
                readers.append(nil)
            }
        }
    }

    /// Writes all pages; those that are free stay holes.
    mutating func write(
        to file: borrowing DiskFile, _ manifest: Manifest, _ watch: Watch
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
                try watch.step(.copying, offset, of: manifest.bytes)
            }
        }
        blake2b = digest.finish().blake2b
    }

    /// Fills in one page; false if it is free or cannot be had.
    private mutating func fill(
        _ room: UnsafeMutableRawBufferPointer, _ run: PageMap.Run, _ page: Int
    ) -> Bool {
        if run.place == .free { return false }
        let pack = Int(run.place.pack)
        guard let reader = readers[pack] else { return false }
        if !reader.isHolding {
            holding.append(pack)
            if holding.count > Limits.openFrames { readers[holding.removeFirst()]?.forget() }
        }
        do throws(PackReader.Damage) {
            try reader.withPage(Int(run.place.index) + page) { room.copyMemory(from: $0) }
            return true
        } catch {
            // The pages of a frame share one fate, and one finding.
            if report.findings.last != error.finding { report.add(error.finding) }
            return false
        }
    }
}

extension VerificationReport {
    /// The same findings, with the snapshot before each.
    fileprivate func naming(_ id: String) -> VerificationReport {
        var named = VerificationReport()
        for finding in findings { named.add("\(id): \(finding)") }
        (named.bytes, named.pages) = (bytes, pages)
        (named.documents, named.listKeys) = (documents, listKeys)
        return named
    }
}
