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
