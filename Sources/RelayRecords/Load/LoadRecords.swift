import JSON
import RelayStore

/// A batch of a load: its payload is the batch's lines.
protocol LoadChange: RecordChange {
    var batch: LoadBatch { get }
    init(_ batch: LoadBatch)
}

extension LoadChange {
    init?(payload: UnsafeRawBufferPointer, parser: JSONParser) {
        guard let batch = LoadBatch(payload: payload) else { return nil }
        self.init(batch)
    }

    var payload: [UInt8] { batch.payload }
    var adoptsFiles: Bool { batch.hasAttachments }
}

/// A load whose records are changed at the time of the change.
struct LoadRecords: LoadChange {
    static let kind = ChangeKind.loadRecords
    let batch: LoadBatch

    init(_ batch: LoadBatch) { self.batch = batch }

    func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.load(batch).answer
    }
}

/// A load as earlier programs recorded it: records are changed at the time that they say themselves.
/// Made from a change log, and by what restores records of a store.
struct LoadDatedRecords: LoadChange {
    static let kind = ChangeKind.loadDatedRecords
    let batch: LoadBatch

    init(_ batch: LoadBatch) { self.batch = batch }

    func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.load(batch, keepsTimes: true).answer
    }
}

extension LoadBatch {
    fileprivate var hasAttachments: Bool { records.contains { $0.resource == .attachment } }
}

extension LoadOutcome {
    /// What came of the load, as JSON.
    fileprivate var answer: RecordAnswer {
        var writer = JSONWriter()
        writer.beginObject()
        writeMembers(to: &writer)
        writer.endObject()
        return RecordAnswer(200, body: writer.bytes)
    }
}
