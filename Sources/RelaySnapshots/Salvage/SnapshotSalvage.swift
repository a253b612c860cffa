import Glibc
import LMDB
import RelayRecords
import RelayStore

/// Makes a store of what can be read of a damaged snapshot.
///
/// A document is taken when its own checksum is right, a file when its digest is; everything else is made
/// anew from them. So nothing that is damaged becomes a record, and the lists find what is there.
public enum SnapshotSalvage {
    /// What becomes of a salvage.
    public struct Outcome: Sendable {
        /// What was read.
        public var manifest: Manifest
        /// What is there and what is not.
        public var report: SalvageReport
        /// The new store's epoch; nil after a dry run.
        public var epoch: UInt64?
    }

    /// Salvages a snapshot, whose manifest and page map must be sound.
    ///
    /// - Parameter unplaced: file to write the lines of records to that refer to missing ones, for a load
    ///   once these are back; nil for none.
    public static func salvage(
        _ source: SnapshotSource, to directory: String, unplaced: String? = nil,
        dryRun: Bool = false, _ progress: WorkProgress = .none
    ) throws(SnapshotError) -> Outcome {
        let manifest = try source.manifest()
        let staging = try StagingDirectory(for: directory)
        do throws(SnapshotError) {
            let work = try WorkDirectory(staging.path + "/read-")
            defer { work.remove() }
            let (salvage, findings) = try read(source, manifest, in: work.path, progress)
            try Disk.requireSpace(manifest.usedPages * manifest.pageBytes, in: staging.path)
            var report = SalvageReport()
            report.findings = findings
            let lines: [UInt8]
            do {
                let store = try lifting { () throws(StoreError) in
                    try Store.create(
                        at: staging.path, options: StoreOptions(durability: .mayCorruptStore))
                }
                lines = try fill(store, from: salvage, manifest, &report, progress)
            }
            withExtendedLifetime(salvage) {}
            work.remove()
            if dryRun {
                staging.discard()
                return Outcome(manifest: manifest, report: report, epoch: nil)
            }
            // Before the store is there: nothing that could be read shall be lost.
            if let unplaced, !lines.isEmpty { try Disk.write(lines, to: unplaced) }
            let epoch = try finish(staging)
            return Outcome(manifest: manifest, report: report, epoch: epoch)
        } catch {
            staging.discard()
            throw error
        }
    }

    // MARK: Reading

    /// Reads what is there; says what is damaged.
    private static func read(
        _ source: SnapshotSource, _ manifest: Manifest, in work: String, _ progress: WorkProgress
    ) throws(SnapshotError) -> (StoreSalvage, findings: [String]) {
        var vouched = PageSet(below: manifest.pages)
        let directory: String
        let findings: [String]
        switch source {
        case .folder(let folder):
            directory = folder.path
            findings = try folder.verify(.quick, progress).findings
            for pages in try folder.intactPages(manifest, progress) { vouched.insert(pages) }
        case .stored(let repository, let id):
            let lock = try repository.lockForReading(progress.lockWait)
            defer { withExtendedLifetime(lock) {} }
            let map = try repository.map(of: manifest, id)
            try Disk.requireSpace(manifest.usedPages * manifest.pageBytes, in: work)
            var layout = try Layout(repository, map, in: work)
            let file = try DiskFile(creating: work + "/data.mdb")
            try layout.write(to: file, manifest, progress)
            try file.resize(to: manifest.bytes)
            directory = work
            findings = layout.report.findings
            for page in 0..<manifest.pages where !layout.lost.contains(page) {
                _ = vouched.insert(page)
            }
        }
        let salvage = try lifting { () throws(StoreError) in
            try StoreSalvage(in: directory, pageBytes: manifest.pageBytes, vouched: vouched)
        }
        return (salvage, findings)
    }

    // MARK: Writing

    /// Fills a new store; returns the lines of what could be read and has no place.
    private static func fill(
        _ store: Store, from salvage: StoreSalvage, _ manifest: Manifest,
        _ report: inout SalvageReport, _ progress: WorkProgress
    ) throws(SnapshotError) -> [UInt8] {
        var loading = SalvageLoading(into: store)
        let keys = salvage.keys.filter { $0.resource != Resource.commentSegment.rawValue }
        for (number, key) in keys.enumerated() {
            if let record = try add(key, of: salvage, to: &loading) {
                report.missing.append(record)
            }
            if number % Limits.salvageStep == 0 {
                try progress.report(.loading, number, of: keys.count)
            }
        }
        let missing = MissingRecords(manifest, salvage, found: keys)
        report.missing += missing.named.map { SalvageReport.Record($0) }
        report.unnamed = missing.unnamed
        try addLastIDs(salvage, missing.named, to: &loading)
        let (lines, unplaced) = try loading.finish()
        report.unplaced = unplaced
        report.missing += loading.refused.map {
            SalvageReport.Record($0.key, reason: $0.detail)
        }
        report.missing.sort { $0.key < $1.key }
        report.restored = loading.restored
        report.hasCounters = salvage.counters() != nil
        report.hasAllKeys = salvage.hasAllKeys
        report.keys = try lifting { () throws(StoreError) -> Int in
            try store.write { (transaction) throws(StoreError) -> Int in
                try transaction.adoptKeys(of: salvage)
            }
        }
        let newest = try lifting { () throws(StoreError) in
            try RecordApplier().newestRecordTime(store)
        }
        try lifting { () throws(StoreError) in
            try store.renewEpoch(after: max(newest ?? 0, manifest.createdAt.milliseconds))
        }
        try progress.report(.loading, keys.count, of: keys.count)
        return lines
    }

    /// Adds a record, with its file; returns it if that cannot be.
    private static func add(
        _ key: DocumentKey, of salvage: StoreSalvage, to loading: inout SalvageLoading
    ) throws(SnapshotError) -> SalvageReport.Record? {
        var found: (json: [UInt8], privateBytes: [UInt8])?
        guard salvage.withDocument(key, { found = ($0, $1) }), let found else {
            return SalvageReport.Record(key, reason: "a part of it is lost")
        }
        if key.resource == Resource.attachment.rawValue {
            guard let content = AttachmentContent(privateBytes: found.privateBytes.span.bytes)
            else { return SalvageReport.Record(key, reason: "it does not say which file it is") }
            var chunks: [[UInt8]] = []
            var lost: [Int] = []
            for number in 0..<BlobRecord.chunks(of: content.byteCount) {
                let byteCount = BlobRecord.bytes(ofChunk: number, of: content.byteCount)
                if let bytes = salvage.chunk(content.content, number, byteCount: byteCount) {
                    chunks.append(bytes)
                } else {
                    lost.append(number)
                }
            }
            if !lost.isEmpty {
                return SalvageReport.Record(
                    key, reason: "parts of its file are lost", chunks: lost)
            }
            for (number, bytes) in chunks.enumerated() {
                try loading.add(key, DumpLine.chunk(key, number, bytes))
            }
        }
        try loading.add(
            key, DumpLine.record(key, json: found.json, privateBytes: found.privateBytes))
        return nil
    }

    /// Has ids go on behind those that were given out, as far as that is known.
    private static func addLastIDs(
        _ salvage: StoreSalvage, _ missing: [DocumentKey], to loading: inout SalvageLoading
    ) throws(SnapshotError) {
        var last = missing
        for counted in salvage.counters() ?? [] where counted.counter.lastID > 0 {
            last.append(
                DocumentKey(
                    account: counted.account, resource: counted.resource,
                    id: counted.counter.lastID))
        }
        for key in last {
            // Terms and segments have numbers of their own in each store.
            guard let resource = Resource(rawValue: key.resource), resource != .term,
                resource != .commentSegment
            else { continue }
            try loading.add(key, DumpLine.lastID(key.account, resource, key.id))
        }
    }

    /// Lets the store appear; returns its epoch.
    private static func finish(_ staging: StagingDirectory) throws(SnapshotError) -> UInt64 {
        let epoch = try lifting { () throws(StoreError) in
            try Store.open(at: staging.path, options: .copy).metadata.epoch
        }
        let report = try StoreExamination.examine(
            try lifting { () throws(StoreError) in try Store.open(at: staging.path, options: .copy)
            })
        guard report.isSound else { throw .damaged(findings: report.findings) }
        unlink(staging.path + "/lock.mdb")
        let file = try DiskFile(reading: staging.path + "/data.mdb")
        try file.sync()
        try Disk.syncDirectory(staging.path)
        try staging.publish()
        return epoch
    }
}

extension SnapshotFolder {
    /// The pages whose bytes have the sums that the manifest says.
    func intactPages(
        _ manifest: Manifest, _ progress: WorkProgress
    ) throws(SnapshotError) -> [Range<Int>] {
        let file = try DiskFile(reading: dataPath)
        let sums = try DataFileDigest.sums(of: file, progress)
        let pages = Limits.segmentBytes / manifest.pageBytes
        return zip(sums.segments, manifest.segments).enumerated().compactMap { number, sum in
            guard sum.0 == sum.1, number * pages < manifest.pages else { return nil }
            return number * pages..<min((number + 1) * pages, manifest.pages)
        }
    }
}
