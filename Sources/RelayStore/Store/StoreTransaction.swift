import LMDB

/// The one write transaction of a store: documents, lists, unique texts, counters, changes and keys
/// change together or not at all. What changes them are extensions of this type.
public struct StoreTransaction: ~Copyable {
    var transaction: WriteTransaction
    let databases: Databases
    let scratch: WriteScratch
    private let moved: MovedDocuments
    /// Bytes that puts may still take before the quota; deletions do not ask.
    var room: Int
    /// Sequence number of the newest change, of this transaction or before.
    public internal(set) var sequence: UInt64
    /// The change that was begun last, until its record is written.
    var open: OpenChange?
    /// Whether all of it will be thrown away.
    let isDryRun: Bool
    /// Highest number of a list node, nil until it is needed.
    var lastNode: UInt64?
    private let core: StoreCore
    /// What the store knows of the time; nil as long as it says nothing.
    var time: StoreTime?
    /// Whether that is to be written.
    var isTimeChanged = false
    /// When the command happens that is applied now; nil until somebody asks.
    var commandTime: CommandTime?
    /// What the store will know of the time once that command has changed something.
    var timeOfCommand: StoreTime?
    /// What accounts use, of those that it is counted of.
    var accounts = CountedUses()
    /// Blobs that lost their documents, whose chunks are still there.
    var released: [UInt64] = []
    /// Up to where the shared log is applied, once a message of it is.
    var replica: ReplicaState?
    /// Whether that is to be written.
    var isReplicaChanged = false
    /// The session of the message that is applied now.
    var session: SessionID?
    /// The format that the store has by now; nil until it is needed.
    var format: UInt32?

    /// - Parameter evenIfLogged: whether it may write to a store whose log another process may have.
    init(
        _ core: StoreCore, isDryRun: Bool = false, evenIfLogged: Bool = false
    ) throws(StoreError) {
        let transaction = try lifting { () throws(LMDBError) in
            try core.environment.beginWrite()
        }
        // Under LMDB's lock for writers: nobody begins to write to a log meanwhile.
        if !core.isLogged, !evenIfLogged { try core.requireNoLog(transaction) }
        let room = try core.room()
        let sequence = try core.lastSequence(transaction)
        let time = try core.storeTime(transaction)
        self.transaction = transaction
        self.room = room
        self.sequence = sequence
        self.isDryRun = isDryRun
        databases = core.databases
        scratch = core.scratch
        moved = core.moved
        self.core = core
        self.time = time
        scratch.reset()
    }

    /// When a command would happen now.
    var now: CommandTime { core.now }

    /// The store says how long it was open for writing.
    func counts(lived: Int64) { core.counts(lived: lived) }

    /// What is known to be damaged.
    var damage: DamagedDocuments { core.damage }

    /// A document that is to be changed, if there is one under this key; throws when it is not what
    /// was written. Its bytes must not go into one with a checksum that is right.
    @_lifetime(borrow self)
    public borrowing func intactDocument(_ key: DocumentKey) throws(StoreError) -> DocumentView? {
        let view = view
        guard let document = try view.document(key) else { return nil }
        try damage.require(document)
        return document
    }

    /// The store with the changes so far. Valid until the next change.
    public var view: StoreView {
        @_lifetime(borrow self) borrowing get { StoreView(transaction.view, databases) }
    }

    /// Makes the changes durable and visible to readers that begin or renew from now on.
    consuming func commit() throws(StoreError) {
        if try prepare() { try publish() }
    }

    /// Writes what is written once for the whole transaction.
    ///
    /// - Returns: false when only refused commands are in it: LMDB would commit nothing under its number,
    ///   and the next transaction would have it again. To publish it would vouch for what that one moves.
    mutating func prepare() throws(StoreError) -> Bool {
        try endChange()
        try keepUses()
        try keepReplica()
        guard transaction.hasChanged else { return false }
        try keepTime()
        return true
    }

    /// The store's own room is no reason to refuse what was accepted once.
    mutating func hasAllRoom() { room = .max }

    /// Commits what `prepare` has made complete.
    consuming func publish() throws(StoreError) {
        let number = transaction.transactionID
        // Taken before the commit, for after it the next writer has the scratch memory.
        let movedKeys = scratch.takeMoved()
        let core = core
        do throws(LMDBError) {
            try transaction.commit()
            // Nobody may be told that it is kept when it went into a file without a name.
            try core.environment.requireInPlace()
        } catch {
            throw StoreError(error)
        }
        // Not before the commit: under a number that another process then takes, readers would
        // believe that they know what that one has moved.
        moved.publish(movedKeys, transaction: number)
    }

    /// Takes bytes from the quota, or says that the store is full before anything is changed.
    mutating func charge(_ byteCount: Int) throws(StoreError) {
        let cost = byteCount + Limits.putOverheadBytes
        if cost > room { throw .storeFull }
        room -= cost
    }

    mutating func put(
        _ value: RawSpan, at key: RawSpan, in database: BytesDatabase
    ) throws(StoreError) {
        do throws(LMDBError) {
            try transaction.put(value, at: key, in: database)
        } catch {
            throw StoreError(error)
        }
    }

    mutating func put(
        _ value: RawSpan, at key: UInt64, in database: IntegerDatabase
    ) throws(StoreError) {
        do throws(LMDBError) {
            try transaction.put(value, at: key, in: database)
        } catch {
            throw StoreError(error)
        }
    }

    @discardableResult
    mutating func delete(_ key: RawSpan, in database: BytesDatabase) throws(StoreError) -> Bool {
        do throws(LMDBError) {
            return try transaction.delete(key, in: database)
        } catch {
            throw StoreError(error)
        }
    }

    @discardableResult
    mutating func delete(_ key: UInt64, in database: IntegerDatabase) throws(StoreError) -> Bool {
        do throws(LMDBError) {
            return try transaction.delete(key, in: database)
        } catch {
            throw StoreError(error)
        }
    }
}
