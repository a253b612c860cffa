import CLinux
import Glibc

/// A listening socket that another process has opened and passed on, such as a service manager.
///
/// It is looked at before it is served: whatever else stands at a descriptor is refused in words.
public struct PassedSocket: Listener {
    /// The descriptor.
    public let descriptor: Int32
    /// Where clients find it: a path, or an address with a port; and the descriptor.
    public let endpoint: String
    /// Whether it is TCP and not a Unix socket.
    public let isTCP: Bool
    let isOurs = false

    /// Takes a descriptor over: it is closed in programs that this process starts, and does not block.
    public init(descriptor: Int32) throws(TransportError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .badDescriptor(
                descriptor, errno == EBADF ? "it is not open" : String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw .badDescriptor(descriptor, "it is \(Self.kind(status.st_mode)) and no socket")
        }
        if let why = Self.unfitness(descriptor) { throw .badDescriptor(descriptor, why) }
        let (address, isTCP) = try Self.address(of: descriptor)
        self.descriptor = descriptor
        self.isTCP = isTCP
        endpoint = "\(address) (descriptor \(descriptor))"
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0,
            fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
        else { throw .system("fcntl of descriptor \(descriptor)", errno: errno) }
    }

    func listen() {}
    func turnAway() {}
    func close() {}

    private static func kind(_ mode: mode_t) -> String {
        switch mode & S_IFMT {
        case S_IFREG: "a regular file"
        case S_IFDIR: "a directory"
        case S_IFIFO: "a pipe"
        case S_IFCHR, S_IFBLK: "a device"
        default: "a file of another kind"
        }
    }

    /// Why nothing can be accepted from a socket; nil when it can.
    private static func unfitness(_ socket: Int32) -> String? {
        switch option(socket, SO_TYPE) {
        case Int32(SOCK_STREAM.rawValue): break
        case Int32(SOCK_DGRAM.rawValue): return "it is a datagram socket"
        case Int32(SOCK_SEQPACKET.rawValue): return "it is a socket for packets"
        default: return "it is a socket of another type"
        }
        if option(socket, SO_ACCEPTCONN) == 1 { return nil }
        var peer = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // SAFETY: `peer` lives through the closure; every address begins like sockaddr.
        let isConnected = withUnsafeMutableBytes(of: &peer) {
            getpeername(socket, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
        }
        return isConnected == 0
            ? "it is a connection: a socket unit needs Accept=no"
            : "it is a stream socket that does not listen"
    }

    private static func option(_ socket: Int32, _ name: Int32) -> Int32 {
        var value: Int32 = -1
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(socket, SOL_SOCKET, name, &value, &length) == 0 ? value : -1
    }

    private static func address(of socket: Int32) throws(TransportError) -> (String, Bool) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // SAFETY: `storage` lives through the closure and has room for every address, which all begin
        // like sockaddr; what is read of it is copied.
        let bytes = withUnsafeMutableBytes(of: &storage) { room -> [UInt8]? in
            let start = room.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            return getsockname(socket, start, &length) == 0
                ? Array(room.prefix(Int(length))) : nil
        }
        guard let bytes else { throw .system("getsockname of \(socket)", errno: errno) }
        switch Int32(storage.ss_family) {
        case AF_UNIX:
            let path = bytes.dropFirst(MemoryLayout<sa_family_t>.size)
            guard let first = path.first, first != 0 else {
                throw .badDescriptor(
                    socket, "it has no path, so no permissions say who may connect to it")
            }
            return (String(decoding: path.prefix { $0 != 0 }, as: UTF8.self), false)
        case AF_INET, AF_INET6:
            let text = try text(of: bytes, Int32(storage.ss_family), socket)
            return (text, true)
        case let family:
            throw .badDescriptor(socket, "it is of address family \(family)")
        }
    }

    /// An address of the loopback interface as text; any other is refused, see `LoopbackSocket`.
    private static func text(
        of bytes: [UInt8], _ family: Int32, _ socket: Int32
    ) throws(TransportError) -> String {
        // sockaddr_in has the address from byte 4 on, sockaddr_in6 from byte 8 on.
        let address = family == AF_INET ? Array(bytes[4..<8]) : Array(bytes[8..<24])
        let port = Int(bytes[2]) << 8 | Int(bytes[3])
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(family, address, &text, socklen_t(text.count))
        let name = String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let endpoint = family == AF_INET ? "\(name):\(port)" : "[\(name)]:\(port)"
        // ::1, or an address of IPv4 in the form ::ffff:127.0.0.1.
        let mapped: [UInt8] = [UInt8](repeating: 0, count: 10) + [255, 255]
        let isLoopback =
            switch family {
            case AF_INET: address[0] == 127
            default:
                address == [UInt8](repeating: 0, count: 15) + [1]
                    || address.starts(with: mapped) && address[12] == 127
            }
        guard isLoopback else {
            throw .badDescriptor(
                socket,
                "it listens on \(endpoint), and a network interface is not served: "
                    + "keys would travel in the clear")
        }
        return endpoint
    }
}
