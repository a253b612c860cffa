/// The first message of a shared log: what store its other messages are applied to.
///
///     identity u64 (2), epoch u64, change sequence u64, sum of documents u64
public struct LogBeginning: Equatable, Sendable {
    /// The log's identity.
    public let identity: LogIdentity
    /// The store's epoch.
    public let epoch: UInt64
    /// Number of the store's newest change.
    public let changeSequence: UInt64
    /// See `ReplicaState.documents`.
    public let documents: UInt64

    /// The message, as a host sends it.
    public func message(of host: HostName, sent: Int64) -> [UInt8] {
        var body: [UInt8] = []
        for word in [identity.high, identity.low, epoch, changeSequence, documents] {
            body.append(word: word)
        }
        return LogMessage(
            .beginning, session: .random, number: 1, sent: sent,
            base: LogMessage.Base(sequence: 0, chain: 0), host: host, count: 0, body: body
        ).bytes
    }

    /// Reads it out of a message; nil when that is none.
    public init?(message: [UInt8]) {
        guard let message = try? LogMessage(message), message.kind == .beginning,
            message.body.count == 40
        else { return nil }
        let body = message.body.span.bytes
        identity = LogIdentity(high: body.word(at: 0), low: body.word(at: 8))
        (epoch, changeSequence) = (body.word(at: 16), body.word(at: 24))
        documents = body.word(at: 32)
    }

    init(identity: LogIdentity, epoch: UInt64, changeSequence: UInt64, documents: UInt64) {
        (self.identity, self.epoch) = (identity, epoch)
        (self.changeSequence, self.documents) = (changeSequence, documents)
    }
}

extension Store {
    /// What a log would begin with whose first replica this store is; looks at every document.
    public func beginning(of identity: LogIdentity) throws(StoreError) -> LogBeginning {
        let reader = try makeReader()
        let view = reader.view
        return LogBeginning(
            identity: identity, epoch: try view.metadata().epoch,
            changeSequence: try view.lastSequence(), documents: try view.sumOfDocuments())
    }

    /// Makes the store a replica: it has applied the first message of a log, and nothing else is written to it
    /// from here on but what comes after that.
    ///
    /// - Parameter entry: the first message, as the log has it.
    public func becomeReplica(_ entry: SharedLogEntry) throws(StoreError) {
        guard let found = LogBeginning(message: entry.message), entry.sequence == 1,
            try beginning(of: found.identity) == found
        else { throw .replica(.otherBeginning) }
        try write { (transaction) throws(StoreError) in
            try transaction.joinLog(
                ReplicaState(
                    identity: found.identity, level: UInt32(Limits.logLevel),
                    sequence: entry.sequence, messageSum: ReplicaState.sum(entry.message),
                    time: entry.time, chain: found.identity.low, documents: found.documents))
        }
    }

    /// Up to where the store has applied the log that it shares; nil when it shares none.
    public func replicaState() throws(StoreError) -> ReplicaState? { try core.replicaState() }
}

extension StoreView {
    /// The sum of all documents' checksums, modulo 2^64.
    public func sumOfDocuments() throws(StoreError) -> UInt64 {
        var sum: UInt64 = 0
        try forEachDocument { (document) throws(StoreError) in
            sum &+= document.checksum
            return true
        }
        return sum
    }
}
