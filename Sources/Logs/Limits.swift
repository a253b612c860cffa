/// Limits of logs, with their units and reasons.
enum Limits {
    /// Bytes of lines that wait to be written: 1 MiB, some seconds of an access log of everything. What
    /// comes while they wait is lost, and counted.
    static let queuedBytes = 1 << 20

    /// Milliseconds that the end of a program waits for its last lines to be written.
    static let finishMilliseconds: Int64 = 1_000

    /// Milliseconds until a descriptor that takes nothing now is looked at again.
    static let pauseMilliseconds: Int32 = 100
}
