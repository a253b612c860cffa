import System

/// What a follower of a shared log knows.
struct FollowerState {
    var figures = LogClientFigures.Following()
    /// Up to where the log is applied and durable.
    var applied: ReplicaState?
    var others = OtherStores()
    /// What was read and is not applied yet.
    var messagesAhead = 0
    var bytesAhead = 0
    /// A message could not be applied: what was read behind it cannot either.
    var hasFailed = false
    /// Nothing was applied since.
    var isStanding = false
    /// Since when there is a message that is not applied; nil when there is none.
    var behindSince: Int64? = .min
    var heardAt = SystemClock.monotonic.milliseconds
    var isStopped = false
    /// Other hosts have had the time to say what they have applied.
    var isIntroduced = false
    /// The log may end before what another host has applied.
    var mustLookAgain = false

    /// The log has a message of this number, or was silent.
    mutating func heardOf(_ sequence: UInt64, at now: Int64) {
        heardAt = now
        know(of: sequence, at: now)
        compareWithLast()
    }

    /// The log has a message of this number, though it may not be the log that was read from.
    mutating func know(of sequence: UInt64, at now: Int64) {
        figures.last = max(figures.last, sequence)
        if behindSince == nil, figures.last > applied?.sequence ?? 0 { behindSince = now }
    }

    /// It is not behind when the last message is applied. One that was not ready becomes so then.
    mutating func compareWithLast() {
        if figures.last > 0, applied?.sequence ?? 0 >= figures.last { behindSince = nil }
    }

    /// Another log takes the place of the one before: its numbers begin anew.
    mutating func beginAnew() {
        figures.last = 0
        behindSince = behindSince ?? SystemClock.monotonic.milliseconds
    }

    /// A message was applied, or not.
    mutating func ended(_ byteCount: Int) {
        messagesAhead -= 1
        bytesAhead -= byteCount
    }
}
