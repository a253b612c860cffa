import CSodium
import LMDB

/// How to open a store.
public struct StoreOptions: Sendable {
    /// Bytes that the data file may grow into; nil for 64 GiB, or what it was written with before if
    /// that is more.
    public var mapBytes: Int?
    /// Bytes that puts may fill, the rest is for deletions; nil for all but a quarter (512 MiB at
    /// most).
    public var quotaBytes: Int?
    /// What a power cut may cost.
    public var durability: Durability
    /// For a store that nobody writes to, such as a snapshot: nothing in its directory changes.
    public var isReadOnly: Bool
    /// For a copy of a store that was written through a log, whose data file is whole by itself.
    public var isCopy: Bool
    /// Where the times of changes come from.
    public var clock: StoreClock

    /// For a copy of a store, see `isCopy`.
    public static let copy = StoreOptions(isCopy: true)

    /// The defaults are right for a service.
    public init(
        mapBytes: Int? = nil, quotaBytes: Int? = nil,
        durability: Durability = .durable, isReadOnly: Bool = false, isCopy: Bool = false,
        clock: StoreClock = .system
    ) {
        self.isCopy = isCopy
        self.mapBytes = mapBytes
        self.quotaBytes = quotaBytes
        self.durability = durability
        self.isReadOnly = isReadOnly
        self.clock = clock
    }
}

/// What a power cut may cost, see `LMDB.Durability`.
public typealias Durability = LMDB.Durability

/// A slot that a reader holds, see `LMDB.ReaderSlot`.
public typealias ReaderSlot = LMDB.ReaderSlot

/// Documents, lists, unique texts, counters, changes and keys in one LMDB environment.
///
/// Read through a `StoreReader`, one per event loop or tool. Write through a `Writer`, which
/// commits in groups on its own thread, or in bulk through `write`.
public final class Store: Sendable {
    let core: StoreCore

    private init(_ core: StoreCore) { self.core = core }

    /// Creates a store in a directory, which may exist but not hold one. A crash leaves a whole
    /// store or none.
    public static func create(
        at directory: String, options: StoreOptions = .init()
    ) throws(StoreError) -> Store {
        do throws(LMDBError) {
            _ = try Environment.create(
                at: directory, options: options.environment, schema: Databases.schema,
                initialize: StoreMetadata.initialize)
        } catch {
            throw StoreError(error)
        }
        return try open(at: directory, options: options)
    }

    /// Opens a store.
    ///
    /// - Parameter recovery: applies what the store's log has and the store lacks, when the process that
    ///   wrote last did not end in order. Without it such a store is refused.
    public static func open(
        at directory: String, options: StoreOptions = .init(), recovery: StoreRecovery? = nil
    ) throws(StoreError) -> Store {
        guard let log = try FoundLog(of: directory, isReading: options.isReadOnly) else {
            let store = try openAlone(directory, options)
            // A snapshot names the log of the store that it was taken of.
            if options.isReadOnly { return store }
            if options.isCopy { try store.core.forgetLog() }
            if try store.core.logPosition()?.isAttached == true {
                throw .log(.missing(path: CommandLog.directory(of: directory)))
            }
            return store
        }
        guard log.isHeld, let state = log.state, let checkpoint = state.checkpoint else {
            let store = try openAlone(directory, options)
            if log.isHeld, let position = try store.core.logPosition(), position.isAttached {
                guard log.state != nil else { throw .log(.incomplete(path: log.control.path)) }
                guard log.isLeft(by: position) else { throw .log(.foreign(path: log.control.path)) }
                if !options.isReadOnly { try store.core.markDetached() }
            }
            return store
        }
        if options.isReadOnly, log.isNewestWhole { return try openAlone(directory, options) }
        guard let recovery, !options.isReadOnly else {
            throw .log(.unrecovered(directory: directory))
        }
        let recovering = try FoundLog.recovering(in: directory)
        if !log.isNewestWhole { try log.putBack(checkpoint, in: directory) }
        let store = try openAlone(directory, options)
        try store.core.recover(log, state, recovery)
        withExtendedLifetime(recovering) {}
        return store
    }

    /// Removes the store's log, which a writer that needs none leaves behind otherwise. The store must be
    /// whole without it, as one is that was opened with a recovery.
    ///
    /// - Returns: bytes of its files.
    @discardableResult
    public func removeLog() throws(StoreError) -> Int { try CommandLog.remove(of: core) }

    /// Opens a store, whatever there is beside it.
    static func openAlone(
        _ directory: String, _ options: StoreOptions
    ) throws(StoreError) -> Store {
        let environment: Environment
        do throws(LMDBError) {
            environment = try Environment.open(
                at: directory, options: options.environment, schema: Databases.schema)
        } catch {
            throw StoreError(error)
        }
        return Store(try StoreCore(environment, options))
    }

    /// Opens a store to read it only: also where its files may not be written to, as on a read-only
    /// mount. A reader cannot enter itself there, so nobody else may have the store open then.
    public static func openForReading(
        at directory: String, recovery: StoreRecovery? = nil
    ) throws(StoreError) -> Store {
        try open(
            at: directory,
            options: StoreOptions(isReadOnly: !Environment.mayWrite(in: directory)),
            recovery: recovery)
    }

    /// Makes a store that ends with the process.
    public static func inMemory(options: StoreOptions? = nil) throws(StoreError) -> Store {
        let options = options ?? StoreOptions(durability: .mayCorruptStore)
        let environment: Environment
        do throws(LMDBError) {
            environment = try Environment.inMemory(
                options: options.environment, schema: Databases.schema,
                initialize: StoreMetadata.initialize)
        } catch {
            throw StoreError(error)
        }
        return Store(try StoreCore(environment, options))
    }

    /// What was fixed when the store was created.
    public var metadata: StoreMetadata { core.metadata }

    /// The directory; empty for a store in memory.
    public var directory: String { core.environment.directory }

    /// A reader of the newest commit.
    public func makeReader() throws(StoreError) -> StoreReader { try StoreReader(core) }

    /// Runs `body` as one write transaction on this thread, and commits it durably; throws away
    /// what it did if it throws. For tools that write in bulk: a server writes through `Writer`.
    @discardableResult
    @available(*, noasync, message: "a write transaction belongs to one thread")
    public func write<Result>(
        _ body: (inout StoreTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        if core.isLogged {
            throw .log(.inUse(path: CommandLog.directory(of: directory), by: "this process"))
        }
        var transaction = try StoreTransaction(core)
        // What is not in the log would be on this host only.
        if try transaction.view.replicaState() != nil { throw .replica(.isAReplica) }
        let result = try body(&transaction)
        try transaction.commit()
        core.tickIfFull()
        return result
    }

    /// Reads the whole store into memory and into this process's page table; lookups then neither
    /// wait for the disk nor take a fault on their first touch.
    ///
    /// - Parameter progress: told how many of how many bytes are there.
    /// - Returns: bytes of the map that are there now.
    @discardableResult
    public func warm(progress: (Int, Int) -> Void = { _, _ in }) throws(StoreError) -> Int {
        try lifting { () throws(LMDBError) in try core.environment.warm(progress: progress) }
    }

    /// Who reads the store now, over all processes; dead ones included.
    public func readerSlots() throws(StoreError) -> [ReaderSlot] {
        try lifting { () throws(LMDBError) in try core.environment.readerSlots() }
    }

    /// Reader slots that there are, over all processes.
    public var readerSlotCount: Int { core.environment.statistics.readerSlots }

    /// Reader slots of dead processes that opening the store has freed.
    public var deadReaders: Int { core.environment.deadReaders }

    /// What was found damaged by readers and walks of this process.
    public var damage: DamagedDocuments { core.damage }

    /// Throws when another file has taken the place of the one that is open.
    public func requireInPlace() throws(StoreError) {
        try lifting { () throws(LMDBError) in try core.environment.requireInPlace() }
    }

    /// Whether it is open without the lock file, so that others do not know of its readers.
    public var isReadOnly: Bool { core.environment.isReadOnly }

    /// Number of the newest commit of any process.
    public var lastTransactionID: UInt64 { core.environment.lastTransactionID }

    /// Frees the reader slots of processes that died; call it from time to time.
    @discardableResult
    public func clearDeadReaders() throws(StoreError) -> Int {
        try lifting { () throws(LMDBError) in try core.environment.clearDeadReaders() }
    }
}

extension StoreOptions {
    var environment: EnvironmentOptions {
        EnvironmentOptions(
            mapBytes: mapBytes ?? LMDB.Limits.mapBytes, durability: durability,
            isReadOnly: isReadOnly)
    }
}
