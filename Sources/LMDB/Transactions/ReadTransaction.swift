import CLMDB

/// A consistent view of the store, as of one commit or inside a write transaction.
///
/// What it hands out points into the map. A span lives as long as the owner of the view is neither
/// changed nor gone (`Reader.renew`, any put of the `WriteTransaction`): using it longer does not
/// compile. Values may be 2-byte aligned, so use unaligned loads.
public struct ReadTransaction: ~Copyable, ~Escapable {
    let transaction: OpaquePointer
    let cursors: CursorCache?

    @_lifetime(borrow reader)
    init(_ reader: borrowing Reader) {
        transaction = reader.transaction
        cursors = reader.cursors
    }

    @_lifetime(borrow writer)
    init(_ writer: borrowing WriteTransaction) {
        transaction = writer.transaction
        cursors = nil
    }

    /// The value of an integer key.
    @_lifetime(copy self)
    public func get(_ key: UInt64, in database: IntegerDatabase) throws(LMDBError) -> RawSpan? {
        try view(of: database).get(key)
    }

    /// The value of a byte-string key.
    @_lifetime(copy self)
    public func get(_ key: RawSpan, in database: BytesDatabase) throws(LMDBError) -> RawSpan? {
        var value = MDB_val()
        // SAFETY: liblmdb reads the key during the call only.
        let code = key.withUnsafeBytes { bytes in
            var name = MDB_val(bytes)
            return mdb_get(transaction, database.handle, &name, &value)
        }
        if code == MDB_NOTFOUND { return nil }
        try check(code)
        // SAFETY: the value stays mapped and unchanged as long as the transaction is not renewed,
        // reset or written to, all of which need exclusive access to what this view borrows.
        return unsafe _overrideLifetime(RawSpan(value), copying: self)
    }

    /// A cursor over integer keys.
    @_lifetime(copy self)
    public func cursor(_ database: IntegerDatabase) throws(LMDBError) -> Cursor {
        let handle = try CursorHandle(self, database.handle)
        // SAFETY: an MDB_cursor lives until its handle lets go of it, and walks pages that stay as
        // they are as long as what this view borrows is not changed.
        return unsafe _overrideLifetime(Cursor(handle), copying: self)
    }

    /// A cursor over byte-string keys.
    @_lifetime(copy self)
    public func cursor(_ database: BytesDatabase) throws(LMDBError) -> BytesCursor {
        let handle = try CursorHandle(self, database.handle)
        // SAFETY: as for integer keys.
        return unsafe _overrideLifetime(BytesCursor(handle), copying: self)
    }

    /// Size of a database.
    public func statistics(_ database: IntegerDatabase) throws(LMDBError) -> DatabaseStatistics {
        try statistics(handle: database.handle)
    }

    /// Size of a database.
    public func statistics(_ database: BytesDatabase) throws(LMDBError) -> DatabaseStatistics {
        try statistics(handle: database.handle)
    }

    private func statistics(handle: MDB_dbi) throws(LMDBError) -> DatabaseStatistics {
        var statistics = MDB_stat()
        try check(mdb_stat(transaction, handle, &statistics))
        return DatabaseStatistics(statistics)
    }

    /// Pages that are free for reuse once no reader needs them; walks LMDB's own free list, which
    /// only readers may do.
    public func freePages() throws(LMDBError) -> Int {
        let freeList: MDB_dbi = 0
        let handle = try CursorHandle(self, freeList)
        var pages = 0
        var operation = MDB_FIRST
        while let entry = try handle.move(operation) {
            // SAFETY: an entry of the free list begins with its count of page numbers.
            pages += entry.value.mv_data.loadUnaligned(as: Int.self)
            operation = MDB_NEXT
        }
        return pages
    }
}

extension MDB_val {
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer) {
        self.init(mv_size: bytes.count, mv_data: .init(mutating: bytes.baseAddress))
    }
}

extension RawSpan {
    /// The bytes of a value; the caller says how long they live.
    @inline(__always)
    @_lifetime(immortal)
    init(_ value: MDB_val) {
        // SAFETY: callers narrow the lifetime with _overrideLifetime before the span gets out.
        let bytes = UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size)
        let span = RawSpan(_unsafeBytes: bytes)
        self = unsafe _overrideLifetime(span, copying: ())
    }
}
