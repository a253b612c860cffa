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

    static let headerBytes = 16

    /// account u32, kind u8, 0 (3), time i64, payload.
    @_lifetime(copy bytes)
    init(sequence: UInt64, _ bytes: RawSpan) throws(StoreError) {
        guard bytes.byteCount >= Self.headerBytes else {
            throw .corrupted(what: "a change record")
        }
        self.sequence = sequence
        account = bytes.uint32(at: 0)
        kind = bytes.byte(at: 4)
        time = Int64(bitPattern: bytes.word(at: 8))
        payload = bytes.extracting(Self.headerBytes..<bytes.byteCount)
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

    /// When a change was made, in milliseconds since 1970; nil if there is none of that number.
    public func time(ofChange sequence: UInt64) throws(StoreError) -> Int64? {
        guard let value = try value(sequence, in: databases.changes) else { return nil }
        return try ChangeView(sequence: sequence, value).time
    }

    /// Hands over the changes from a sequence number on, until `body` says false.
    public func forEachChange(
        from sequence: UInt64, _ body: (borrowing ChangeView) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var next = sequence
        while let change = try change(atOrAfter: next) {
            guard try body(change) else { return }
            next = change.sequence + 1
        }
    }

    @_lifetime(copy self)
    private func change(atOrAfter sequence: UInt64) throws(StoreError) -> ChangeView? {
        let key: UInt64
        let value: RawSpan
        do throws(LMDBError) {
            let cursor = try transaction.cursor(databases.changes)
            guard let entry = try cursor.seek(atOrAfter: sequence) else { return nil }
            key = entry.key
            value = entry.value
        } catch {
            throw StoreError(error)
        }
        return try ChangeView(sequence: key, value)
    }
}

extension StoreTransaction {
    /// Records a change; everything written for it takes the returned number as its version.
    ///
    /// - Parameter time: what `stamp` gave, or the time that a change which is made again had before.
    public mutating func recordChange(
        account: UInt32, kind: UInt8, time: Int64, payload: RawSpan = RawSpan()
    ) throws(StoreError) -> UInt64 {
        let byteCount = ChangeView.headerBytes + payload.byteCount
        guard byteCount <= Limits.changeRecordBytes else { throw .tooLarge }
        try charge(byteCount)
        noteTime(time)
        let number = sequence + 1
        // SAFETY: the payload is copied before the closures return.
        do throws(LMDBError) {
            try payload.withUnsafeBytes { (payload) throws(LMDBError) in
                try transaction.reserve(
                    byteCount, at: number, in: databases.changes, isLast: true
                ) { room in
                    room.storeBytes(of: account, as: UInt32.self)
                    room.storeBytes(of: UInt32(kind), toByteOffset: 4, as: UInt32.self)
                    room.storeBytes(of: time, toByteOffset: 8, as: Int64.self)
                    UnsafeMutableRawBufferPointer(rebasing: room[ChangeView.headerBytes...])
                        .copyMemory(from: payload)
                }
            }
        } catch {
            throw StoreError(error)
        }
        sequence = number
        return number
    }
}
