import Metrics

/// What a replica's writing through its log is doing.
public struct LogClientFigures: Sendable {
    /// What is sent.
    public struct Publishing: Sendable {
        /// How the engine is doing.
        public internal(set) var condition = LogCondition.up
        /// Why the engine takes no messages; nil while it is up.
        public internal(set) var whyAway: String?
        /// New writes are refused, or will be unless the engine takes messages again soon.
        public internal(set) var refusesWrites = false
        /// Commands that wait to be sent.
        public internal(set) var waiting = 0
        /// Messages that were sent and have not come back.
        public internal(set) var underWay = 0
        /// Messages since the start.
        public internal(set) var sent: UInt64 = 0
        /// Bytes of them.
        public internal(set) var sentBytes: UInt64 = 0
        /// The last message of this host that the engine has kept.
        public internal(set) var proof: Proof?
        /// Times that a message was sent again.
        public internal(set) var resent: UInt64 = 0
        /// Milliseconds that this host's clock is ahead of the engine's, at least; behind it: less than 0.
        public internal(set) var clockDifference: Int64 = 0
    }

    /// A message that the engine has kept, which shows that it was there: the host that has applied as much
    /// knows all that was answered anywhere before it was sent.
    public struct Proof: Sendable {
        /// When it was sent, in milliseconds on the monotonic clock.
        public let sentAt: Int64
        /// Its number.
        public let sequence: UInt64
    }

    /// What is applied.
    public struct Following: Sendable {
        /// Why applying has ended; nil while it goes on.
        public internal(set) var stop: ReplicaStop?
        /// Why the log cannot be read now; nil when it can.
        public internal(set) var trouble: String?
        /// Number of the last message in the log that this host knows of.
        public internal(set) var last: UInt64 = 0
        /// Messages that came twice, or of a session that was over.
        public internal(set) var skipped: UInt64 = 0
        /// Hosts whose stores differ from this one.
        public internal(set) var differing: [String] = []
        /// Milliseconds for which there has been a message that was not applied; from the start until the log
        /// was reached for the first time, far more than any limit.
        public internal(set) var behind: Int64 = 0
        /// Milliseconds since the log was heard of last.
        public internal(set) var silence: Int64 = 0
    }

    /// What is sent.
    public let publishing: Publishing
    /// What is applied.
    public let following: Following
    /// Up to where the log is applied.
    public let state: ReplicaState?
    /// Microseconds from sending to the engine's answer, in steps of a millisecond.
    public let answerTime: HistogramValues

    /// Messages that the store is behind the log, as far as this host knows.
    public var lag: UInt64 {
        guard let state else { return following.last }
        return following.last > state.sequence ? following.last - state.sequence : 0
    }
}
