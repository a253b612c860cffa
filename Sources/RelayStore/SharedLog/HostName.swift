/// What a host is called among those that share a log.
public struct HostName: Equatable, Hashable, Sendable {
    /// Letters, digits, hyphens and underscores.
    public let text: String

    /// What relayctl is called in a log, and therefore no host is.
    public static let relayctl = HostName("relayctl")!

    /// Nil when the text cannot be one word of a subject.
    public init?(_ text: String) {
        guard (1...Limits.hostNameBytes).contains(text.utf8.count),
            text.utf8.allSatisfy(Self.isAllowed)
        else { return nil }
        self.text = text
    }

    /// Whether names of hosts, and of logs, may have a byte.
    public static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension HostName: CustomStringConvertible {
    /// The name.
    public var description: String { text }
}
