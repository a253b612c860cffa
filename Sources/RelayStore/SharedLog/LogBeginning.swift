/// The first message of a shared log: what store its other messages are applied to.
///
///     identity u64 (2), epoch u64, change sequence u64, sum of documents u64
///     of a log that goes on with another one: that one's identity u64 (2), message u64, chain u64
public struct LogBeginning: Equatable, Sendable {
    /// The log's identity.
    public let identity: LogIdentity
    /// The store's epoch.
    public let epoch: UInt64
    /// Number of the store's newest change.
    public let changeSequence: UInt64
    /// See `ReplicaState.documents`.
    public let documents: UInt64
    /// Which log this one takes the place of; nil when it is the first of its store.
    public let continued: Continued?

    /// Where a log ended that was lost, for the host that had applied most of it.
    public struct Continued: Equatable, Sendable {
        /// The lost log's identity.
        public let identity: LogIdentity
        /// Number of the last message that was applied.
        public let sequence: UInt64
        /// See `ReplicaState.chain`.
        public let chain: UInt64
    }

    /// The message, as a host sends it.
    public func message(of host: HostName, sent: Int64) -> [UInt8] {
        var body: [UInt8] = []
        for word in [identity.high, identity.low, epoch, changeSequence, documents] {
            body.append(word: word)
        }
        if let continued {
            for word in [
                continued.identity.high, continued.identity.low, continued.sequence,
                continued.chain,
            ] { body.append(word: word) }
        }
        return LogMessage(
            .beginning, session: .random, number: 1, sent: sent,
            base: LogMessage.Base(sequence: 0, chain: 0), host: host, count: 0, body: body[...]
        ).bytes
    }

    /// Reads it out of a message; nil when that is none.
    public init?(message: [UInt8]) {
        guard let message = try? LogMessage(message) else { return nil }
        self.init(message)
    }

    /// Reads it out of a message; nil when that is none.
    init?(_ message: LogMessage) {
        // Five words, and four more of one that goes on with another log.
        guard message.kind == .beginning, [40, 72].contains(message.body.count) else { return nil }
        let body = message.body.span.bytes
        identity = LogIdentity(high: body.word(at: 0), low: body.word(at: 8))
        (epoch, changeSequence) = (body.word(at: 16), body.word(at: 24))
        documents = body.word(at: 32)
        continued =
            body.byteCount == 40
            ? nil
            : Continued(
                identity: LogIdentity(high: body.word(at: 40), low: body.word(at: 48)),
                sequence: body.word(at: 56), chain: body.word(at: 64))
    }

    init(
        identity: LogIdentity, epoch: UInt64, changeSequence: UInt64, documents: UInt64,
        continued: Continued? = nil
    ) {
        (self.identity, self.epoch) = (identity, epoch)
        (self.changeSequence, self.documents) = (changeSequence, documents)
        self.continued = continued
    }
}

extension LogBeginning {
    /// Whether a store that has applied another log goes on with this one: that is so when it is equal to the
    /// store which this one was begun with.
    ///
    /// - Returns: why it does not go on; nil when it does.
    func refusal(of applied: ReplicaState) -> ReplicaStop? {
        guard let continued, continued.identity == applied.identity else {
            return .otherLog(found: identity, wanted: applied.identity)
        }
        if continued.sequence > applied.sequence {
            return .leftBehind(applied: applied.sequence, begun: continued.sequence)
        }
        if continued.sequence < applied.sequence {
            return .ahead(applied: applied.sequence, begun: continued.sequence)
        }
        let isEqual = continued.chain == applied.chain && documents == applied.documents
        return isEqual ? nil : .otherPast(sequence: applied.sequence)
    }
}
