import Glibc
import Testing

/// A socket of any kind, for a program to be given.
final class TestSocket {
    let descriptor: Int32

    /// The port that it is bound to; meaningless when it is no TCP or UDP socket.
    var port: UInt16 {
        var bound = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        _ = withUnsafeMutableBytes(of: &bound) {
            getsockname(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
        }
        // The port stands at the same place in the addresses of IPv4.
        return UInt16(bigEndian: bound.sin6_port)
    }

    /// A Unix socket; one that begins with `@` has no path.
    init(unix path: String, type: __socket_type = SOCK_STREAM, listens: Bool = true) throws {
        descriptor = socket(AF_UNIX, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        if name[0] == UInt8(ascii: "@") { name[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = MemoryLayout<sa_family_t>.size + name.count
        try bind(&address, length, listens)
        if name[0] != 0 { try #require(chmod(path, 0o666) == 0) }
    }

    /// A TCP or UDP socket on a port that the system chooses.
    init(ip text: String, type: __socket_type = SOCK_STREAM, listens: Bool = true) throws {
        let family = text.contains(":") ? AF_INET6 : AF_INET
        descriptor = socket(family, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if family == AF_INET {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            try #require(inet_pton(AF_INET, text, &address.sin_addr) == 1)
            try bind(&address, MemoryLayout<sockaddr_in>.size, listens)
        } else {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            try #require(inet_pton(AF_INET6, text, &address.sin6_addr) == 1)
            try bind(&address, MemoryLayout<sockaddr_in6>.size, listens)
        }
    }

    deinit { close(descriptor) }

    private func bind<Address>(_ address: inout Address, _ length: Int, _ listens: Bool) throws {
        let result = withUnsafeBytes(of: &address) {
            Glibc.bind(
                descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                socklen_t(length))
        }
        try #require(result == 0, "bind: \(String(cString: strerror(errno)))")
        if listens { try #require(listen(descriptor, 1_024) == 0) }
    }
}
