import CLMDB

/// One database of integer keys as a `ReadTransaction` shows it: for what reads values there
/// without a cursor, and can be copied for it.
public struct IntegerView: ~Escapable {
    private let transaction: OpaquePointer
    private let database: IntegerDatabase

    @_lifetime(copy view)
    init(_ view: borrowing ReadTransaction, _ database: IntegerDatabase) {
        transaction = view.transaction
        self.database = database
    }

    /// The value of a key.
    @_lifetime(copy self)
    public func get(_ key: UInt64) throws(LMDBError) -> RawSpan? {
        var key = key
        var value = MDB_val()
        // SAFETY: liblmdb reads the key during the call only.
        let code = withUnsafeMutablePointer(to: &key) { pointer in
            var name = MDB_val(mv_size: MemoryLayout<UInt64>.size, mv_data: pointer)
            return mdb_get(transaction, database.handle, &name, &value)
        }
        if code == MDB_NOTFOUND { return nil }
        try check(code)
        // SAFETY: the value stays mapped and unchanged as long as the transaction is not renewed,
        // reset or written to, all of which need exclusive access to what this view borrows.
        return unsafe _overrideLifetime(RawSpan(value), copying: self)
    }
}

extension ReadTransaction {
    /// One database.
    @_lifetime(copy self)
    public func view(of database: IntegerDatabase) -> IntegerView { IntegerView(self, database) }
}
