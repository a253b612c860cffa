import CLinux
import Glibc
import Synchronization

/// TCP on the loopback interface, for clients that cannot speak to a Unix socket.
///
/// Any other interface is refused: there is no TLS here, and keys would travel in the clear.
public final class LoopbackSocket: Listener {
    let descriptor: Int32
    let isTCP = true
    let isOurs = true
    /// The address and port that is listened on.
    public let endpoint: String
    /// The port that is listened on; the one chosen by the kernel when 0 was asked for.
    public let port: UInt16
    private let isClosed = Atomic<Bool>(false)

    /// Binds the port. Clients are refused until a server that listens to it starts.
    ///
    /// - Parameter text: `127.0.0.1:PORT`, any address of 127.0.0.0/8.
    public init(_ text: String) throws(TransportError) {
        let address = try LoopbackSocket.address(text)
        let descriptor = socket(
            AF_INET,
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
                | Int32(SOCK_NONBLOCK.rawValue), 0)
        if descriptor < 0 { throw .system("socket", errno: errno) }
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        guard LoopbackSocket.with(address, { bind(descriptor, $0, $1) }) == 0 else {
            let code = errno
            Glibc.close(descriptor)
            if code == EADDRINUSE { throw .socketInUse(text) }
            throw .system("bind \(text)", errno: code)
        }
        var bound = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // SAFETY: `bound` lives through the closure; sockaddr_in begins like sockaddr.
        _ = withUnsafeMutableBytes(of: &bound) {
            getsockname(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
        }
        self.descriptor = descriptor
        port = UInt16(bigEndian: bound.sin_port)
        let octets = UInt32(bigEndian: bound.sin_addr.s_addr)
        let host = [24, 16, 8, 0].map { "\(octets >> $0 & 255)" }.joined(separator: ".")
        endpoint = "\(host):\(port)"
    }

    deinit { close() }

    func listen() throws(TransportError) {
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
        if text.hasPrefix("[") { return try connect6(text) }
        let address = try address(text)
        let descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if descriptor < 0 { throw .system("socket", errno: errno) }
        if with(address, { Glibc.connect(descriptor, $0, $1) }) != 0 {
            let code = errno
            Glibc.close(descriptor)
            throw .system("connect to \(text)", errno: code)
        }
        return descriptor
    }

    private static func address(_ text: String) throws(TransportError) -> sockaddr_in {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        guard parts.count == 2, let port = UInt16(parts[1]) else { throw .badAddress(text) }
        let host = parts[0] == "localhost" ? "127.0.0.1" : String(parts[0])
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1,
            UInt32(bigEndian: address.sin_addr.s_addr) >> 24 == 127
        else { throw .badAddress(text) }
        address.sin_port = port.bigEndian
        return address
    }

    private static func with(
        _ address: sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        // SAFETY: the copy lives through the closure; sockaddr_in begins like sockaddr.
        var copy = address
        return withUnsafeBytes(of: &copy) {
            body(
                $0.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
