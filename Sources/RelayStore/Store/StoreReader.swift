import LMDB

/// Reads a store: one for each event loop or tool, on one thread at a time.
///
/// At the start of a turn `renewIfStale`, before a long sleep `rest`: a reader that sees an old
/// commit keeps its pages from being reused, and the file grows with every write.
public struct StoreReader: ~Copyable {
    private let core: StoreCore
    private var reader: Reader
    private let hints: HintTable
    private let lastList = RememberedList()
    let intactChunks = IntactChunks()
    private let sampling = DamageSampling()
    /// Exact whenever `hints` are.
    private(set) var areas: MovedAreas
    /// How far this reader knows what was moved.
    private var place: MovedDocuments.Place
    /// The commit for which all hints are exact, `inexact` if there is none.
    private var exactFor: UInt64
    /// Never the number of a commit, nor 0, which is that of a reader that rests.
    private static let inexact = UInt64.max
    /// Changes whenever an API key is made or revoked: what was authenticated under another
    /// generation must be authenticated again.
    public private(set) var keyGeneration: UInt64

    init(_ core: StoreCore) throws(StoreError) {
        let reader = try lifting { () throws(LMDBError) in try Reader(core.environment) }
        let generation = try core.keyGeneration(reader)
        self.core = core
        exactFor = reader.transactionID
        place = core.moved.place(at: reader.transactionID)
        hints = HintTable(mapBase: core.mapBase)
        areas = MovedAreas(from: reader.transactionID)
        self.reader = reader
        keyGeneration = generation
    }

    /// What is known to be damaged.
    var damage: DamagedDocuments { core.damage }

    /// The store as of the commit that this reader sees. Valid until it is renewed or rests.
    public var view: StoreView {
        @_lifetime(borrow self) borrowing get { StoreView(reader.view, core.databases) }
    }

    /// Number of the commit that this reader sees; 0 while it rests.
    public var transactionID: UInt64 { reader.transactionID }

    /// Milliseconds on a clock that nobody sets.
    var now: Int64 { core.clock.elapsed() }

    /// How many commits there have been since the one that this reader sees.
    public var lag: UInt64 { reader.lag }

    /// Moves on to the newest commit, of any process, if there is one. Costs two loads if not.
    @discardableResult
    public mutating func renewIfStale() throws(StoreError) -> Bool {
        guard reader.isStale else {
            if exactFor != reader.transactionID { followMoves(isSecondTry: true) }
            return false
        }
        lastList.forget()
        do throws(LMDBError) {
            try reader.renew()
        } catch {
            throw StoreError(error)
        }
        keyGeneration = try view.keyGeneration()
        followMoves(isSecondTry: false)
        return true
    }

    /// Lets go of the commit until the next `renewIfStale`, so that its pages can be reused.
    public mutating func rest() {
        lastList.forget()
        reader.reset()
    }

    /// Whether every document that was moved up to the commit that this reader sees is known.
    var knowsMoves: Bool { exactFor == reader.transactionID }

    /// Forgets the hints of documents that were moved since this reader last looked.
    private mutating func followMoves(isSecondTry: Bool) {
        let transaction = reader.transactionID
        // The same commit again, after a rest: nothing has moved since.
        if place.transaction == transaction {
            exactFor = transaction
            return
        }
        var place = place
        defer { self.place = place }
        // Between its commit and its publication a commit of this process is behind for a
        // moment; one that still is on the next turn was another process's.
        let pursuit = core.moved.follow(to: transaction, from: &place) {
            hints.forget($0)
            areas.note($0, transaction)
        }
        switch pursuit {
        case .caughtUp: exactFor = transaction
        case .behind where !isSecondTry: exactFor = Self.inexact
        case .behind, .lost:
            hints.forgetAll()
            areas.forget(before: transaction)
            place = core.moved.place(at: transaction)
            exactFor = transaction
        }
    }

    /// Looks a list up, and the counter of the records that it holds.
    @_lifetime(borrow self)
    public borrowing func versionedList(
        _ key: ListKey, of resource: UInt8
    ) throws(StoreError) -> VersionedList {
        let view = view
        return try lastList.list(key, of: resource, in: view)
    }

    /// A document, if there is one under this key.
    @_lifetime(borrow self)
    public borrowing func document(_ key: DocumentKey) throws(StoreError) -> DocumentView? {
        if exactFor == reader.transactionID, let start = hints.block(of: key.rawValue) {
            // SAFETY: every commit since this hint was taken is known not to have moved the block,
            // and the reader keeps its pages as they are. Renewing it is exclusive access to self.
            let block = try unsafe _overrideLifetime(
                DocumentBlock(trusting: start), borrowing: self)
            let index = block.position(of: key.rawValue)
            if index < block.count, block.key(at: index) == key.rawValue {
                let document = try block.document(at: index)
                if let damage = damageToLookFor() { try damage.require(document) }
                return document
            }
            // Another document with the same place in the table.
        }
        return try documentByWalk(key)
    }

    @_lifetime(borrow self)
    private borrowing func documentByWalk(
        _ key: DocumentKey
    ) throws(StoreError) -> DocumentView? {
        guard let block = try view.block(holding: key) else { return nil }
        let index = block.position(of: key.rawValue)
        guard index < block.count, block.key(at: index) == key.rawValue else { return nil }
        let document = try block.document(at: index)
        if let damage = damageToLookFor() { try damage.require(document) }
        hints.remember(key.rawValue, document.json, block: block.bytes)
        return document
    }

    /// A document that is what was written, if there is one under this key. For whoever copies or parses
    /// it, which costs more than its checksum.
    @_lifetime(borrow self)
    public borrowing func intactDocument(
        _ key: DocumentKey
    ) throws(StoreError) -> DocumentView? {
        guard let document = try document(key) else { return nil }
        try core.damage.require(document)
        return document
    }

    /// Where damage is noted, if what was found is to be compared with its checksum: when the caller wants
    /// it, now and then, and always once something was found damaged, for then others may be.
    @inline(__always)
    borrowing func damageToLookFor(
        always: Bool = false, sampling bits: UInt64 = Limits.sampleBits
    ) -> DamagedDocuments? {
        always || sampling.isDue(bits) || !core.damage.isEmpty ? core.damage : nil
    }

    /// Starts to fetch what `prefetch` looks at.
    public borrowing func foresee(_ key: DocumentKey) { hints.foresee(key.rawValue) }

    /// Starts to fetch the memory where a document was last seen. A wrong guess costs time only.
    public borrowing func prefetch(_ key: DocumentKey) { hints.prefetch(key.rawValue) }
}
