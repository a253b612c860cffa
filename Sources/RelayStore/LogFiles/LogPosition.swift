import LMDB

/// Up to where a store has applied its log: kept in the transaction that applies.
struct LogPosition: Equatable, Sendable {
    let identity: LogIdentity
    /// Where the next record begins, in bytes from the log's beginning.
    var offset: UInt64
    /// Number of the last record; the first one has 1.
    var sequence: UInt64
    /// What the next record's chain begins from.
    var chain: UInt64
    /// Whether the log may have more than the store. If not, the store is whole without it.
    var isAttached: Bool

    /// The beginning of a log.
    init(beginning identity: LogIdentity) {
        self.identity = identity
        (offset, sequence, chain) = (0, 0, identity.high)
        isAttached = true
    }

    init(
        identity: LogIdentity, offset: UInt64, sequence: UInt64, chain: UInt64, isAttached: Bool
    ) {
        self.identity = identity
        (self.offset, self.sequence, self.chain) = (offset, sequence, chain)
        self.isAttached = isAttached
    }

    // MARK: On the disk

    static let key: [UInt8] = Array("log".utf8)

    /// identity u64 (2), offset u64, sequence u64, chain u64, attached u64.
    var record: InlineArray<6, UInt64> {
        [identity.high, identity.low, offset, sequence, chain, isAttached ? 1 : 0]
    }

    init(_ record: RawSpan) throws(StoreError) {
        guard record.byteCount == 48, record.word(at: 40) <= 1 else {
            throw .corrupted(what: "the position in the store's log")
        }
        identity = LogIdentity(high: record.word(at: 0), low: record.word(at: 8))
        (offset, sequence) = (record.word(at: 16), record.word(at: 24))
        chain = record.word(at: 32)
        isAttached = record.word(at: 40) == 1
    }
}

extension StoreView {
    /// Up to where the store has applied its log; nil when it never had one.
    func logPosition() throws(StoreError) -> LogPosition? {
        let key = LogPosition.key
        guard let record = try value(key.span.bytes, in: databases.meta) else { return nil }
        return try LogPosition(record)
    }
}

extension StoreCore {
    /// Up to where the newest commit has applied the log.
    func logPosition() throws(StoreError) -> LogPosition? {
        try withNewest { (view) throws(StoreError) in try view.logPosition() }
    }

    /// The store has no log from here on.
    func forgetLog() throws(StoreError) {
        guard try logPosition() != nil else { return }
        var transaction = try StoreTransaction(self, evenIfLogged: true)
        try transaction.forgetLog()
        try transaction.commit()
    }
}

extension StoreTransaction {
    /// Keeps the position with what was applied up to it.
    mutating func keep(_ position: LogPosition) throws(StoreError) {
        let (key, record) = (LogPosition.key, position.record)
        try put(record.span.bytes, at: key.span.bytes, in: databases.meta)
    }

    /// The store has no log from here on.
    mutating func forgetLog() throws(StoreError) {
        let key = LogPosition.key
        try delete(key.span.bytes, in: databases.meta)
    }
}
