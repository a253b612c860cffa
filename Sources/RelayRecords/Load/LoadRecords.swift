import JSON
import RelayStore

/// A batch of a load. Records are changed at the time of the change.
struct LoadRecords: RecordChange {
    static let kind = ChangeKind.loadRecords
    let batch: LoadBatch

    init(_ batch: LoadBatch) { self.batch = batch }

    init?(payload: UnsafeRawBufferPointer, parser: JSONParser) {
        guard let batch = LoadBatch(payload: payload) else { return nil }
        self.init(batch)
    }

    var payload: [UInt8] { batch.payload }
    var adoptsFiles: Bool { batch.hasAttachments }

    func apply(
        to transaction: inout StoreTransaction, _ context: RecordContext
    ) throws(StoreError) -> RecordAnswer {
        try transaction.load(batch, context).answer
    }
}

/// A batch of a load as earlier programs recorded it: records are changed at the time that they say
/// themselves. Made from a change log only.
struct LoadDatedRecords: RecordChange {
    static let kind = ChangeKind.loadDatedRecords
    let batch: LoadBatch

    init(_ batch: LoadBatch) { self.batch = batch }

    init?(payload: UnsafeRawBufferPointer, parser: JSONParser) {
        guard let batch = LoadBatch(payload: payload) else { return nil }
        self.init(batch)
    }

    var payload: [UInt8] { batch.payload }
    var adoptsFiles: Bool { batch.hasAttachments }

    func apply(
        to transaction: inout StoreTransaction, _ context: RecordContext
    ) throws(StoreError) -> RecordAnswer {
        try transaction.load(batch, keepsTimes: true, context).answer
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
