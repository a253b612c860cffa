import CXXHash
import LMDB

/// Up to where a store has applied the log that it shares with others: kept in the transaction that applies.
public struct ReplicaState: Equatable, Sendable {
    /// Which log.
    public let identity: LogIdentity
    /// The level of what was applied: see `Limits.logLevel`.
    public internal(set) var level: UInt32
    /// Number of the last message.
    public internal(set) var sequence: UInt64
    /// XXH3 of that message, which tells whether the log is still the one that was read.
    public internal(set) var messageSum: UInt64
    /// The log's time, in milliseconds since 1970: that of the last message, never earlier than the one before.
    public internal(set) var time: Int64
    /// A digest of all messages so far, of what each command came to, and of `documents` behind each message:
    /// stores that were always equal have equal chains.
    public internal(set) var chain: UInt64
    /// The sum of all documents' checksums, modulo 2^64: equal stores have equal sums.
    public internal(set) var documents: UInt64

    init(
        identity: LogIdentity, level: UInt32, sequence: UInt64, messageSum: UInt64, time: Int64,
        chain: UInt64, documents: UInt64
    ) {
        (self.identity, self.level, self.sequence) = (identity, level, sequence)
        (self.messageSum, self.time, self.chain) = (messageSum, time, chain)
        self.documents = documents
    }

    /// The time at which a message happens: the engine's, which is the same everywhere, unless the sender's
    /// clock is far behind that; and never before what was applied. A clock may say anything.
    func time(of message: LogMessage, at engine: Int64) -> Int64 {
        max(time, min(engine, max(message.sent, message.sent &+ Limits.clockAhead)))
    }

    /// XXH3 of a message.
    static func sum(_ message: [UInt8]) -> UInt64 {
        // SAFETY: the array's own bytes, during the call.
        message.withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) }
    }

    /// Goes on to the next message.
    ///
    /// - Parameter outcomes: of each of its commands, what it came to and the newest change behind it.
    mutating func advance(to sequence: UInt64, messageSum: UInt64, time: Int64, outcomes: [UInt64])
    {
        let words = [sequence, messageSum, documents] + outcomes
        // SAFETY: the array's own bytes, during the call.
        chain = words.withUnsafeBytes {
            XXH3_64bits_withSeed($0.baseAddress, $0.count, chain)
        }
        (self.sequence, self.messageSum, self.time) = (sequence, messageSum, time)
    }

    /// The state behind the first message of a log that goes on where this one ended. Stores that were equal
    /// are so behind it.
    func continued(by beginning: LogBeginning, messageSum: UInt64, time: Int64) -> ReplicaState {
        var state = ReplicaState(
            identity: beginning.identity, level: level, sequence: 0, messageSum: 0,
            time: self.time, chain: chain, documents: documents)
        let identity = [beginning.identity.high, beginning.identity.low]
        state.advance(
            to: 1, messageSum: messageSum, time: max(self.time, time), outcomes: identity)
        return state
    }

    // MARK: On the disk

    static let key: [UInt8] = Array("replica".utf8)

    /// identity u64 (2), level u64, sequence u64, message's sum u64, time i64, chain u64, documents u64.
    var record: InlineArray<8, UInt64> {
        [
            identity.high, identity.low, UInt64(level), sequence, messageSum,
            UInt64(bitPattern: time), chain, documents,
        ]
    }

    init(_ record: RawSpan) throws(StoreError) {
        guard record.byteCount == 64, record.word(at: 16) <= UInt64(UInt32.max) else {
            throw .corrupted(what: "the position in the shared log")
        }
        identity = LogIdentity(high: record.word(at: 0), low: record.word(at: 8))
        level = UInt32(record.word(at: 16))
        (sequence, messageSum) = (record.word(at: 24), record.word(at: 32))
        time = Int64(bitPattern: record.word(at: 40))
        (chain, documents) = (record.word(at: 48), record.word(at: 56))
    }
}

extension StoreView {
    /// Up to where the store has applied the log that it shares; nil when it shares none.
    public func replicaState() throws(StoreError) -> ReplicaState? {
        let key = ReplicaState.key
        guard let record = try value(key.span.bytes, in: databases.meta) else { return nil }
        return try ReplicaState(record)
    }
}

extension StoreCore {
    /// Up to where the newest commit has applied the log that the store shares.
    func replicaState() throws(StoreError) -> ReplicaState? {
        try withNewest { (view) throws(StoreError) in try view.replicaState() }
    }

    /// See `StoreView.hostsOfDay`, of the newest commit.
    func hostsOfDay() throws(StoreError) -> [(host: HostName, time: Int64)] {
        try withNewest { (view) throws(StoreError) in try view.hostsOfDay() }
    }
}

extension StoreTransaction {
    /// The state, from which the store's own goes on in this transaction.
    mutating func requireReplica() throws(StoreError) -> ReplicaState {
        if let replica { return replica }
        guard let state = try view.replicaState() else { throw .replica(.notAReplica) }
        replica = state
        return state
    }

    /// Whether the store shares a log.
    var isReplica: Bool {
        get throws(StoreError) {
            if replica != nil { return true }
            return try view.replicaState() != nil
        }
    }

    /// Goes on to a state.
    mutating func keep(replica state: ReplicaState) {
        (replica, isReplicaChanged) = (state, true)
    }

    /// Writes the state, if messages were applied.
    mutating func keepReplica() throws(StoreError) {
        guard isReplicaChanged, let replica else { return }
        let (key, record) = (ReplicaState.key, replica.record)
        try put(record.span.bytes, at: key.span.bytes, in: databases.meta)
    }

    /// Makes the store a replica from here on, which older programs refuse.
    mutating func joinLog(_ state: ReplicaState) throws(StoreError) {
        guard try hasNewestFormat() else {
            throw .incompatible(version: try view.formatVersion())
        }
        try setFormat(Limits.replicaFormat)
        (replica, isReplicaChanged) = (state, true)
    }

    /// The store is no replica from here on.
    mutating func leaveLog() throws(StoreError) {
        let key = ReplicaState.key
        guard try delete(key.span.bytes, in: databases.meta) else { return }
        for (id, _) in try view.sessions() {
            let key = ReplicaSession.key(id)
            try delete(key.span.bytes, in: databases.meta)
        }
        try setFormat(Limits.formatVersion)
        (replica, isReplicaChanged) = (nil, false)
    }

    /// A document takes the place of another one.
    @inline(__always)
    mutating func sumUp(_ new: UInt64?, replacing old: UInt64?) {
        guard replica != nil else { return }
        replica!.documents = replica!.documents &+ (new ?? 0) &- (old ?? 0)
    }
}
