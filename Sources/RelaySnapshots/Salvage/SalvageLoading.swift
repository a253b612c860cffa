import JSON
import RelayRecords
import RelayStore

/// Loads what could be read into a new store, line by line as a dump has it: so everything that finds a
/// record is made anew, and nothing is taken that a load would refuse.
struct SalvageLoading: ~Copyable {
    /// A record's line, and that of what comes before it.
    private struct Line {
        var key: DocumentKey
        var bytes: [UInt8]
    }

    private let store: Store
    private let applier = RecordApplier()
    private let reader = DumpReader()
    private var lines: [Line] = []
    private var byteCount = 0
    /// Lines of records that refer to others that are not there yet, and to which.
    private var waiting: [(line: Line, detail: String)] = []
    private(set) var restored: UInt64 = 0
    /// Records that a load does not take, and why.
    private(set) var refused: [(key: DocumentKey, detail: String)] = []

    init(into store: Store) { self.store = store }

    /// Adds a line; those of a file's chunks come before that of its record.
    mutating func add(_ key: DocumentKey, _ bytes: [UInt8]) throws(SnapshotError) {
        lines.append(Line(key: key, bytes: bytes))
        byteCount += bytes.count
        if byteCount >= Limits.salvageBatchBytes { try flush() }
    }

    /// Loads what is left, and tries those that wait again for as long as that helps.
    ///
    /// - Returns: the lines of those that refer to what is missing, and which records these are.
    mutating func finish() throws(SnapshotError) -> (lines: [UInt8], SalvageReport.Records) {
        try flush()
        var count = Int.max
        while !waiting.isEmpty, waiting.count < count {
            count = waiting.count
            let round = waiting
            waiting = []
            for (line, _) in round { try add(line.key, line.bytes) }
            try flush()
        }
        return (
            waiting.flatMap(\.line.bytes),
            waiting.map { SalvageReport.Record($0.line.key, reason: $0.detail) }
        )
    }

    private mutating func flush() throws(SnapshotError) {
        if lines.isEmpty { return }
        let reading = reader.read(lines.flatMap(\.bytes))
        let (store, applier) = (store, applier)
        let outcome = try lifting { () throws(StoreError) -> LoadOutcome in
            try store.write { (transaction) throws(StoreError) -> LoadOutcome in
                try applier.restore(reading.batches, to: &transaction)
            }
        }
        restored += outcome.created
        for fault in outcome.faults + reading.faults {
            let line = lines[fault.line]
            if fault.waits {
                waiting.append((line, fault.detail))
            } else {
                refused.append((line.key, fault.detail))
            }
        }
        lines = []
        byteCount = 0
    }
}

extension SalvageReport {
    /// Several of them.
    typealias Records = [Record]
}
