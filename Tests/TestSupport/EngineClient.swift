import Glibc

/// A client of NATS that asks one question and waits for the answer: what a person would do by hand, without
/// anything of ours in between.
public enum EngineClient {
    /// Asks a server on the loopback address.
    ///
    /// - Parameter login: members of JSON that say who asks, each with a comma behind it.
    /// - Returns: the answer's text with its headers; nil when there is no server, or no answer in time.
    public static func ask(
        _ subject: String, _ body: String = "", headers: String = "", port: UInt16,
        login: String = "", milliseconds: Int = 2_000
    ) -> String? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        var time = timeval(
            tv_sec: milliseconds / 1_000, tv_usec: milliseconds % 1_000 * 1_000)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        let connected = withUnsafeBytes(of: &address) {
            connect(
                descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                socklen_t($0.count))
        }
        guard connected == 0 else { return nil }
        let head = headers.isEmpty ? "" : "NATS/1.0\r\n\(headers)\r\n\r\n"
        let sizes =
            head.isEmpty
            ? "\(body.utf8.count)" : "\(head.utf8.count) \(head.utf8.count + body.utf8.count)"
        let text =
            "CONNECT {\(login)\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\n"
            + "SUB answer 1\r\n\(head.isEmpty ? "PUB" : "HPUB") \(subject) answer \(sizes)\r\n"
            + "\(head)\(body)\r\n"
        var question = Array(text.utf8)
        guard send(descriptor, &question, question.count, Int32(MSG_NOSIGNAL)) > 0 else {
            return nil
        }
        return answer(descriptor)
    }

    /// Reads until the answer is whole.
    private static func answer(_ descriptor: Int32) -> String? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
            bytes += buffer[..<count]
            let text = String(decoding: bytes, as: UTF8.self)
            // `MSG answer 1 12`, `HMSG answer 1 34 46`, and so many bytes.
            guard let start = text.firstRange(of: "MSG answer 1 "),
                let line = text[start.upperBound...].firstRange(of: "\r\n"),
                let size = Int(
                    text[start.upperBound..<line.lowerBound].split(separator: " ").last ?? ""),
                text[line.upperBound...].utf8.count >= size
            else { continue }
            return String(text[line.upperBound...])
        }
        return nil
    }
}
