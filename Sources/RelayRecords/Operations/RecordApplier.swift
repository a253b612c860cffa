import CivilTime
import JSON
import RelayContract
import RelayStore

/// Applies changes inside a write transaction. One for a writer, used on its thread only.
public final class RecordApplier: @unchecked Sendable {
    // SAFETY: the writer thread is the only one that calls `apply`.
    let parser = JSONParser()

    /// Makes an applier.
    public init() {}

    /// What a dry run of the change answers.
    func asDryRun(_ answer: RecordAnswer) -> RecordAnswer { answer.asDryRun(parser) }

    /// The time that the transaction's changes are given. In a store that says nothing of its newest
    /// time, the records are looked through for it, once.
    func stamp(_ transaction: inout StoreTransaction) throws(StoreError) -> Timestamp {
        if !transaction.knowsTime {
            let newest = try transaction.view.newestRecordTime(parser)
            try transaction.learnTime(newestRecord: newest?.milliseconds)
        }
        return Timestamp(milliseconds: try transaction.stamp())
    }

    /// Loads one batch: a change whose answer says more than one record's.
    func load(
        _ batch: LoadBatch, time: Timestamp, to transaction: inout StoreTransaction
    ) throws(StoreError) -> LoadOutcome {
        try within(
            &transaction, LoadRecords(batch), account: batch.account, time: time, present: time
        ) { (records) throws(StoreError) in try records.load(batch) }
    }

    /// Loads batches as a restore does: records keep the times at which they were created and changed.
    public func restore(
        _ batches: [LoadBatch], to transaction: inout StoreTransaction
    ) throws(StoreError) -> LoadOutcome {
        let time = try stamp(&transaction)
        var outcome = LoadOutcome()
        for batch in batches {
            let change = LoadDatedRecords(batch)
            outcome.add(
                try within(
                    &transaction, change, account: batch.account, time: time, present: time
                ) { (records) throws(StoreError) in try records.load(batch, keepsTimes: true) })
        }
        return outcome
    }

    /// The newest time at which a record says that it was changed, in milliseconds since 1970.
    public func newestRecordTime(_ store: Store) throws(StoreError) -> Int64? {
        try store.makeReader().view.newestRecordTime(parser)?.milliseconds
    }

    /// Applies one change, or refuses it and leaves the transaction as it was.
    ///
    /// - Parameters:
    ///   - payload: the change's, if it has been made already.
    ///   - time: what `stamp` gave; of a change that is applied again, the time in its record.
    ///   - present: what the clock says, if that is another time.
    public func apply(
        _ change: any RecordChange, payload: [UInt8]? = nil, account: UInt32, time: Timestamp,
        present: Timestamp? = nil, target: TargetPrecondition? = nil,
        to transaction: inout StoreTransaction
    ) throws(StoreError) -> RecordAnswer {
        try within(
            &transaction, change, payload: payload, account: account, time: time,
            present: present ?? time, target: target
        ) { (records) throws(StoreError) in
            if let refusal = try records.targetRefusal() { return refusal }
            return try change.apply(to: &records)
        }
    }

    /// Moves the store's transaction into one of records and back.
    private func within<Result>(
        _ transaction: inout StoreTransaction, _ change: any RecordChange,
        payload: [UInt8]? = nil, account: UInt32, time: Timestamp, present: Timestamp,
        target: TargetPrecondition? = nil,
        _ body: (inout RecordTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try moveOn(&transaction)
        // Looked up before anything is changed: see there.
        _ = try transaction.use(of: account)
        var records = RecordTransaction(
            transaction: transaction, account: account, time: time, present: present,
            parser: parser, change: change, payload: payload, target: target)
        do throws(StoreError) {
            let result = try body(&records)
            try records.endChange()
            transaction = records.end()
            return result
        } catch {
            transaction = records.end()
            throw error
        }
    }
}
