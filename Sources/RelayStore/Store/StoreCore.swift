import LMDB
import Synchronization

/// What readers, transactions and the writer of a store share.
final class StoreCore: Sendable {
    let environment: Environment
    let databases: Databases
    let metadata: StoreMetadata
    /// Memory of the write transaction; LMDB's writer lock sees to it that there is one.
    let scratch = WriteScratch()
    /// What the commits of this process have moved.
    let moved = MovedDocuments()
    /// A fixed address in the map, which hints are relative to: a store never resizes its map.
    let mapBase: Int
    let clock: StoreClock
    /// How long the store was open for writing when `clock.elapsed` was 0.
    private let livedAtZero: Atomic<Int64>
    private let quotaBytes: Int
    /// What readers and walks have found.
    let damage = DamagedDocuments()
    /// Whether this process writes to the store's log: what is committed does not wait for the disk.
    var isLogged: Bool { logged.load(ordering: .acquiring) }
    private let logged = Atomic<Bool>(false)
    /// Used pages when the slots of dead readers were last freed.
    private let checkedPages: Atomic<Int>

    init(_ environment: Environment, _ options: StoreOptions) throws(StoreError) {
        self.environment = environment
        clock = options.clock
        let mapBytes = options.mapBytes ?? environment.statistics.mapBytes
        let reserve = min(mapBytes / Limits.reserveShare, Limits.reserveBytes)
        quotaBytes = options.quotaBytes ?? mapBytes - reserve
        checkedPages = Atomic(environment.statistics.usedPages)
        do throws(LMDBError) {
            databases = try Databases(environment)
        } catch {
            throw StoreError(error)
        }
        let reader = try lifting { () throws(LMDBError) in try Reader(environment) }
        let view = StoreView(reader.view, databases)
        metadata = try view.metadata()
        mapBase = try view.metadataAddress()
        livedAtZero = Atomic((try view.storeTime()?.lived ?? 0) - clock.elapsed())
    }

    /// Reads the newest commit.
    func withNewest<Value>(
        _ body: (borrowing StoreView) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        let environment = environment
        let reader = try lifting { () throws(LMDBError) in try Reader(environment) }
        return try body(StoreView(reader.view, databases))
    }

    /// When a command happens that is taken now.
    var now: CommandTime {
        CommandTime(
            clock: clock.now(), lived: livedAtZero.load(ordering: .relaxed) + clock.elapsed())
    }

    /// Counts on from a time: that of a store which said nothing of it when it was opened.
    func counts(lived: Int64) { livedAtZero.store(lived - clock.elapsed(), ordering: .relaxed) }

    /// Bytes that puts may still take. The free list is walked only when the file has grown close
    /// to the quota: before that, it is enough to know that there is plenty. A reader does it,
    /// for LMDB lets no write transaction look at that list.
    func room() throws(StoreError) -> Int {
        let statistics = environment.statistics
        let untouched = quotaBytes - statistics.usedBytes
        if untouched >= Limits.plentyBytes { return untouched }
        let reader = try lifting { () throws(LMDBError) in try Reader(environment) }
        do throws(LMDBError) {
            let free = try reader.view.freePages() * statistics.pageBytes
            return untouched + free
        } catch {
            throw StoreError(error)
        }
    }

    /// Makes one more small commit if the file has grown close to the quota: pages that a commit frees
    /// can be used from the second one after it on, so without this tick a store that was full
    /// would stay full after everything has been deleted.
    func tickIfFull() {
        guard quotaBytes - environment.statistics.usedBytes < Limits.tickBytes else { return }
        do throws(StoreError) {
            var transaction = try StoreTransaction(self)
            let count: InlineArray<1, UInt64> = [environment.lastTransactionID]
            let key = Array("tick".utf8)
            try transaction.put(count.span.bytes, at: key.span.bytes, in: databases.meta)
            try transaction.commit()
        } catch {
            // The commit before it is durable; the next one ticks again.
        }
    }

    /// Frees the slots of dead readers if the file has grown: they may be the reason.
    func clearDeadReadersIfGrown() {
        let used = environment.statistics.usedPages
        if used < checkedPages.load(ordering: .relaxed) + Limits.grownPages { return }
        checkedPages.store(used, ordering: .relaxed)
        // What fails is tried again when the file has grown further, and from time to time.
        _ = try? environment.clearDeadReaders()
    }

    /// From here on this process writes to the store's log, or not any more.
    func setLogged(_ isLogged: Bool) throws(StoreError) {
        let environment = environment
        try lifting { () throws(LMDBError) in try environment.setSynced(!isLogged) }
        logged.store(isLogged, ordering: .releasing)
    }

    /// Throws when another process writes to the store through a log: what this one commits would be lost
    /// when the store goes back to a checkpoint.
    func requireNoLog(_ transaction: borrowing WriteTransaction) throws(StoreError) {
        let position = try StoreView(transaction.view, databases).logPosition()
        guard position?.isAttached == true else { return }
        let path = CommandLog.directory(of: environment.directory)
        throw .log(.inUse(path: path, by: nil))
    }

    func lastSequence(_ transaction: borrowing WriteTransaction) throws(StoreError) -> UInt64 {
        try StoreView(transaction.view, databases).lastSequence()
    }

    func storeTime(_ transaction: borrowing WriteTransaction) throws(StoreError) -> StoreTime? {
        try StoreView(transaction.view, databases).storeTime()
    }

    func keyGeneration(_ reader: borrowing Reader) throws(StoreError) -> UInt64 {
        try StoreView(reader.view, databases).keyGeneration()
    }
}
