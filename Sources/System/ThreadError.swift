import Glibc

/// There is no room for another thread.
public struct ThreadError: Error, Equatable, CustomStringConvertible {
    /// What pthread_create returned.
    public let errno: Int32

    /// What happened.
    public var description: String {
        "cannot start a thread: \(String(cString: strerror(errno)))"
    }
}
