import Glibc

/// Clients reach `[::1]` too, where other servers may listen. Relay itself never does.
extension LoopbackSocket {
    /// Connects to the IPv6 loopback address.
    ///
    /// - Parameter text: `[::1]:PORT`.
    /// - Returns: a blocking descriptor that the caller closes.
    static func connect6(_ text: String) throws(TransportError) -> Int32 {
        let parts = text.split(separator: "]", omittingEmptySubsequences: false)
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        guard parts.count == 2, parts[1].first == ":", let port = UInt16(parts[1].dropFirst()),
            inet_pton(AF_INET6, String(parts[0].dropFirst()), &address.sin6_addr) == 1
        else { throw .badAddress(text) }
        // Fifteen zeros and a one.
        // SAFETY: the bytes are copied inside the closure.
        let bytes = withUnsafeBytes(of: address.sin6_addr) { Array($0) }
        guard bytes.last == 1, bytes.dropLast().allSatisfy({ $0 == 0 }) else {
            throw .badAddress(text)
        }
        address.sin6_port = port.bigEndian
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_INET6, kind, 0)
        if descriptor < 0 { throw .system("socket", errno: errno) }
        // SAFETY: the address lives through the closure; sockaddr_in6 begins like sockaddr.
        let code = withUnsafeBytes(of: &address) {
            Glibc.connect(
                descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_in6>.size))
        }
        if code != 0 {
            let code = errno
            Glibc.close(descriptor)
            throw .system("connect to \(text)", errno: code)
        }
        return descriptor
    }
}
