import Glibc

/// An address and port of the loopback interface. Any other interface is refused: there is no TLS here,
/// and keys would travel in the clear.
struct LoopbackAddress {
    private enum Family {
        case v4(sockaddr_in)
        case v6(sockaddr_in6)
    }

    private var family: Family

    /// Reads `127.0.0.1:PORT`, any address of 127.0.0.0/8, `localhost:PORT` or `[::1]:PORT`.
    init(_ text: String) throws(TransportError) {
        let isV6 = text.hasPrefix("[")
        let parts = text.split(separator: isV6 ? "]" : ":", omittingEmptySubsequences: false)
        guard parts.count == 2, !isV6 || parts[1].hasPrefix(":"),
            let port = UInt16(isV6 ? parts[1].dropFirst() : parts[1]),
            let family = isV6
                ? Self.v6(String(parts[0].dropFirst()), port) : Self.v4(String(parts[0]), port)
        else { throw .badAddress(text) }
        self.family = family
    }

    private static func v4(_ host: String, _ port: UInt16) -> Family? {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        guard inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host, &address.sin_addr) == 1,
            UInt32(bigEndian: address.sin_addr.s_addr) >> 24 == 127
        else { return nil }
        address.sin_port = port.bigEndian
        return .v4(address)
    }

    private static func v6(_ host: String, _ port: UInt16) -> Family? {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        guard inet_pton(AF_INET6, host, &address.sin6_addr) == 1 else { return nil }
        // Fifteen zeros and a one.
        // SAFETY: the bytes are copied inside the closure.
        let bytes = withUnsafeBytes(of: address.sin6_addr) { Array($0) }
        guard bytes.last == 1, bytes.dropLast().allSatisfy({ $0 == 0 }) else { return nil }
        address.sin6_port = port.bigEndian
        return .v6(address)
    }

    /// AF_INET or AF_INET6.
    var domain: Int32 {
        switch family {
        case .v4: AF_INET
        case .v6: AF_INET6
        }
    }

    /// The port; 0 lets the kernel choose one.
    var port: UInt16 {
        switch family {
        case .v4(let address): UInt16(bigEndian: address.sin_port)
        case .v6(let address): UInt16(bigEndian: address.sin6_port)
        }
    }

    /// As it is written, port and all.
    var text: String {
        switch family {
        case .v4(let address):
            let octets = UInt32(bigEndian: address.sin_addr.s_addr)
            let host = [24, 16, 8, 0].map { "\(octets >> $0 & 255)" }.joined(separator: ".")
            return "\(host):\(port)"
        case .v6: return "[::1]:\(port)"
        }
    }

    /// Gives a call the address as the kernel wants it.
    func with(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        switch family {
        case .v4(var address): Self.lend(&address, body)
        case .v6(var address): Self.lend(&address, body)
        }
    }

    /// Replaces it by the one that a socket is bound to.
    mutating func update(from socket: Int32) {
        switch family {
        case .v4(var address):
            _ = Self.lend(&address) { pointer, length in
                var length = length
                // SAFETY: the copy is the closure's own.
                return getsockname(socket, UnsafeMutablePointer(mutating: pointer), &length)
            }
            family = .v4(address)
        case .v6(var address):
            _ = Self.lend(&address) { pointer, length in
                var length = length
                // SAFETY: as above.
                return getsockname(socket, UnsafeMutablePointer(mutating: pointer), &length)
            }
            family = .v6(address)
        }
    }

    private static func lend<Address>(
        _ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        // SAFETY: the address lives through the closure; both begin like sockaddr.
        withUnsafeMutableBytes(of: &address) {
            body(
                $0.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<Address>.size))
        }
    }
}
