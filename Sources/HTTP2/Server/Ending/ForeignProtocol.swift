/// What somebody speaks who calls a server that speaks HTTP/2 with prior knowledge only, and what he
/// is told in that tongue. Of HTTP/1 no more is read than a letter.
enum ForeignProtocol: CustomStringConvertible {
    case http1
    case tls

    /// By the first byte that differs from `PRI`, the method of HTTP/2's preface (RFC 9113 §3.4), and
    /// its place; nil for what is neither a method nor a TLS handshake (RFC 8446 §5.1).
    init?(_ byte: UInt8, at place: Int) {
        switch byte {
        case 0x16 where place == 0: self = .tls
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
            self = .http1
        default: return nil
        }
    }

    var description: String {
        switch self {
        case .http1: "HTTP/1"
        case .tls: "TLS"
        }
    }

    /// A whole answer of HTTP/1.1, or a fatal alert of TLS: `protocol_version` (RFC 8446 §6.2).
    var answer: [UInt8] {
        switch self {
        case .tls: [0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 70]
        case .http1:
            Array(
                ("HTTP/1.1 505 HTTP Version Not Supported\r\nContent-Type: text/plain\r\n"
                    + "Content-Length: \(Self.text.utf8.count)\r\nConnection: close\r\n\r\n"
                    + Self.text).utf8)
        }
    }

    private static let text = """
        This server speaks HTTP/2 without TLS and with prior knowledge (RFC 9113 section 3.3). It
        does not speak HTTP/1.1, and a connection cannot be upgraded. With curl:

          curl --http2-prior-knowledge --unix-socket PATH http://localhost/
          curl --http2-prior-knowledge http://127.0.0.1:PORT/

        """
}
