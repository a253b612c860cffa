import CLinux
import Glibc
import Synchronization

/// TCP on the loopback interface, for clients that cannot speak to a Unix socket: see
/// `LoopbackAddress`.
public final class LoopbackSocket: Listener {
    /// The listening socket, non-blocking.
    public let descriptor: Int32
    let isTCP = true
    let isOurs = true
    /// The address and port that is listened on; the port that the kernel chose when 0 was asked for.
    public let endpoint: String
    /// That port.
    public let port: UInt16
    private let isClosed = Atomic<Bool>(false)

    /// Binds the port. Clients are refused until `listen`.
    ///
    /// - Parameter text: `127.0.0.1:PORT`, any address of 127.0.0.0/8, or `[::1]:PORT`.
    public init(_ text: String) throws(TransportError) {
        var address = try LoopbackAddress(text)
        let descriptor = socket(
            address.domain,
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
                | Int32(SOCK_NONBLOCK.rawValue), 0)
        if descriptor < 0 { throw .system("socket for \(text)", errno: errno) }
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        guard address.with({ bind(descriptor, $0, $1) }) == 0 else {
            let code = errno
            Glibc.close(descriptor)
            if code == EADDRINUSE { throw .socketInUse(text) }
            throw .system("bind \(text)", errno: code)
        }
        address.update(from: descriptor)
        self.descriptor = descriptor
        port = address.port
        endpoint = address.text
    }

    /// Whether an address can be bound is left open; what is none is an error.
    public static func check(_ text: String) throws(TransportError) {
        _ = try LoopbackAddress(text)
    }

    deinit { close() }

    /// Lets clients connect.
    public func listen() throws(TransportError) {
        if Glibc.listen(descriptor, Limits.listenBacklog) != 0 {
            if errno == EADDRINUSE { throw .socketInUse(endpoint) }
            throw .system("listen on \(endpoint)", errno: errno)
        }
    }

    /// Drops what asks for a new connection: its client asks again after a second and is refused,
    /// where one that is let in just before the end would be cut off.
    func turnAway() { _ = relay_drop_newcomers(descriptor) }

    func close() {
        if !isClosed.exchange(true, ordering: .acquiringAndReleasing) { Glibc.close(descriptor) }
    }

    /// Connects to a loopback address.
    ///
    /// - Returns: a blocking descriptor that the caller closes.
    static func connect(_ text: String) throws(TransportError) -> Int32 {
        let address = try LoopbackAddress(text)
        let descriptor = socket(
            address.domain, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if descriptor < 0 { throw .system("socket", errno: errno) }
        if address.with({ Glibc.connect(descriptor, $0, $1) }) != 0 {
            let code = errno
            Glibc.close(descriptor)
            throw .system("connect to \(text)", errno: code)
        }
        return descriptor
    }
}
