import LMDB
import RelayRecords
import RelayStore

/// Looks at everything in one commit: pages, trees, documents, lists, lookups, references.
public enum StoreExamination {
    /// Examines the newest commit of a store that others may be writing to. Keeps its pages for as
    /// long as it takes.
    public static func examine(
        _ store: Store, _ progress: WorkProgress = .none
    ) throws(SnapshotError) -> VerificationReport {
        let pinned = try lifting { () throws(StoreError) in try store.pin() }
        try progress.report(.checking, 0, of: 3)
        var report = VerificationReport()
        report.add(pinned.image.census())
        // Records are read by liblmdb, which believes what it finds: not on damaged pages.
        guard report.isSound else { return report }
        try progress.report(.checking, 1, of: 3)
        report.bytes = try examine(pinned, &report, progress)
        return report
    }

    /// Examines a snapshot's directory whose sums are known to fit.
    static func examine(
        directory: String, _ manifest: Manifest, _ progress: WorkProgress
    ) throws(SnapshotError) -> VerificationReport {
        try progress.report(.checking, 0, of: 3)
        var report = VerificationReport()
        do throws(LMDBError) {
            let file = try MappedFile(in: directory)
            report.add(file.census())
        } catch {
            report.add("data.mdb: \(error)")
        }
        guard report.isSound else { return report }
        try progress.report(.checking, 1, of: 3)
        do throws(StoreError) {
            let store = try Store.open(at: directory, options: StoreOptions(isReadOnly: true))
            let pinned = try store.pin()
            try compare(pinned, manifest, &report)
            do throws(SnapshotError) {
                _ = try examine(pinned, &report, progress)
            } catch .store(let error) {
                throw error
            } catch .cancelled {
                return report
            } catch {
                report.add("\(error)")
            }
        } catch {
            report.add("data.mdb: \(error)")
        }
        try progress.report(.checking, 3, of: 3)
        return report
    }

    /// Refuses a commit that a snapshot could not be restored of: looks at the structure of all pages,
    /// and at everything that has a checksum. References are left to a full verification, which takes
    /// several times as long.
    static func requireIntact(
        _ pinned: borrowing PinnedStore, _ progress: WorkProgress
    ) throws(SnapshotError) {
        try progress.report(.checking, 0, of: 2)
        var report = VerificationReport()
        report.add(pinned.image.census())
        try progress.report(.checking, 1, of: 2)
        if report.isSound {
            let sums = try lifting { () throws(StoreError) in try pinned.view.checkSums() }
            for fault in sums.faults { report.add(fault) }
        }
        guard report.isSound else { throw .damagedStore(findings: report.findings) }
        try progress.report(.checking, 2, of: 2)
    }

    /// - Returns: bytes that were compared with their sums.
    private static func examine(
        _ pinned: borrowing PinnedStore, _ report: inout VerificationReport,
        _ progress: WorkProgress
    ) throws(SnapshotError) -> Int {
        let check = try lifting { () throws(StoreError) in try pinned.view.check() }
        report.documents += check.documents
        report.listKeys += check.listKeys
        for fault in check.faults { report.add(fault) }
        try progress.report(.checking, 2, of: 3)
        // Meaning is looked for only in what is in order.
        guard report.isSound else { return check.bytes }
        let records = try lifting { () throws(StoreError) in try RecordCheck(pinned.view) }
        for finding in records.findings { report.add(finding) }
        try progress.report(.checking, 3, of: 3)
        return check.bytes
    }

    /// Whether a store is what its manifest says.
    private static func compare(
        _ pinned: borrowing PinnedStore, _ manifest: Manifest, _ report: inout VerificationReport
    ) throws(StoreError) {
        func expect<Value: Equatable>(_ what: String, _ found: Value, _ said: Value) {
            if found != said {
                report.add("the manifest says \(what) \(said), the store has \(found)")
            }
        }
        expect("epoch", pinned.metadata.epoch, manifest.epoch)
        expect("sequence", try pinned.view.lastSequence(), manifest.sequence)
        expect("transaction", pinned.image.transactionID, manifest.transaction)
        expect("used pages", pinned.image.pages.usedCount, manifest.usedPages)
        if let log = manifest.log, let found = try pinned.view.replicaState() {
            expect("message of the log", found.sequence, log.sequence)
        }
        let counts = try pinned.view.documentCounts().listed
        expect("counts", counts.count, manifest.counts.count)
        for (found, said) in zip(counts, manifest.counts) where found != said {
            report.add(
                "the manifest says \(said.documents) documents of "
                    + "\(Manifest.name(ofResource: said.resource)) in account \(said.account), "
                    + "the store has \(found.documents) of "
                    + "\(Manifest.name(ofResource: found.resource)) in account \(found.account)")
        }
    }
}

extension VerificationReport {
    fileprivate mutating func add(_ census: PageCensus.Report) {
        pages += census.usedPages + census.freePages
        for fault in census.faults { add(fault) }
    }
}
