import CLinux
import Glibc
import Synchronization
import System

/// A listening Unix socket that this process owns.
///
/// A lock file beside it (`PATH.lock`) decides who owns the path for as long as the socket is open;
/// a socket left behind by a dead process is taken over only after a connect to it was refused.
public final class UnixSocket: Listener {
    /// The socket's path.
    public let path: String
    let descriptor: Int32
    let isTCP = false
    let isOurs = true
    var endpoint: String { path }
    private let lock: Mutex<LockFile?>
    private let identity: FileIdentity
    private let isRemoved = Atomic<Bool>(false)
    private let isClosed = Atomic<Bool>(false)

    /// Binds the path. Clients are refused until a server that listens to it starts.
    ///
    /// - Parameters:
    ///   - path: at most `Limits.maxSocketPathBytes` bytes; no abstract sockets.
    ///   - mode: permissions of the socket file; who may not write to it cannot connect.
    ///   - group: whom the file belongs to beside its owner; nil for the process's own.
    public init(
        path: String, mode: mode_t = 0o660, group: gid_t? = nil
    ) throws(TransportError) {
        let address = try UnixSocket.address(path)
        guard let lock = try UnixSocket.lock(path) else { throw .socketInUse(path) }
        try UnixSocket.removeStale(path, address)
        let descriptor = try UnixSocket.bind(path, address, mode, group)
        guard let identity = FileIdentity(path) else {
            let code = errno
            Glibc.close(descriptor)
            throw .file(FileError("bind", path: path, errno: code))
        }
        self.path = path
        self.descriptor = descriptor
        self.identity = identity
        self.lock = Mutex(lock)
    }

    deinit { close() }

    func listen() throws(TransportError) {
        if Glibc.listen(descriptor, Limits.listenBacklog) != 0 {
            throw .system("listen on \(path)", errno: errno)
        }
    }

    /// Removes the file, and has those refused that have found it just before.
    func turnAway() {
        removeFile()
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Removes the file, closes the socket and lets go of the lock.
    func close() {
        if isClosed.exchange(true, ordering: .acquiringAndReleasing) { return }
        removeFile()
        Glibc.close(descriptor)
        lock.withLock { $0 = nil }
    }

    /// Removes the file, once and only if it is still ours.
    private func removeFile() {
        if isRemoved.exchange(true, ordering: .acquiringAndReleasing) { return }
        if FileIdentity(path) == identity { unlink(path) }
    }

    /// Whether a path can be bound is left open; what is too long for one is an error.
    public static func check(_ path: String) throws(TransportError) { _ = try address(path) }

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

    private static func lock(_ path: String) throws(TransportError) -> LockFile? {
        do throws(FileError) {
            return try LockFile(path + ".lock")
        } catch {
            throw .file(error)
        }
    }

    private static func removeStale(
        _ path: String, _ address: sockaddr_un
    ) throws(TransportError) {
        var status = stat()
        if lstat(path, &status) != 0 {
            if errno == ENOENT { return }
            throw .file(FileError("stat", path: path, errno: errno))
        }
        if status.st_mode & S_IFMT != S_IFSOCK { throw .notASocket(path) }
        let probe = socket(
            AF_UNIX,
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
                | Int32(SOCK_NONBLOCK.rawValue), 0)
        if probe < 0 { throw .system("socket", errno: errno) }
        defer { Glibc.close(probe) }
        // Only a refusal says that nobody listens: whoever may not ask does not know.
        if withAddress(address, { Glibc.connect(probe, $0, $1) }) == 0 || errno == EAGAIN {
            throw .socketInUse(path)
        }
        if errno == ENOENT { return }
        if errno != ECONNREFUSED { throw .file(FileError("connect to", path: path, errno: errno)) }
        if unlink(path) != 0 { throw .file(FileError("remove", path: path, errno: errno)) }
    }

    private static func bind(
        _ path: String, _ address: sockaddr_un, _ mode: mode_t, _ group: gid_t?
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
            throw .file(FileError("bind", path: path, errno: code))
        }
        var call = "chmod"
        var isDone = chmod(path, 0) == 0
        if isDone, let group {
            call = "give to group \(group)"
            isDone = lchown(path, uid_t.max, group) == 0
        }
        guard isDone, chmod(path, mode) == 0 else {
            let code = errno
            Glibc.close(descriptor)
            unlink(path)
            throw .file(FileError(call, path: path, errno: code))
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
