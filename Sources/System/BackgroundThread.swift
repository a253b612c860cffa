import Glibc

/// A thread of its own for long work that gives way to what serves: it has a lower priority
/// (`Limits.niceness`). Ends with its body.
public final class BackgroundThread: Sendable {
    private let thread: SystemThread

    /// Starts the thread.
    public init(_ body: @escaping @Sendable () -> Void) throws(ThreadError) {
        thread = try SystemThread {
            BackgroundThread.giveWay()
            body()
        }
    }

    deinit { join() }

    /// Waits for the end of the body.
    public func join() { thread.join() }

    /// Lowers the priority of the calling thread alone: on Linux a nice value belongs to a thread.
    public static func giveWay() {
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Limits.niceness)
    }
}
