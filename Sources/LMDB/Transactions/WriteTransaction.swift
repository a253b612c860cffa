import CLMDB
import Glibc

/// The one write transaction of an environment, bound to the thread that began it.
///
/// LMDB lets another thread commit it, returns 0, and then the next begin hangs for ever: so every
/// operation here first makes sure that it runs on the right thread. Dropping it aborts it.
public struct WriteTransaction: ~Copyable {
    let environment: Environment
    let transaction: OpaquePointer
    private let thread: pthread_t
    /// False once committed; then there is nothing left to abort.
    private var isOpen = true
    /// Whether anything was put or deleted. LMDB commits a clean transaction without taking its
    /// number, which the next one then has.
    public private(set) var hasChanged = false

    init(_ environment: Environment) throws(LMDBError) {
        environment.requireNoWriterOnThisThread()
        environment.transactionBegins()
        var transaction: OpaquePointer?
        let code = mdb_txn_begin(environment.pointer, nil, 0, &transaction)
        guard code == MDB_SUCCESS, let transaction else {
            environment.transactionEnded()
            throw LMDBError(code: code)
        }
        self.environment = environment
        self.transaction = transaction
        thread = pthread_self()
        environment.writerBegan(on: thread)
    }

    deinit {
        if !isOpen { return }
        requireOwnThread()
        mdb_txn_abort(transaction)
        environment.writerEnds()
    }

    /// Writes everything and, unless the environment is weaker than durable, waits for the disk.
    public consuming func commit() throws(LMDBError) {
        requireOwnThread()
        isOpen = false
        let environment = environment
        let code = mdb_txn_commit(transaction)
        environment.writerEnds()
        try environment.checkWrite(code)
    }

    /// Forgets everything.
    public consuming func abort() {
        // deinit does it.
    }

    /// The number that this commit will have.
    public var transactionID: UInt64 { UInt64(mdb_txn_id(transaction)) }

    /// What is in the store now, with the changes of this transaction. Valid until the next change.
    public var view: ReadTransaction {
        @_lifetime(borrow self) borrowing get { ReadTransaction(self) }
    }

    @inline(__always)
    private func requireOwnThread() {
        precondition(
            pthread_equal(thread, pthread_self()) != 0,
            "a write transaction belongs to the thread that began it")
    }
}

extension Environment {
    /// Begins the write transaction; waits for that of another thread or process to end.
    public func beginWrite() throws(LMDBError) -> WriteTransaction {
        try WriteTransaction(self)
    }
}

// MARK: - Changes

extension WriteTransaction {
    /// Stores a value under an integer key, replacing what is there.
    public mutating func put(
        _ value: RawSpan, at key: UInt64, in database: IntegerDatabase
    ) throws(LMDBError) {
        // SAFETY: liblmdb copies key and value during the call.
        let code = value.withUnsafeBytes { bytes in
            var data = MDB_val(bytes)
            return put(&data, key, database, flags: 0)
        }
        try environment.checkWrite(code)
    }

    /// Stores a value under a key that sorts after all others, which packs pages densely.
    public mutating func append(
        _ value: RawSpan, at key: UInt64, in database: IntegerDatabase
    ) throws(LMDBError) {
        // SAFETY: liblmdb copies key and value during the call.
        let code = value.withUnsafeBytes { bytes in
            var data = MDB_val(bytes)
            return put(&data, key, database, flags: MDB_APPEND)
        }
        try environment.checkWrite(code)
    }

    /// Makes room for a value and lets `fill` write it in place, without a copy. With `isLast` the
    /// key must sort after all others.
    public mutating func reserve(
        _ byteCount: Int, at key: UInt64, in database: IntegerDatabase, isLast: Bool = false,
        fill: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(LMDBError) {
        var data = MDB_val(mv_size: byteCount, mv_data: nil)
        let flags = MDB_RESERVE | (isLast ? MDB_APPEND : 0)
        try environment.checkWrite(put(&data, key, database, flags: flags))
        // SAFETY: the room belongs to this transaction until its next change, after `fill`.
        fill(UnsafeMutableRawBufferPointer(start: data.mv_data, count: byteCount))
    }

    /// Makes room for a value under a byte-string key and lets `fill` write it in place.
    public mutating func reserve(
        _ byteCount: Int, at key: RawSpan, in database: BytesDatabase,
        fill: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(LMDBError) {
        requireOwnThread()
        hasChanged = true
        var data = MDB_val(mv_size: byteCount, mv_data: nil)
        // SAFETY: liblmdb copies the key during the call.
        let code = key.withUnsafeBytes { bytes in
            var name = MDB_val(bytes)
            return mdb_put(
                transaction, database.handle, &name, &data, UInt32(MDB_RESERVE))
        }
        try environment.checkWrite(code)
        // SAFETY: the room belongs to this transaction until its next change, after `fill`.
        fill(UnsafeMutableRawBufferPointer(start: data.mv_data, count: byteCount))
    }

    /// Stores a value under a byte-string key, replacing what is there.
    public mutating func put(
        _ value: RawSpan, at key: RawSpan, in database: BytesDatabase
    ) throws(LMDBError) {
        requireOwnThread()
        hasChanged = true
        // SAFETY: liblmdb copies key and value during the call.
        let code = key.withUnsafeBytes { keyBytes in
            value.withUnsafeBytes { valueBytes in
                var name = MDB_val(keyBytes)
                var data = MDB_val(valueBytes)
                return mdb_put(transaction, database.handle, &name, &data, 0)
            }
        }
        try environment.checkWrite(code)
    }

    /// Deletes an entry; says whether there was one.
    @discardableResult
    public mutating func delete(
        _ key: UInt64, in database: IntegerDatabase
    ) throws(LMDBError) -> Bool {
        requireOwnThread()
        var key = key
        // SAFETY: liblmdb reads the key during the call only.
        let code = withUnsafeMutablePointer(to: &key) { pointer in
            var name = MDB_val(mv_size: MemoryLayout<UInt64>.size, mv_data: pointer)
            return mdb_del(transaction, database.handle, &name, nil)
        }
        if code == MDB_NOTFOUND { return false }
        hasChanged = true
        try environment.checkWrite(code)
        return true
    }

    /// Deletes an entry; says whether there was one.
    @discardableResult
    public mutating func delete(
        _ key: RawSpan, in database: BytesDatabase
    ) throws(LMDBError) -> Bool {
        requireOwnThread()
        // SAFETY: liblmdb reads the key during the call only.
        let code = key.withUnsafeBytes { bytes in
            var name = MDB_val(bytes)
            return mdb_del(transaction, database.handle, &name, nil)
        }
        if code == MDB_NOTFOUND { return false }
        hasChanged = true
        try environment.checkWrite(code)
        return true
    }

    private mutating func put(
        _ data: inout MDB_val, _ key: UInt64, _ database: IntegerDatabase, flags: Int32
    ) -> Int32 {
        requireOwnThread()
        hasChanged = true
        var key = key
        // SAFETY: liblmdb copies the key during the call.
        return withUnsafeMutablePointer(to: &key) { pointer in
            var name = MDB_val(mv_size: MemoryLayout<UInt64>.size, mv_data: pointer)
            return mdb_put(transaction, database.handle, &name, &data, UInt32(flags))
        }
    }
}
