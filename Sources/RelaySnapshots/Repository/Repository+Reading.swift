import Glibc
import RelayStore

extension Repository {
    /// Looks whether a snapshot is what it was when it was taken. For the full depth it is laid out
    /// in the repository's workspace, which takes as much room as the store.
    public func verify(
        _ id: String, _ depth: VerificationDepth, _ progress: WorkProgress = .none
    ) throws(SnapshotError) -> VerificationReport {
        let lock = try lockForReading(progress.lockWait)
        defer { withExtendedLifetime(lock) {} }
        let checked = CheckedPacks(self)
        let report = try examine(id, depth, checked, progress)
        try note([(id, report.isSound)], depth)
        return report
    }

    private func examine(
        _ id: String, _ depth: VerificationDepth, _ checked: CheckedPacks, _ progress: WorkProgress
    ) throws(SnapshotError) -> VerificationReport {
        var report = VerificationReport()
        do throws(SnapshotError) {
            let manifest = try manifest(id)
            let map = try map(of: manifest, id)
            if depth == .quick {
                var comparison = FrameComparison(map, checked)
                try comparison.run(progress)
                report.add(comparison.report)
            } else {
                let work = try makeWork(for: manifest)
                defer { work.remove() }
                report.add(try layOut(map, manifest, in: work.path, progress))
                if report.isSound {
                    report.add(
                        try StoreExamination.examine(directory: work.path, manifest, progress))
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
        _ depth: VerificationDepth, _ progress: WorkProgress = .none
    ) throws(SnapshotError) -> VerificationReport {
        try verifyAll(depth, CheckedPacks(self), progress)
    }

    func verifyAll(
        _ depth: VerificationDepth, _ checked: CheckedPacks, _ progress: WorkProgress = .none
    ) throws(SnapshotError) -> VerificationReport {
        var report = VerificationReport()
        let all = try orderedReadable()
        let names = try packNames()
        let lock = try lockForReading(progress.lockWait)
        defer { withExtendedLifetime(lock) {} }
        if depth == .full {
            try verifyPacks(names, &report, progress)
        } else {
            let sizes = try names.map { name throws(SnapshotError) in try packBytes(name) }
            let total = sizes.reduce(0, +)
            var done = 0
            for (name, size) in zip(names, sizes) {
                Self.compare(try checked.pack(name), &report)
                done += size
                try progress.report(.hashing, done, of: total)
            }
        }
        var found: [(id: String, isSound: Bool)] = []
        for (number, id) in all.map(\.id).enumerated() {
            let one = try examine(id, depth, checked, progress)
            report.add(one.naming(id))
            found.append((id, one.isSound))
            // To lay one out takes long; sums are compared at once.
            if depth == .full || found.count == Limits.filesAtOnce {
                try note(found, depth)
                found = []
            }
            if depth == .quick { try progress.report(.checking, number + 1, of: all.count) }
        }
        try note(found, depth)
        return report
    }

    /// Compares all frames of a pack with their sums.
    private static func compare(_ pack: CheckedPacks.Pack, _ report: inout VerificationReport) {
        switch pack {
        case .damaged(let finding): report.add(finding)
        case .usable(let pack):
            for frame in pack.index.frames.indices {
                if let finding = pack.finding(ofFrame: frame) { report.add(finding) }
            }
            report.bytes += pack.bytes
        }
    }

    /// Compares every page of some packs with its address. A frame that no snapshot needs may have
    /// lost its bases to prune: then its sum is all there is to compare, and a snapshot that does
    /// need it says so itself.
    private func verifyPacks(
        _ names: [String], _ report: inout VerificationReport, _ progress: WorkProgress
    ) throws(SnapshotError) {
        var readers: [PackReader] = []
        for name in names {
            do throws(PackReader.Damage) {
                readers.append(try PackReader(self, name: name))
            } catch {
                try error.requireAccess()
                report.add(error.finding)
            }
        }
        if readers.isEmpty { return }
        let bases = try basePages(of: readers)
        for (number, reader) in readers.enumerated() {
            reader.bases = bases
            reader.verify(into: &report)
            reader.forget()
            try progress.report(.hashing, number + 1, of: readers.count)
        }
    }

    /// All that pages of some packs are built on.
    private func basePages(of readers: [PackReader]) throws(SnapshotError) -> BasePages {
        var wanted = Set<PageAddress>()
        for reader in readers {
            for frame in reader.index.frames { wanted.formUnion(frame.bases) }
        }
        var locations: [PageLocation] = []
        for (pack, reader) in readers.enumerated() where !wanted.isEmpty {
            for frame in reader.index.frames where frame.bases.isEmpty {
                for page in frame.first..<frame.first + frame.pages
                where wanted.remove(reader.index.addresses[page]) != nil {
                    locations.append(PageLocation(pack: UInt32(pack), index: UInt32(page)))
                }
            }
        }
        let bases = try BasePages(in: try spoolPlace(), pageBytes: readers[0].index.pageBytes)
        try bases.gather(locations, from: readers)
        return bases
    }

    /// Writes data.mdb of a snapshot into a directory, and compares it with the manifest's sums.
    /// Where pages cannot be had there are holes, and findings.
    func layOut(
        _ map: PageMap, _ manifest: Manifest, in directory: String, isDurable: Bool = false,
        _ progress: WorkProgress
    ) throws(SnapshotError) -> VerificationReport {
        var layout = try Layout(self, map, in: directory)
        let file = try DiskFile(creating: directory + "/data.mdb")
        try layout.write(to: file, manifest, progress)
        try file.resize(to: manifest.bytes)
        if isDurable { try file.sync() }
        var report = layout.report
        report.bytes = manifest.bytes
        if report.isSound, layout.blake2b != manifest.blake2b {
            report.add("BLAKE2b of the pages is \(layout.blake2b), not \(manifest.blake2b)")
        }
        return report
    }
}

extension VerificationReport {
    /// The same findings, with the snapshot before each.
    func naming(_ id: String) -> VerificationReport {
        var named = VerificationReport()
        for finding in findings { named.add("\(id): \(finding)") }
        (named.bytes, named.pages) = (bytes, pages)
        (named.documents, named.listKeys) = (documents, listKeys)
        return named
    }
}
