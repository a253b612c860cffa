import Glibc

/// There is no room for another thread.
public struct ThreadError: Error, Equatable, CustomStringConvertible {
    /// What pthread_create returned.
    public let errno: Int32

    /// What happened, and what to do.
    public var description: String {
        "cannot start a thread: \(String(cString: strerror(errno))): allow more threads (ulimit -u, TasksMax= of "
            + "a unit, pids.max of a cgroup), or more memory (ulimit -v)"
    }
}
