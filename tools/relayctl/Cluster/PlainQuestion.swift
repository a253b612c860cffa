import Glibc

/// A question over TCP in clear text, and its answer: what servers of NATS say to who connects, and what their
/// monitoring ports answer to.
struct PlainQuestion {
    private let host: String
    private let port: String

    /// - Parameter address: `HOST:PORT`; an address of IPv6 stands in brackets.
    init?(_ address: some StringProtocol) {
        guard let colon = address.lastIndex(of: ":") else { return nil }
        var host = String(address[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        let port = String(address[address.index(after: colon)...])
        guard !host.isEmpty, let number = UInt16(port), number > 0 else { return nil }
        (self.host, self.port) = (host, port)
    }

    /// The first line that a server says; nil when none comes.
    func firstLine() -> [UInt8]? {
        exchange("") { $0.contains(UInt8(ascii: "\n")) }
            .map { Array($0.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }) }
    }

    /// The body of the answer to a GET of HTTP/1.0; nil when there is none.
    func get(_ path: String) -> [UInt8]? {
        let request = "GET \(path) HTTP/1.0\r\nHost: \(host):\(port)\r\n\r\n"
        guard let answer = exchange(request, until: { _ in false }),
            answer.starts(with: "HTTP/1.".utf8),
            let head = answer.firstRange(of: Array("\r\n\r\n".utf8)),
            answer[..<head.lowerBound].firstRange(of: Array(" 200 ".utf8)) != nil
        else { return nil }
        return Array(answer[head.upperBound...])
    }

    /// Sends a text, and reads until the server ends or enough is there; nil when it cannot be reached.
    private func exchange(_ text: String, until isEnough: ([UInt8]) -> Bool) -> [UInt8]? {
        guard let descriptor = connected() else { return nil }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
        else { return nil }
        var answer: [UInt8] = []
        var part = [UInt8](repeating: 0, count: Limits.plainPart)
        while !isEnough(answer) {
            let count = recv(descriptor, &part, part.count, 0)
            if count < 0 || answer.count > Limits.plainAnswer { return nil }
            if count == 0 { return answer }
            answer += part[..<count]
        }
        return answer
    }

    private func connected() -> Int32? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, port, &hints, &found) == 0 else { return nil }
        // SAFETY: the list is getaddrinfo's until it is freed here, behind its last use.
        defer { freeaddrinfo(found) }
        var next = found
        while let address = next {
            let descriptor = socket(
                address.pointee.ai_family,
                address.pointee.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
            if descriptor < 0 { return nil }
            // The first bounds connecting, too.
            var patience = timeval(tv_sec: Limits.plainSeconds, tv_usec: 0)
            for option in [SO_SNDTIMEO, SO_RCVTIMEO] {
                setsockopt(
                    descriptor, SOL_SOCKET, option, &patience,
                    socklen_t(MemoryLayout<timeval>.size))
            }
            if connect(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 {
                return descriptor
            }
            close(descriptor)
            next = address.pointee.ai_next
        }
        return nil
    }
}
