import LMDB

/// A change record: what a write did, in the order of all writes.
public struct ChangeView: ~Escapable {
    /// Position among all changes of the store, from 1 on.
    public let sequence: UInt64
    /// The account that it belongs to.
    public let account: UInt32
    /// The kind of change, opaque to the store.
    public let kind: UInt8
    /// Milliseconds since 1970, given by the transaction that made the change (`stamp`).
    public let time: Int64
    /// What the change is about, opaque to the store.
    public let payload: RawSpan
    /// How many documents it wrote or deleted; nil in a record of an earlier program, which does not
    /// say.
    public let documentCount: Int?
    private let documents: RawSpan

    static let headerBytes = 16
    /// Marks a record that lists its documents, above their number.
    static let listMark: UInt32 = 1 << 31

    /// account u32, kind u8, number of documents u23 with a mark above it, time i64, documents, payload.
    @_lifetime(copy bytes)
    init(sequence: UInt64, _ bytes: RawSpan) throws(StoreError) {
        guard bytes.byteCount >= Self.headerBytes else {
            throw .corrupted(what: "a change record")
        }
        self.sequence = sequence
        account = bytes.uint32(at: 0)
        kind = bytes.byte(at: 4)
        time = Int64(bitPattern: bytes.word(at: 8))
        let word = bytes.uint32(at: 4)
        let count = Int((word & ~Self.listMark) >> 8)
        documentCount = word & Self.listMark == 0 ? nil : count
        let end = Self.headerBytes + 8 * count
        guard bytes.byteCount >= end else { throw .corrupted(what: "a change record") }
        documents = bytes.extracting(Self.headerBytes..<end)
        payload = bytes.extracting(end..<bytes.byteCount)
    }

    /// A document that it wrote or deleted, by resource and id.
    ///
    /// - Parameter index: below `documentCount`.
    public func document(at index: Int) throws(StoreError) -> ChangedDocument {
        guard let document = ChangedDocument(word: documents.word(at: 8 * index)) else {
            throw .corrupted(what: "a change record")
        }
        return document
    }
}

extension StoreView {
    /// Sequence number of the newest change, 0 if there is none.
    public func lastSequence() throws(StoreError) -> UInt64 {
        do throws(LMDBError) {
            return try transaction.cursor(databases.changes).last()?.key ?? 0
        } catch {
            throw StoreError(error)
        }
    }

    /// Sequence number of the oldest change that is kept, 0 if there is none.
    public func firstSequence() throws(StoreError) -> UInt64 {
        do throws(LMDBError) {
            return try transaction.cursor(databases.changes).first()?.key ?? 0
        } catch {
            throw StoreError(error)
        }
    }

    /// Sequence number of the last change that was made at a time or before, in milliseconds since 1970;
    /// nil if the log has none.
    public func lastSequence(upTo time: Int64) throws(StoreError) -> UInt64? {
        var last: UInt64?
        // Times ascend, but not in logs of earlier programs.
        try forEachChange(from: 0) { (change) throws(StoreError) in
            if change.time <= time { last = change.sequence }
            return true
        }
        return last
    }

    /// When a change was made, in milliseconds since 1970; nil if there is none of that number.
    public func time(ofChange sequence: UInt64) throws(StoreError) -> Int64? {
        guard let value = try value(sequence, in: databases.changes) else { return nil }
        return try ChangeView(sequence: sequence, value).time
    }

    /// Hands over the changes from a sequence number on, until `body` says false.
    public func forEachChange(
        from sequence: UInt64, _ body: (borrowing ChangeView) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var failure: StoreError?
        do throws(LMDBError) {
            let cursor = try transaction.cursor(databases.changes)
            var entry = try cursor.seek(atOrAfter: sequence)
            while let found = entry {
                do throws(StoreError) {
                    guard try body(ChangeView(sequence: found.key, found.value)) else { return }
                } catch {
                    failure = error
                    break
                }
                entry = try cursor.next()
            }
        } catch {
            throw StoreError(error)
        }
        if let failure { throw failure }
    }
}

extension StoreTransaction {
    /// Begins a change; everything written for it takes the returned number as its version.
    ///
    /// Its record is written by `endChange`, for only then is it known which documents it changed.
    ///
    /// - Parameter time: what `stamp` gave, or the time that a change which is made again had before.
    public mutating func recordChange(
        account: UInt32, kind: UInt8, time: Int64, payload: [UInt8] = []
    ) throws(StoreError) -> UInt64 {
        try endChange()
        let byteCount = ChangeView.headerBytes + payload.count
        guard byteCount <= Limits.changeRecordBytes else { throw .tooLarge }
        try charge(byteCount)
        keepTimeOfCommand()
        noteTime(time)
        sequence += 1
        open = OpenChange(sequence, account: account, kind: kind, time: time, payload: payload)
        return sequence
    }

    /// Writes the record of the change that was begun last, with the documents that it changed. `commit`
    /// does so too; called earlier, it is the change itself that fails if there is no room.
    public mutating func endChange() throws(StoreError) {
        guard var change = open.take() else { return }
        change.settle()
        let payloadStart = ChangeView.headerBytes + 8 * change.documents.count
        let byteCount = payloadStart + change.payload.count
        guard change.documents.count < Limits.changedDocuments else { throw .tooLarge }
        try charge(8 * change.documents.count)
        // SAFETY: payload and documents are copied before the closure returns.
        do throws(LMDBError) {
            try transaction.reserve(
                byteCount, at: change.number, in: databases.changes, isLast: true
            ) { room in
                let count = UInt32(change.documents.count)
                room.storeBytes(of: change.account, as: UInt32.self)
                room.storeBytes(
                    of: UInt32(change.kind) | count << 8 | ChangeView.listMark, toByteOffset: 4,
                    as: UInt32.self)
                room.storeBytes(of: change.time, toByteOffset: 8, as: Int64.self)
                change.documents.withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(
                        rebasing: room[ChangeView.headerBytes..<payloadStart]
                    ).copyMemory(from: $0)
                }
                change.payload.withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(rebasing: room[payloadStart...])
                        .copyMemory(from: $0)
                }
            }
        } catch {
            throw StoreError(error)
        }
    }
}
