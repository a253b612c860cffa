/// What bounds a start.
enum Limits {
    /// Milliseconds that a start which needs the log waits for its engine: a minute, in which one elects a
    /// leader many times over. Whoever supervises relayd starts it again.
    static let engineWait: Int64 = 60_000

    /// Microseconds between two questions to an engine that cannot be reached: 500 ms.
    static let enginePause: UInt32 = 500_000

    /// Microseconds that a service manager is asked to wait for the next step of a restoration: a minute, for
    /// a step of some megabytes on a slow disk.
    static let stepMicroseconds = 60_000_000
}
