import Glibc
import HTTP2
import TestSupport
import Testing

@Suite("--metrics", .serialized)
struct PlainServerTests {
    private let directory = TemporaryDirectory()

    private func serve(
        _ host: String = "127.0.0.1", _ arguments: [String] = []
    ) throws -> (relayd: Relayd, place: String) {
        let relayd = try Relayd(
            store: ":memory:", in: directory, arguments: ["--metrics", "\(host):0"] + arguments)
        let start = try #require(relayd.output.firstRange(of: "metrics on http://")).upperBound
        return (relayd, String(relayd.output[start...].prefix { $0 != "/" }))
    }

    private func curl(_ arguments: [String]) -> (code: Int32, output: String) {
        ChildProcess.run("curl", ["-sS", "-i", "--globoff", "--max-time", "20"] + arguments)
    }

    @Test(
        "serves metrics and health in HTTP/1.1 on a loopback port.",
        arguments: ["127.0.0.1", "[::1]"])
    func served(host: String) throws {
        let (relayd, place) = try serve(host, ["--allow-uid", "\(geteuid())"])
        #expect(place.hasPrefix(host + ":"))
        let metrics = curl(["http://\(place)/metrics"])
        #expect(metrics.output.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(metrics.output.contains("\r\nContent-Type: text/plain; version=0.0.4;"))
        #expect(metrics.output.contains("\nrelay_ready 1\n"))
        let open = curl(["-H", "accept: application/openmetrics-text", "http://\(place)/metrics?x"])
        #expect(open.output.contains("Content-Type: application/openmetrics-text; version=1.0.0;"))
        #expect(open.output.hasSuffix("# EOF\n"))
        for (path, word) in [("livez", "alive"), ("readyz", "ready")] {
            let health = curl(["http://\(place)/\(path)"]).output
            #expect(health.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(health.hasSuffix("\r\n\r\n{\"status\":\"\(word)\"}"))
        }
        #expect(relayd.stop() == 0)
        #expect(curl(["http://\(place)/livez"]).code == 7)
    }

    @Test("takes nothing but GET and HEAD of its three paths, and says what it takes.")
    func refused() throws {
        let (relayd, place) = try serve()
        let head = curl(["-I", "http://\(place)/metrics"]).output
        #expect(head.hasPrefix("HTTP/1.1 200 ") && head.hasSuffix("\r\n\r\n"))
        let post = curl(["-d", "x", "http://\(place)/metrics"]).output
        #expect(post.hasPrefix("HTTP/1.1 405 ") && post.contains("\r\nAllow: GET, HEAD\r\n"))
        let other = curl(["http://\(place)/v1/orders?limit=1&offset=0"]).output
        #expect(other.hasPrefix("HTTP/1.1 404 ") && other.contains("/metrics, /livez and /readyz"))
        let long = curl(["http://\(place)/" + String(repeating: "x", count: 9_000)]).output
        #expect(long.hasPrefix("HTTP/1.1 431 "))
        for noise in [
            "hello\r\n\r\n", "GET\r\n\r\n", "PRI * HTTP/2.0\r\n\r\n", "\n\n\n",
            "GET x HTTP/1.1\n\n",
        ] {
            let client = try PlainClient(place)
            client.send(noise)
            #expect(client.rest().hasPrefix("HTTP/1.1 400 "), "\(noise.debugDescription)")
        }
        #expect(relayd.stop() == 0)
    }

    @Test("cuts slow clients off, and serves others once they are gone.")
    func slow() throws {
        let (relayd, place) = try serve()
        let clients = try (0..<16).map { _ in try PlainClient(place) }
        for client in clients { client.send("GET /livez HTTP/1.1\r\nX: ") }
        let dribbling = clients[0]
        let start = time(nil)
        // All places are taken: the seventeenth waits until they are free.
        let late = curl(["http://\(place)/livez"])
        #expect(late.output.hasPrefix("HTTP/1.1 200 "))
        #expect(time(nil) - start >= 3, "nobody had to wait")
        for client in clients where client !== dribbling { #expect(client.rest().isEmpty) }
        #expect(relayd.stop() == 0)
    }

    @Test("answers a request that comes byte by byte, and one of HTTP/1.0 without a field.")
    func pieces() throws {
        let (relayd, place) = try serve()
        let client = try PlainClient(place)
        for byte in "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" {
            client.send(String(byte))
            usleep(2_000)
        }
        #expect(client.rest().hasSuffix("{\"status\":\"alive\"}"))
        let old = try PlainClient(place)
        old.send("GET /livez HTTP/1.0\n\n")
        #expect(old.rest().hasPrefix("HTTP/1.1 200 "))
        #expect(relayd.stop() == 0)
    }
}

/// A client that says what no library would.
private final class PlainClient {
    private let socket: Int32

    /// Connects to `127.0.0.1:PORT`.
    init(_ place: String) throws {
        socket = Glibc.socket(
            AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = try #require(UInt16(place.split(separator: ":")[1])).bigEndian
        let code = withUnsafeBytes(of: &address) {
            connect(
                socket, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_in>.size))
        }
        try #require(code == 0)
    }

    deinit { close(socket) }

    func send(_ text: String) {
        _ = Glibc.send(socket, text, text.utf8.count, Int32(MSG_NOSIGNAL))
    }

    /// All that comes until the end.
    func rest() -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        while poll(&descriptor, 1, 20_000) > 0 {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count <= 0 { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
