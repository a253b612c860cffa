import CLMDB

/// The idle cursors of a reader, one per database, so that a lookup opens none.
///
/// A cursor keeps its position between uses within one commit: when the next key lies on the same
/// leaf page, LMDB does not walk the tree again.
struct CursorCache {
    struct Slot {
        var cursor: OpaquePointer?
        var isRenewed: Bool
    }

    // SAFETY: allocated here, deallocated by `close`, which its one owner (Reader) calls in deinit.
    private let slots: UnsafeMutablePointer<Slot>

    init() {
        // SAFETY: until `close`, see `slots`.
        slots = .allocate(capacity: Limits.cursorSlots)
        slots.initialize(
            repeating: Slot(cursor: nil, isRenewed: false), count: Limits.cursorSlots)
    }

    /// The slot of a database.
    subscript(handle: MDB_dbi) -> UnsafeMutablePointer<Slot> {
        precondition(Int(handle) < Limits.cursorSlots)
        return slots + Int(handle)
    }

    /// Cached cursors must be renewed before they are used again.
    func transactionChanged() {
        for index in 0..<Limits.cursorSlots { slots[index].isRenewed = false }
    }

    func close() {
        for index in 0..<Limits.cursorSlots {
            if let cursor = slots[index].cursor { mdb_cursor_close(cursor) }
        }
        slots.deallocate()
    }
}

/// An `MDB_cursor` for as long as it is used: borrowed from the cache of its reader, or opened for
/// this one use (in a write transaction, or when the cached one is in use already).
struct CursorHandle: ~Copyable {
    /// Where a movement arrived.
    struct Position {
        var key: MDB_val
        var value: MDB_val
    }

    private let cursor: OpaquePointer
    private let slot: UnsafeMutablePointer<CursorCache.Slot>?

    init(_ view: borrowing ReadTransaction, _ database: MDB_dbi) throws(LMDBError) {
        let slot = view.cursors?[database]
        var cursor = slot?.pointee.cursor
        if let slot, let cursor {
            if !slot.pointee.isRenewed {
                try LMDB.check(mdb_cursor_renew(view.transaction, cursor))
                slot.pointee.isRenewed = true
            }
            slot.pointee.cursor = nil
        } else {
            try LMDB.check(mdb_cursor_open(view.transaction, database, &cursor))
            slot?.pointee.isRenewed = true
        }
        self.slot = slot
        self.cursor = cursor!
    }

    deinit {
        if let slot, slot.pointee.cursor == nil {
            slot.pointee.cursor = cursor
        } else {
            mdb_cursor_close(cursor)
        }
    }

    func move(_ operation: MDB_cursor_op) throws(LMDBError) -> Position? {
        var position = Position(key: MDB_val(), value: MDB_val())
        let code = mdb_cursor_get(cursor, &position.key, &position.value, operation)
        if code == MDB_NOTFOUND { return nil }
        try LMDB.check(code)
        return position
    }

    func seek(_ key: UInt64, _ operation: MDB_cursor_op) throws(LMDBError) -> Position? {
        var key = key
        var position = Position(key: MDB_val(), value: MDB_val())
        // SAFETY: liblmdb reads the key during the call and replaces it by its own copy's address.
        let code = withUnsafeMutablePointer(to: &key) { pointer in
            position.key = MDB_val(mv_size: MemoryLayout<UInt64>.size, mv_data: pointer)
            return mdb_cursor_get(cursor, &position.key, &position.value, operation)
        }
        if code == MDB_NOTFOUND { return nil }
        try LMDB.check(code)
        return position
    }

    func seek(_ key: RawSpan, _ operation: MDB_cursor_op) throws(LMDBError) -> Position? {
        var position = Position(key: MDB_val(), value: MDB_val())
        // SAFETY: as above.
        let code = key.withUnsafeBytes { bytes in
            position.key = MDB_val(bytes)
            return mdb_cursor_get(cursor, &position.key, &position.value, operation)
        }
        if code == MDB_NOTFOUND { return nil }
        try LMDB.check(code)
        return position
    }
}
