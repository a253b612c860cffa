/// A log of messages that several hosts share: an engine of its own keeps them, on more than one machine, in
/// one order. What is in a message is nothing to it.
///
/// The functions that throw may wait for the engine, and are called on one thread at a time. `append` and
/// `close` may be called on any thread, and never wait.
public protocol SharedLog: AnyObject, Sendable {
    /// Where it is, for people.
    var place: String { get }

    /// Hands a message to the engine, which keeps messages of one id only once within a few minutes.
    ///
    /// - Parameter outcome: called once, on any thread, perhaps before `append` returns.
    func append(
        _ message: [UInt8], id: String, _ outcome: @escaping @Sendable (AppendOutcome) -> Void)

    /// The messages behind a sequence number, in order and without a gap: what is there now, at least one;
    /// or none when none came within the time.
    func read(
        after sequence: UInt64, waitMilliseconds: Int64
    ) throws(SharedLogError) -> [SharedLogEntry]

    /// One message; nil when the log has none of that number, any more or yet.
    func entry(at sequence: UInt64) throws(SharedLogError) -> SharedLogEntry?

    /// What the engine says of the log now.
    func state() throws(SharedLogError) -> SharedLogState

    /// Tells something to all hosts that listen now, beside the log: it is kept nowhere, and may be lost.
    /// May wait for the engine; called on a thread of its own, as is `announcements`.
    func announce(_ message: [UInt8])

    /// What hosts have announced since this was asked last, this host too: from the first time on.
    func announcements() -> [[UInt8]]

    /// Ends all that waits, and lets go of the engine.
    func close()
}

/// A message in a shared log.
public struct SharedLogEntry: Equatable, Sendable {
    /// Its number; the first one has 1.
    public let sequence: UInt64
    /// When the engine took it, in milliseconds since 1970.
    public let time: Int64
    /// The message.
    public let message: [UInt8]

    /// A message that was read.
    public init(sequence: UInt64, time: Int64, message: [UInt8]) {
        (self.sequence, self.time, self.message) = (sequence, time, message)
    }
}

/// What became of a message that was handed to a shared log.
public enum AppendOutcome: Equatable, Sendable {
    /// It is durable on a majority of the engine's machines, under this number.
    case kept(at: UInt64)
    /// It is certainly not in the log.
    case refused(why: String)
    /// The engine is there and says that it does not take it: its storage is full, the log has all that it may
    /// have, or this host may not write. No such answer rules out for certain that it is in the log.
    case declined(why: String)
    /// It may be in the log, or come into it later.
    case unknown(why: String)
}

/// What an engine says of a shared log.
public struct SharedLogState: Equatable, Sendable {
    /// Which log it is: drawn when the log was made.
    public let identity: LogIdentity
    /// Number of the oldest message that is there.
    public let first: UInt64
    /// Number of the newest one; `first - 1` when there is none.
    public let last: UInt64
    /// Bytes of its messages.
    public let bytes: UInt64
    /// The engine's machine that leads now, if it has a name.
    public let leader: String?

    /// What was learned.
    public init(
        identity: LogIdentity, first: UInt64, last: UInt64, bytes: UInt64, leader: String?
    ) {
        self.identity = identity
        (self.first, self.last, self.bytes) = (first, last, bytes)
        self.leader = leader
    }
}
