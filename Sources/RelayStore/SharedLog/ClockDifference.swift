/// How far a host's clock is from that of the engine of its log, as the messages of the host show.
struct ClockDifference {
    /// Milliseconds, at least: more than 0 when the host's clock is ahead, less when it is behind.
    private(set) var milliseconds: Int64 = 0
    private var isTold = false

    /// Compares with a message of the host that was read back. What it took to come back is not counted: a
    /// clock that is right is never taken for a wrong one.
    ///
    /// - Parameters:
    ///   - sent: when the host sent it, by its clock.
    ///   - engine: when the engine took it.
    ///   - now: the host's clock.
    /// - Returns: what is to be told, when it has just become far from the engine's, or near it again.
    mutating func compare(sent: Int64, engine: Int64, now: Int64) -> String? {
        milliseconds = sent > engine ? sent - engine : min(0, now - engine)
        let isFar = milliseconds.magnitude > Limits.clockAhead.magnitude
        guard isFar != isTold else { return nil }
        isTold = isFar
        guard isFar else { return "this host's clock is near that of the log's engine again" }
        let word = milliseconds > 0 ? "ahead of" : "behind"
        return "this host's clock is \(milliseconds.magnitude / 1_000) s \(word) that of the log's "
            + "engine: records have the time of the log, but set the clock right"
    }

    /// Whether it is far from the engine's.
    var isFar: Bool { isTold }
}
