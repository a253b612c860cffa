import LMDB

/// Reads a store: one for each event loop or tool, on one thread at a time.
///
/// At the start of a turn `renewIfStale`, before a long sleep `rest`: a reader that sees an old
/// commit keeps its pages from being reused, and the file grows with every write.
public struct StoreReader: ~Copyable {
    private let core: StoreCore
    private var reader: Reader
    private let hints = HintTable()
    /// Changes whenever an API key is made or revoked: what was authenticated under another
    /// generation must be authenticated again.
    public private(set) var keyGeneration: UInt64

    init(_ core: StoreCore) throws(StoreError) {
        let reader = try lifting { () throws(LMDBError) in try Reader(core.environment) }
        let generation = try core.keyGeneration(reader)
        self.core = core
        self.reader = reader
        keyGeneration = generation
    }

    /// The store as of the commit that this reader sees. Valid until it is renewed or rests.
    public var view: StoreView {
        @_lifetime(borrow self) borrowing get { StoreView(reader.view, core.databases) }
    }

    /// Number of the commit that this reader sees; 0 while it rests.
    public var transactionID: UInt64 { reader.transactionID }

    /// How many commits there have been since the one that this reader sees.
    public var lag: UInt64 { reader.lag }

    /// Moves on to the newest commit, of any process, if there is one. Costs two loads if not.
    @discardableResult
    public mutating func renewIfStale() throws(StoreError) -> Bool {
        guard reader.isStale else { return false }
        do throws(LMDBError) {
            try reader.renew()
        } catch {
            throw StoreError(error)
        }
        keyGeneration = try view.keyGeneration()
        return true
    }

    /// Lets go of the commit until the next `renewIfStale`, so that its pages can be reused.
    public mutating func rest() { reader.reset() }

    /// A document, if there is one under this key. Remembers where it lies for `prefetch`.
    @_lifetime(borrow self)
    public borrowing func document(_ key: DocumentKey) throws(StoreError) -> DocumentView? {
        guard let document = try view.document(key) else { return nil }
        hints.remember(key, document.json, base: core.mapBase)
        return document
    }

    /// Starts to fetch the memory where a document was last seen. A wrong guess costs time only.
    public borrowing func prefetch(_ key: DocumentKey) {
        hints.prefetch(key, base: core.mapBase)
    }
}
