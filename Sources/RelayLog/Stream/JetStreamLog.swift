import RelayStore
import Synchronization

/// A log that is a stream of NATS JetStream: three servers or more keep it, on the disks of a majority before
/// they acknowledge a message.
///
/// Only the plainest of JetStream is used, over libnats' core calls: publishing with an id, stream info, a
/// reader without acknowledgements, direct get.
public final class JetStreamLog: SharedLog {
    /// Where it is, for people.
    public let place: String
    private let publisher: Publisher
    private let reader: Mutex<StreamReader>
    private let questions: Mutex<Questions>
    private let beside: Mutex<Announcements>

    /// Connects to a log; what is not there yet is waited for by those who read or ask.
    ///
    /// - Parameter host: this host's name in the log, a part of the subject that it alone may write to.
    /// - Throws: unfit, when libnats, the name or the credentials will not do.
    public init(
        _ url: JetStreamURL, host: String, credentials: LogCredentials? = nil
    ) throws(SharedLogError) {
        guard HostName(host) != nil else {
            throw .unfit(
                why: "a host's name in a log may have letters, digits, - and _, "
                    + "\(RelayStore.Limits.hostNameBytes) at most, and '\(host)' is none")
        }
        place = "\(url)"
        publisher = try Publisher(url, host: host, credentials: credentials)
        reader = Mutex(StreamReader(publisher, log: url.name, host: host))
        questions = Mutex(Questions(publisher, log: url.name, token: "q"))
        beside = Mutex(Announcements(publisher, log: url.name, host: host))
    }

    deinit { close() }

    /// Never waits; the outcome is told on a thread of libnats' or of the log's.
    public func append(
        _ message: [UInt8], id: String, _ outcome: @escaping @Sendable (AppendOutcome) -> Void
    ) {
        publisher.append(message, id: id, outcome)
    }

    /// Throws `unreachable` when the engine gives no messages for as long, `anew` once when the log has become
    /// another one, and `unfit` also when it lacks what is to be read next for `Limits.doubtMilliseconds`.
    public func read(
        after sequence: UInt64, waitMilliseconds: Int64
    ) throws(SharedLogError) -> [SharedLogEntry] {
        try reader.withLock { reader throws(SharedLogError) in
            try reader.read(after: sequence, waitMilliseconds: waitMilliseconds)
        }
    }

    /// From any server that has the message.
    public func entry(at sequence: UInt64) throws(SharedLogError) -> SharedLogEntry? {
        try questions.withLock { questions throws(SharedLogError) in
            try questions.entry(at: sequence)
        }
    }

    /// As the engine says: a leader that was paused tells an old state until it hears of the one that has taken
    /// its place.
    public func state() throws(SharedLogError) -> SharedLogState {
        let stream = try questions.withLock { questions throws(SharedLogError) in
            let stream = try questions.describe()
            try questions.checkPayload()
            return stream
        }
        return try SharedLogState(stream)
    }

    /// To the engine's server that this host is connected to, and from there to all; nothing while it is not.
    public func announce(_ message: [UInt8]) { beside.withLock { $0.send(message) } }

    /// What came since the connection was made, or since the last time.
    public func announcements() -> [[UInt8]] { beside.withLock { $0.take() } }

    /// Readers that were made at the engine so far: one, and one for each fault.
    public var readersMade: Int { reader.withLock { $0.readersMade } }

    /// Waits for the log's threads, which wait for a write at most. May be called again.
    public func close() { publisher.close() }

    /// Makes a log at the engine, with credentials that may.
    ///
    /// - Parameter replicas: servers that keep it. Fewer than three lose acknowledged messages with a server.
    /// - Throws: unfit, when there is a stream of that name, or the engine refuses.
    public static func create(
        _ url: JetStreamURL, credentials: LogCredentials? = nil, identity: LogIdentity,
        replicas: Int? = nil
    ) throws(SharedLogError) {
        let replicas = replicas ?? Limits.replicas
        guard (1...Limits.mostReplicas).contains(replicas) else {
            throw .unfit(
                why: "a log is kept by 1 to \(Limits.mostReplicas) servers, not by \(replicas)")
        }
        let publisher = try Publisher(
            url, host: HostName.relayctl.text, credentials: credentials)
        defer { publisher.close() }
        var questions = Questions(publisher, log: url.name, token: "q")
        do throws(SharedLogError) {
            _ = try questions.describe()
        } catch .missing {
            try questions.checkPayload()
            let made = try questions.makeStream(identity: identity, replicas: replicas)
            return try made.checkFitness()
        }
        throw .unfit(why: "there is a stream \(url.name) already")
    }
}

extension SharedLogState {
    fileprivate init(_ stream: StreamDescription) throws(SharedLogError) {
        try stream.checkFitness()
        guard let identity = stream.identity else { preconditionFailure("a fit log has one") }
        self.init(
            identity: identity, first: stream.first, last: stream.last, bytes: stream.bytes,
            leader: stream.leader)
    }
}
