import CLinux
import Glibc

/// A listening Unix socket that this process owns.
///
/// A lock file beside it (`PATH.lock`) decides who owns the path for as long as the process
/// lives; a socket left behind by a dead one is taken over only after a connect to it failed.
public final class UnixSocket: Sendable {
    /// The socket's path.
    public let path: String
    let descriptor: Int32
    private let lock: Int32
    private let identity: FileIdentity

    /// Binds and listens.
    ///
    /// - Parameters:
    ///   - path: at most `Limits.maxSocketPathBytes` bytes; no abstract sockets.
    ///   - mode: permissions of the socket file; who may not write to it cannot connect.
    public init(path: String, mode: mode_t = 0o660) throws(TransportError) {
        let address = try UnixSocket.address(path)
        let lock = try UnixSocket.lock(path)
        var descriptor: Int32 = -1
        do {
            try UnixSocket.removeStale(path, address)
            descriptor = try UnixSocket.bind(path, address, mode)
            identity = try FileIdentity(path)
        } catch {
            if descriptor >= 0 { Glibc.close(descriptor) }
            Glibc.close(lock)
            throw error
        }
        self.path = path
        self.descriptor = descriptor
        self.lock = lock
    }

    /// Closes the socket and removes its file, if it is still ours.
    deinit {
        if (try? FileIdentity(path)) == identity { unlink(path) }
        Glibc.close(descriptor)
        Glibc.close(lock)
    }

    /// The address of a path, checked for its length.
    static func address(_ path: String) throws(TransportError) -> sockaddr_un {
        let bytes = Array(path.utf8)
        if bytes.isEmpty || bytes.count > Limits.maxSocketPathBytes || bytes[0] == 0 {
            throw .pathTooLong(path, bytes: bytes.count)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // SAFETY: `address` lives through the closure; the length was checked above.
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }

    /// Connects to a Unix socket.
    ///
    /// - Returns: a blocking descriptor that the caller closes.
    static func connect(_ path: String) throws(TransportError) -> Int32 {
        let address = try address(path)
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if descriptor < 0 { throw .system("socket", errno: errno) }
        if withAddress(address, { Glibc.connect(descriptor, $0, $1) }) != 0 {
            let code = errno
            Glibc.close(descriptor)
            throw .system("connect to \(path)", errno: code)
        }
        return descriptor
    }

    private static func lock(_ path: String) throws(TransportError) -> Int32 {
        let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if lock < 0 { throw .system("open \(path).lock", errno: errno) }
        if flock(lock, LOCK_EX | LOCK_NB) != 0 {
            Glibc.close(lock)
            throw .socketInUse(path)
        }
        return lock
    }

    private static func removeStale(
        _ path: String, _ address: sockaddr_un
    ) throws(TransportError) {
        var status = stat()
        if lstat(path, &status) != 0 {
            if errno == ENOENT { return }
            throw .system("stat \(path)", errno: errno)
        }
        if status.st_mode & S_IFMT != S_IFSOCK { throw .notASocket(path) }
        if let live = try? connect(path) {
            Glibc.close(live)
            throw .socketInUse(path)
        }
        if unlink(path) != 0 { throw .system("unlink \(path)", errno: errno) }
    }

    private static func bind(
        _ path: String, _ address: sockaddr_un, _ mode: mode_t
    ) throws(TransportError) -> Int32 {
        let descriptor = socket(
            AF_UNIX,
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
                | Int32(SOCK_NONBLOCK.rawValue), 0)
        if descriptor < 0 { throw .system("socket", errno: errno) }
        // Nobody can connect before listen, so the mode is right from the first connection on.
        guard withAddress(address, { Glibc.bind(descriptor, $0, $1) }) == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw .system("bind \(path)", errno: code)
        }
        guard chmod(path, 0) == 0, chmod(path, mode) == 0,
            Glibc.listen(descriptor, Limits.listenBacklog) == 0
        else {
            let code = errno
            Glibc.close(descriptor)
            throw .system("chmod or listen on \(path)", errno: code)
        }
        return descriptor
    }

    private static func withAddress(
        _ address: sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        // SAFETY: the copy lives through the closure; sockaddr_un begins like sockaddr.
        var copy = address
        return withUnsafeBytes(of: &copy) {
            body(
                $0.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}

/// A file told apart from a later one of the same name.
private struct FileIdentity: Equatable, Sendable {
    let device: dev_t
    let inode: ino_t

    init(_ path: String) throws(TransportError) {
        var status = stat()
        if lstat(path, &status) != 0 { throw .system("stat \(path)", errno: errno) }
        device = status.st_dev
        inode = status.st_ino
    }
}
