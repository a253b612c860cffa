import JSON
import RelayStore

/// A load on its way through the writer, and what came of it.
public final class LoadBatchCommand: WriteCommand, @unchecked Sendable {
    // SAFETY: `outcome` is written and read on the writer thread only.
    private let batches: [LoadBatch]
    private let faults: [LoadFault]
    private let applier: RecordApplier
    private let completion: @Sendable (Result<LoadOutcome, StoreError>) -> Void
    private var outcome = LoadOutcome()

    /// Bytes of the lines.
    public let byteCount: Int

    /// Makes a command.
    ///
    /// - Parameter completion: called on the writer thread, once the records are durable.
    public init(
        _ reading: DumpReader.Reading, byteCount: Int, applier: RecordApplier,
        completion: @escaping @Sendable (Result<LoadOutcome, StoreError>) -> Void
    ) {
        var batches = reading.batches
        for index in batches.indices { batches[index].prepare() }
        self.batches = batches
        faults = reading.faults
        self.byteCount = byteCount
        self.applier = applier
        self.completion = completion
    }

    /// Loads what can be.
    public func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        outcome = try applier.load(batches, to: &transaction)
        outcome.faults += faults
    }

    /// Hands on what came of it.
    public func complete(_ result: Result<Void, StoreError>) {
        completion(result.map { outcome })
    }
}

extension RecordApplier {
    /// Loads batches, each as a change of its own, which can be applied again.
    public func load(
        _ batches: [LoadBatch], to transaction: inout StoreTransaction
    ) throws(StoreError) -> LoadOutcome {
        let time = try stamp(&transaction)
        var outcome = LoadOutcome()
        for batch in batches {
            outcome.add(try load(batch, time: time, to: &transaction))
        }
        return outcome
    }
}
