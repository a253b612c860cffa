/// What bounds the store's log, and what a recovery has to do.
extension Limits {
    /// Bytes of a segment of the log: 8 MiB, a fraction of a second of the fastest writing, made in one.
    public static let logSegmentBytes = 8 << 20

    /// Bytes of a segment that are filled with zeros at once: 1 MiB.
    static let logFillBytes = 1 << 20

    /// Segments that a log has at least: 2, so that there is room for the next group while a checkpoint lets
    /// go of the last one, on a disk that is full too.
    static let logLeastSegments = 2

    /// Segments that are kept as room: 8, 64 MiB. After a peak the others are removed.
    static let logSpareSegments = 8

    /// Milliseconds from a commit to the checkpoint behind it: 1 s, which a recovery makes up for in less.
    static let checkpointInterval: Int64 = 1_000

    /// Bytes of the log behind a checkpoint that ask for the next one: 32 MiB.
    static let checkpointLogBytes: UInt64 = 32 << 20

    /// Bytes by which the store's file has grown since a checkpoint that ask for the next one: 64 MiB.
    /// Pages that were freed since then cannot be used again before it.
    static let checkpointGrowthBytes = 64 << 20

    /// Bytes of the log behind a checkpoint for which the writer waits: 256 MiB.
    static let mostLogBytes: UInt64 = 256 << 20

    /// Bytes by which the store's file may grow between two checkpoints, and one group: 512 MiB.
    static let mostGrowthBytes = 512 << 20

    /// Milliseconds to wait for who has a store's log: 5 s. Who looks at it has it for microseconds, who
    /// recovers for a second or two.
    static let logWait: Int64 = 5_000

    /// Milliseconds to wait for who puts a store right: 2 min. It takes a second or two as a rule.
    static let recoveryWait: Int64 = 120_000

    /// Microseconds between two looks at who has a store's log: 20 ms.
    static let logPause: UInt32 = 20_000

    /// Milliseconds between two reports of a recovery: 1 s.
    static let recoveryReportInterval: Int64 = 1_000
}
