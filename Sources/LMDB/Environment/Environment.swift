import CLMDB
import Glibc
import Synchronization
import System

/// An LMDB environment: one data file, mapped once, with its named databases.
///
/// There is at most one per data file and process. Readers may run on any thread, each `Reader` on
/// one at a time; write transactions begin and end on the same thread.
public final class Environment: Sendable {
    // SAFETY: liblmdb locks what threads share in an MDB_env. The pointer is set once and closed
    // in deinit, which runs after the last Reader: each Reader retains its environment.
    nonisolated(unsafe) let pointer: OpaquePointer
    /// The directory of the data file; empty for a store in memory.
    public let directory: String
    /// The data file's path, made once: it is looked at with each commit, and each second.
    let dataPath: String
    /// Reader slots of dead processes that were found, and freed, when it was opened.
    public let deadReaders: Int
    let identity: FileIdentity
    private let durability: Durability
    /// Nil where there are no writers, see `EnvironmentOptions.isReadOnly`.
    let lock: LockTable?
    /// Nil too while a store is made, which has no name yet.
    let claim: DataClaim?
    private let integerDatabases: [String: IntegerDatabase]
    private let bytesDatabases: [String: BytesDatabase]
    /// Live transactions, so that nothing is remapped under one. Negative while resizing.
    private let transactions = Atomic<Int>(0)
    /// The thread whose write transaction is open, 0 if none.
    private let writer = Atomic<UInt>(0)

    /// Opens an existing store: refuses a file that is empty, truncated or foreign before it maps
    /// anything, and frees the reader slots of dead processes.
    public static func open(
        at directory: String, options: EnvironmentOptions = .init(), schema: Schema
    ) throws(LMDBError) -> Environment {
        let path = dataPath(in: directory)
        let identity = try EnvironmentRegistry.claim(path: path)
        do throws(LMDBError) {
            if options.isReadOnly,
                LockTable.isInUse(in: directory) || DataClaim.isThere(in: directory)
            {
                throw LMDBError.unlockable(path: path)
            }
            var options = options
            // The file remembers the largest map that it was written with.
            options.mapBytes = max(options.mapBytes, try DataFile(path: path).mapBytes)
            return try Environment(directory, options: options, schema: schema, identity: identity)
        } catch {
            EnvironmentRegistry.release(identity)
            throw error
        }
    }

    /// Opens what `claim` has claimed. `identity` is nil when the file does not exist yet.
    init(
        _ directory: String, options: EnvironmentOptions, schema: Schema,
        identity claimed: FileIdentity?, creates: Bool = false, isNamed: Bool = true
    ) throws(LMDBError) {
        let lock =
            options.isReadOnly ? nil : try LockTable(in: directory, readers: options.readers)
        // Given back after liblmdb has closed the file, as the lock table is.
        let claim =
            try lock.flatMap { lock throws(LMDBError) in
                creates ? nil : try DataClaim(in: directory, with: lock.identity)
            }
        var environment: OpaquePointer?
        try check(mdb_env_create(&environment))
        guard let environment else { throw .unexpected(code: ENOMEM) }
        var held: FileIdentity?
        do throws(LMDBError) {
            try check(mdb_env_set_mapsize(environment, options.mapBytes))
            try check(mdb_env_set_maxreaders(environment, options.readers))
            try check(mdb_env_set_maxdbs(environment, Limits.databases))
            try check(
                mdb_env_set_assert(environment) { _, message in
                    // liblmdb ends the process behind this.
                    Environment.told(message)
                })
            let code = mdb_env_open(environment, directory, options.flags, 0o600)
            if code == MDB_INVALID {
                throw .foreignFile(path: Self.dataPath(in: directory))
            }
            if code == MDB_VERSION_MISMATCH {
                throw .versionMismatch(path: Self.dataPath(in: directory), version: 0)
            }
            if code > 0 {
                // The lock file is open already.
                throw .system(
                    call: "open", errno: code, path: Self.dataPath(in: directory))
            }
            try check(code)
            // liblmdb opens this one file for programs that the process starts, too.
            var file: mdb_filehandle_t = -1
            try check(mdb_env_get_fd(environment, &file))
            _ = fcntl(file, F_SETFD, FD_CLOEXEC)
            if claimed == nil {
                held = try EnvironmentRegistry.claim(path: Self.dataPath(in: directory))
            }
            var dead: Int32 = 0
            try check(mdb_reader_check(environment, &dead))
            deadReaders = Int(dead) + (lock?.freeSlots(readers: options.readers) ?? 0)
            (integerDatabases, bytesDatabases) = try Self.openDatabases(
                environment, schema: schema, creates: creates)
        } catch {
            withExtendedLifetime((lock, claim)) { mdb_env_close(environment) }
            if let held { EnvironmentRegistry.release(held) }
            throw error
        }
        pointer = environment
        self.lock = lock
        self.claim = claim
        durability = options.durability
        self.directory = isNamed ? directory : ""
        dataPath = Self.dataPath(in: directory)
        identity = claimed ?? held!
    }

    deinit {
        precondition(transactions.load(ordering: .relaxed) == 0, "a transaction is still open")
        mdb_env_close(pointer)
        EnvironmentRegistry.release(identity)
    }

    /// Says what a page that is damaged is: liblmdb finds some only when it stands on them.
    private static func told(_ message: UnsafePointer<CChar>?) {
        let what = message.map { String(cString: $0) } ?? ""
        let line =
            "data.mdb: a page of the tree is damaged, and liblmdb cannot go on (\(what)): run relayctl check, and "
            + "restore the store from a snapshot\n"
        // SAFETY: the array's own bytes, during the call.
        _ = Array(line.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    static func dataPath(in directory: String) -> String { directory + "/data.mdb" }

    private static func openDatabases(
        _ environment: OpaquePointer, schema: Schema, creates: Bool
    ) throws(LMDBError) -> ([String: IntegerDatabase], [String: BytesDatabase]) {
        var transaction: OpaquePointer?
        let mode = creates ? 0 : UInt32(MDB_RDONLY)
        try check(mdb_txn_begin(environment, nil, mode, &transaction))
        var integer: [String: IntegerDatabase] = [:]
        var bytes: [String: BytesDatabase] = [:]
        let create = creates ? MDB_CREATE : 0
        do throws(LMDBError) {
            for name in schema.integer {
                let flags = UInt32(MDB_INTEGERKEY | create)
                integer[name] = IntegerDatabase(handle: try handle(transaction, name, flags))
            }
            for name in schema.bytes {
                bytes[name] = BytesDatabase(handle: try handle(transaction, name, UInt32(create)))
            }
        } catch {
            mdb_txn_abort(transaction)
            throw error
        }
        // Also a read transaction is committed: that is what keeps the handles it opened.
        try check(mdb_txn_commit(transaction))
        return (integer, bytes)
    }

    private static func handle(
        _ transaction: OpaquePointer?, _ name: String, _ flags: UInt32
    ) throws(LMDBError) -> MDB_dbi {
        var handle: MDB_dbi = 0
        let code = mdb_dbi_open(transaction, name, flags, &handle)
        if code == MDB_NOTFOUND || code == MDB_INCOMPATIBLE { throw .databaseMissing(name: name) }
        try check(code)
        return handle
    }

    /// A database with integer keys that the schema named.
    public func integerDatabase(_ name: String) throws(LMDBError) -> IntegerDatabase {
        guard let database = integerDatabases[name] else { throw .databaseMissing(name: name) }
        return database
    }

    /// A database with byte-string keys that the schema named.
    public func bytesDatabase(_ name: String) throws(LMDBError) -> BytesDatabase {
        guard let database = bytesDatabases[name] else { throw .databaseMissing(name: name) }
        return database
    }

    /// Number of the newest commit of any process: two loads from the map, no system call.
    public var lastTransactionID: UInt64 {
        var information = MDB_envinfo()
        mdb_env_info(pointer, &information)
        return UInt64(information.me_last_txnid)
    }

    /// Frees reader slots that dead processes left behind; returns how many there were.
    @discardableResult
    public func clearDeadReaders() throws(LMDBError) -> Int {
        var dead: Int32 = 0
        try check(mdb_reader_check(pointer, &dead))
        return Int(dead)
    }

    /// Has commits of this process wait for the disk, or not: where something else keeps what is committed
    /// until `sync` has. Their pages reach the disk in any order then. No write transaction may be open.
    public func setSynced(_ isSynced: Bool) throws(LMDBError) {
        // liblmdb 0.9.24 has no such flag for a single transaction.
        let isOff = !isSynced || durability == .mayCorruptStore
        try check(mdb_env_set_flags(pointer, UInt32(MDB_NOSYNC), isOff ? 1 : 0))
    }

    /// Writes everything to the disk, also what a weaker durability has put off.
    public func sync() throws(LMDBError) {
        try check(mdb_env_sync(pointer, 1))
    }
}

// MARK: - Transactions that are open

extension Environment {
    /// Counts a transaction in; waits while the map is being resized.
    func transactionBegins() {
        while transactions.add(1, ordering: .acquiring).newValue <= 0 {
            transactions.subtract(1, ordering: .relaxed)
            sched_yield()
        }
    }

    /// Counts a transaction out.
    func transactionEnded() {
        transactions.subtract(1, ordering: .releasing)
    }

    /// A second write transaction on one thread would wait for itself for ever.
    func requireNoWriterOnThisThread() {
        precondition(
            writer.load(ordering: .relaxed) != UInt(pthread_self()),
            "this thread has a write transaction open already")
    }

    /// Notes whose write transaction is open.
    func writerBegan(on thread: pthread_t) {
        writer.store(UInt(thread), ordering: .relaxed)
    }

    /// Notes that it ended. The next writer may have begun by now: its note stays.
    func writerEnds() {
        _ = writer.compareExchange(
            expected: UInt(pthread_self()), desired: 0, ordering: .relaxed)
        transactionEnded()
    }

    /// Changes the size of the map, for which no transaction may be open: LMDB itself would accept
    /// it under a live reader, whose next access is then a SIGBUS.
    public func resizeMap(to bytes: Int) throws(LMDBError) {
        let (isFree, _) = transactions.compareExchange(
            expected: 0, desired: .min / 2, ordering: .acquiringAndReleasing)
        guard isFree else { throw .transactionsActive }
        defer { transactions.subtract(.min / 2, ordering: .releasing) }
        try check(mdb_env_set_mapsize(pointer, bytes))
    }
}
