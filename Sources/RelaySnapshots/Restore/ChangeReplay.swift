import CivilTime
import JSON
import RelayRecords
import RelayStore

/// Applies the changes of another store's change log on top of a restored snapshot, up to a
/// sequence number. The payloads are what the changes were made of, so documents, ids and lists
/// come out as they were.
public struct ChangeReplay: Sendable {
    /// Sequence number of the last change to apply.
    public let sequence: UInt64
    private let source: Store

    /// Takes changes from an open store: the one that the snapshot was taken of, or a later
    /// snapshot of it.
    public init(upTo sequence: UInt64, from source: Store) {
        self.sequence = sequence
        self.source = source
    }

    /// Refuses what cannot be reached before anything is copied.
    func requireReachable(from manifest: Manifest) throws(SnapshotError) {
        guard source.metadata.epoch == manifest.epoch else {
            throw .unreachable(
                reason: "the changes are those of another store (epoch "
                    + "\(String(source.metadata.epoch, radix: 16)), the snapshot has "
                    + "\(String(manifest.epoch, radix: 16))): name the store that it was taken of")
        }
        guard sequence >= manifest.sequence else {
            throw .unreachable(
                reason: "the snapshot has changes up to \(manifest.sequence) already: take an "
                    + "earlier one to restore change \(sequence)")
        }
        let log = try lifting { () throws(StoreError) in
            let reader = try source.makeReader()
            return try Self.range(reader.view, after: manifest.sequence, upTo: sequence)
        }
        if let gap = log.gap {
            let reach =
                log.last > manifest.sequence
                ? "from this snapshot, the log reaches to \(log.last): name that, or "
                : "the log does not reach beyond this snapshot: "
            throw .unreachable(reason: "\(gap); \(reach)take a snapshot from after it")
        }
        guard log.last >= sequence else {
            throw .unreachable(
                reason: "the change log ends at \(log.last), before \(sequence): name a lower "
                    + "number")
        }
    }

    /// The newest time of the store that the changes come from, in milliseconds since 1970. Clients that asked it
    /// know that time.
    func lastTime() throws(SnapshotError) -> Int64? {
        try lifting { () throws(StoreError) in
            let reader = try source.makeReader()
            return try reader.view.lastTime()
        }
    }

    /// How far the changes after a number go without a gap, and what ends them.
    private static func range(
        _ view: borrowing StoreView, after sequence: UInt64, upTo target: UInt64
    ) throws(StoreError) -> (last: UInt64, gap: String?) {
        var last = sequence
        var gap: String?
        let parser = JSONParser()
        try view.forEachChange(from: sequence + 1) { (change) throws(StoreError) in
            if change.sequence > target { return false }
            if change.sequence != last + 1 {
                gap = "the change log no longer has \(last + 1)"
            } else {
                // SAFETY: read inside the closure; the change keeps copies of what it needs.
                gap = change.payload.withUnsafeBytes {
                    obstacle(change.sequence, change.kind, $0, parser)
                }
            }
            if gap == nil { last = change.sequence }
            return gap == nil
        }
        return (last, gap)
    }

    /// Why a change cannot be made again from what the log has of it; nil if it can.
    private static func obstacle(
        _ sequence: UInt64, _ kind: UInt8, _ payload: UnsafeRawBufferPointer, _ parser: JSONParser
    ) -> String? {
        if kind == RecordLoader.changeKind {
            return "change \(sequence) is a bulk load, whose records are not in the change log"
        }
        // SAFETY: lent by the caller for this call.
        guard let change = ChangeKind.decode(kind, payload, parser) else {
            return "change \(sequence) is of kind \(kind), which this program cannot replay"
        }
        return change.adoptsFiles
            ? "change \(sequence) adds files, whose bytes are not in the change log" : nil
    }

    /// One change, copied out of the log.
    private struct Entry {
        var sequence: UInt64
        var account: UInt32
        var kind: UInt8
        var time: Int64
        var payload: [UInt8]
    }

    /// Applies the changes; returns the last sequence number.
    func apply(
        to store: Store, from manifest: Manifest, _ progress: WorkProgress
    ) throws(SnapshotError) -> UInt64 {
        precondition(sequence >= manifest.sequence, "what cannot be reached was refused before")
        let applier = RecordApplier()
        let parser = JSONParser()
        let total = Int(sequence - manifest.sequence)
        var next = manifest.sequence + 1
        while next <= sequence {
            let batch = try entries(from: next)
            let problem: String? = try lifting { () throws(StoreError) in
                try store.write { (transaction) throws(StoreError) in
                    for entry in batch {
                        if let problem = try Self.apply(entry, applier, parser, &transaction) {
                            return problem
                        }
                    }
                    return nil
                }
            }
            if let problem { throw .unreachable(reason: problem) }
            next += UInt64(batch.count)
            try progress.report(.replaying, Int(next - manifest.sequence) - 1, of: total)
        }
        return sequence
    }

    /// Copies changes out of the log, no further than asked for.
    private func entries(from first: UInt64) throws(SnapshotError) -> [Entry] {
        var entries: [Entry] = []
        let last = min(sequence, first + UInt64(Limits.changesPerCommit) - 1)
        do throws(StoreError) {
            let reader = try source.makeReader()
            try Self.copy(reader.view, from: first, to: last, into: &entries)
        } catch {
            throw .store(error)
        }
        guard !entries.isEmpty else {
            throw .unreachable(reason: "the change log no longer has \(first)")
        }
        return entries
    }

    private static func copy(
        _ view: borrowing StoreView, from first: UInt64, to last: UInt64,
        into entries: inout [Entry]
    ) throws(StoreError) {
        try view.forEachChange(from: first) { (change) throws(StoreError) in
            if change.sequence > last { return false }
            // SAFETY: the payload is copied inside the closure.
            let payload = change.payload.withUnsafeBytes { Array($0) }
            entries.append(
                Entry(
                    sequence: change.sequence, account: change.account, kind: change.kind,
                    time: change.time, payload: payload))
            return true
        }
    }

    /// Applies one change; says what is wrong if it comes to another end than it did.
    private static func apply(
        _ entry: Entry, _ applier: RecordApplier, _ parser: JSONParser,
        _ transaction: inout StoreTransaction
    ) throws(StoreError) -> String? {
        // SAFETY: the change keeps copies of what it reads.
        let change = entry.payload.withUnsafeBytes {
            ChangeKind.decode(entry.kind, $0, parser)
        }
        // Whoever asks for a replay has looked before, but the log is the source's.
        guard let change, !change.adoptsFiles else {
            return "change \(entry.sequence) cannot be replayed: take a snapshot from after it"
        }
        let answer = try applier.apply(
            change, account: entry.account, time: Timestamp(milliseconds: entry.time),
            to: &transaction)
        if let problem = answer.problem {
            return "change \(entry.sequence) cannot be applied again: "
                + (problem.detail ?? "\(problem.status)")
        }
        guard transaction.sequence == entry.sequence else {
            return "change \(entry.sequence) came out as \(transaction.sequence): the snapshot "
                + "and the change log do not belong together"
        }
        return nil
    }
}
