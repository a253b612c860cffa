import Metrics

/// What a log is doing.
public struct LogFigures: Sendable {
    /// Bytes that were appended since the start.
    public let appendedBytes: UInt64
    /// Bytes of its files.
    public let fileBytes: Int
    /// Microseconds that the disk took to keep a group.
    public let syncTime: HistogramValues
    /// What the thread of checkpoints is doing.
    public let checkpoints: CheckpointProgress
}
