import CLMDB

/// A read transaction that is used again and again: one per event loop or tool.
///
/// It may move between threads (`MDB_NOTLS`) but serves one at a time. While it is live, no page of
/// its view is reused, so the file grows with every commit: renew it often, `reset` it when idle.
public struct Reader: ~Copyable {
    let environment: Environment
    let transaction: OpaquePointer
    let cursors: CursorCache
    /// Number of the commit that this reader sees; 0 while it is reset.
    public private(set) var transactionID: UInt64

    /// Begins to read the newest commit.
    public init(_ environment: Environment) throws(LMDBError) {
        environment.transactionBegins()
        var transaction: OpaquePointer?
        let code = mdb_txn_begin(environment.pointer, nil, UInt32(MDB_RDONLY), &transaction)
        guard code == MDB_SUCCESS, let transaction else {
            environment.transactionEnded()
            throw LMDBError(code: code)
        }
        self.environment = environment
        self.transaction = transaction
        cursors = CursorCache()
        transactionID = UInt64(mdb_txn_id(transaction))
    }

    deinit {
        cursors.close()
        mdb_txn_abort(transaction)
        if transactionID != 0 { environment.transactionEnded() }
    }

    /// Whether there is a newer commit than the one this reader sees. No system call.
    public var isStale: Bool { environment.lastTransactionID != transactionID }

    /// How many commits there have been since the one this reader sees.
    public var lag: UInt64 {
        transactionID == 0 ? 0 : environment.lastTransactionID &- transactionID
    }

    /// Moves on to the newest commit. Views of the old one end here, and do so at compile time.
    public mutating func renew() throws(LMDBError) {
        reset()
        environment.transactionBegins()
        let code = mdb_txn_renew(transaction)
        guard code == MDB_SUCCESS else {
            environment.transactionEnded()
            throw LMDBError(code: code)
        }
        transactionID = UInt64(mdb_txn_id(transaction))
        cursors.transactionChanged()
    }

    /// Lets go of the view but keeps the slot, so that `renew` is cheap.
    public mutating func reset() {
        if transactionID == 0 { return }
        mdb_txn_reset(transaction)
        transactionID = 0
        environment.transactionEnded()
    }

    /// The view of the store, valid until this reader is renewed, reset or gone.
    public var view: ReadTransaction {
        @_lifetime(borrow self) borrowing get {
            precondition(transactionID != 0, "the reader is reset: renew it first")
            return ReadTransaction(self)
        }
    }
}
