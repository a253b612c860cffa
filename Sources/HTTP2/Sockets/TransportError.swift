import Glibc
import System

/// What can go wrong between this process and its sockets.
public enum TransportError: Error, Equatable, Sendable {
    /// A system call failed.
    case system(String, errno: Int32)
    /// A system call failed on a file.
    case file(FileError)
    /// There is no room for a thread that serves.
    case noThread(ThreadError)
    /// A descriptor that was passed to this process is not what can be served, and why.
    case badDescriptor(Int32, String)
    /// A socket path does not fit `sockaddr_un`.
    case pathTooLong(String, bytes: Int)
    /// Another process serves this path or address.
    case socketInUse(String)
    /// Something that is no socket stands where the socket should be.
    case notASocket(String)
    /// An address that is not of this host, or cannot be read.
    case badAddress(String)
    /// The peer closed the connection, or broke the protocol.
    case connectionClosed(String)
    /// No answer came in time.
    case timedOut(String)
}

extension TransportError: CustomStringConvertible {
    /// What happened and what to do about it.
    public var description: String {
        switch self {
        case .system(let call, let code):
            "\(call) failed: \(String(cString: strerror(code)))"
        case .file(let error): "\(error)"
        case .noThread(let error): "\(error)"
        case .badDescriptor(let descriptor, let why):
            "descriptor \(descriptor) cannot be served: \(why)"
        case .pathTooLong(let path, let bytes):
            "the socket path \(path) has \(bytes) bytes; Linux allows "
                + "\(Limits.maxSocketPathBytes): choose a shorter directory"
        case .socketInUse(let endpoint):
            "another process serves \(endpoint): stop it, or choose another place"
        case .notASocket(let path):
            "\(path) exists and is no socket: move it away, or choose another place"
        case .badAddress(let text):
            "\(text) is no loopback address with a port, such as 127.0.0.1:8080 or "
                + "[::1]:8080"
        case .connectionClosed(let why): "the connection was closed: \(why)"
        case .timedOut(let what): "\(what) took too long"
        }
    }
}
