import RelayStore

/// Where a log is: `nats://HOST:PORT,HOST:PORT/NAME`, servers of one cluster and the log's name in it.
public struct JetStreamURL: Equatable, Sendable {
    /// The servers as `HOST:PORT`; which of them is asked does not matter.
    public let servers: [String]
    /// The log's name, and that of its stream.
    public let name: String
    /// Whether the connection is encrypted: `tls://`.
    public let isSecure: Bool

    /// Reads an address.
    public init(_ text: String) throws(JetStreamURLError) {
        let rest: Substring
        if text.hasPrefix("nats://") {
            (isSecure, rest) = (false, text.dropFirst(7))
        } else if text.hasPrefix("tls://") {
            (isSecure, rest) = (true, text.dropFirst(6))
        } else {
            throw JetStreamURLError(text, "it begins with neither nats:// nor tls://")
        }
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty else {
            throw JetStreamURLError(text, "it names no log, such as /orders at its end")
        }
        guard Self.isName(parts[1]) else {
            throw JetStreamURLError(
                text,
                "the log's name may have letters, digits, - and _, \(Limits.nameBytes) at most")
        }
        name = String(parts[1])
        let places = parts[0].split(separator: ",", omittingEmptySubsequences: false)
        guard places.count <= Limits.servers else {
            throw JetStreamURLError(text, "it has more than \(Limits.servers) servers")
        }
        var servers: [String] = []
        for place in places { servers.append(try Self.server(place, of: text)) }
        self.servers = servers
    }

    /// Whether a text can be the name of a log.
    private static func isName(_ text: some StringProtocol) -> Bool {
        let bytes = text.utf8
        return (1...Limits.nameBytes).contains(bytes.count)
            && bytes.allSatisfy(HostName.isAllowed)
    }

    private static func server(
        _ place: Substring, of text: String
    ) throws(JetStreamURLError) -> String {
        if place.contains("@") {
            throw JetStreamURLError(text, "a password has no place in it: use --log-creds FILE")
        }
        var host = place
        var port = Substring("\(Limits.port)")
        // An address of IPv6 has colons of its own, between brackets.
        if let colon = place.lastIndex(of: ":"), place[colon...].firstIndex(of: "]") == nil {
            (host, port) = (place[..<colon], place[place.index(after: colon)...])
        }
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]") && host.count > 2
        guard !host.isEmpty, isBracketed || !host.contains(where: { ":[] ".contains($0) }) else {
            throw JetStreamURLError(text, "'\(place)' is no HOST:PORT")
        }
        guard let number = UInt16(port), number > 0, !port.hasPrefix("+") else {
            throw JetStreamURLError(text, "'\(port)' is no port: expected 1 to 65535")
        }
        return "\(host):\(number)"
    }
}

extension JetStreamURL: CustomStringConvertible {
    /// As it is read.
    public var description: String {
        "\(isSecure ? "tls" : "nats")://\(servers.joined(separator: ","))/\(name)"
    }
}

/// What is wrong with the address of a log.
public struct JetStreamURLError: Error, Equatable, CustomStringConvertible {
    /// The whole message, with what would be right.
    public let description: String

    init(_ text: String, _ why: String) {
        description =
            "'\(text)' is no address of a log: \(why); expected nats://HOST:PORT[,HOST:PORT]/NAME"
    }
}
