/// What the thread of checkpoints has done, and how much lies behind the last one.
public struct CheckpointProgress: Sendable {
    /// Checkpoints since the start.
    public let count: UInt64
    /// Microseconds that the last one took.
    public let lastMicroseconds: Int64
    /// Microseconds that the longest one took.
    public let longestMicroseconds: Int64
    /// Bytes of the log that a recovery would read now.
    public let logBytesBehind: UInt64
    /// Bytes that the store's file has grown by since the last one.
    public let grownBytes: Int
    /// Times that the writer waited for one.
    public let waits: UInt64
}
