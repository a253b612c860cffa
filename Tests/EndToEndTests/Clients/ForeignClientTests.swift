import Glibc
import HTTP2
import RelayClient
import RelayContract
import TestSupport
import Testing

/// Clients that nobody here wrote, each over a hundred thousand requests or its usual share.
@Suite("Clients of others", .serialized)
struct ForeignClientTests {
    private static let requests = 100_000

    private let directory = TemporaryDirectory()
    private let relayd: Relayd
    private let key: String

    init() throws {
        relayd = try Relayd(store: ":memory:", in: directory)
        key = try relayd.makeKey()
        let client = RelayClient(connection: try relayd.connect(), key: key)
        for number in 1...60 {
            _ = try client.createOrder(
                NewOrder(
                    title: "Auftrag \(number)",
                    fields: [
                        NewOrderField(position: 1, name: "Gewerk", content: "Sanitär")
                    ]))
        }
    }

    @Test("h2load gets 100 000 answers without an error.")
    func h2load() throws {
        let result = ChildProcess.run(
            "h2load",
            [
                "-n", "\(Self.requests)", "-c", "8", "-m", "32", "-B", "unix:\(relayd.socket)",
                "-H", "authorization: Bearer \(key)", "http://localhost/v1/orders/7",
            ])
        #expect(result.output.contains("\(Self.requests) succeeded, 0 failed, 0 errored"))
        #expect(result.output.contains("status codes: \(Self.requests) 2xx"))
    }

    @Test("h2load gets pages of 50 without an error.")
    func h2loadPages() throws {
        let result = ChildProcess.run(
            "h2load",
            [
                "-n", "20000", "-c", "8", "-m", "32", "-B", "unix:\(relayd.socket)",
                "-H", "authorization: Bearer \(key)",
                "http://localhost/v1/orders?limit=50&offset=5",
            ])
        #expect(result.output.contains("status codes: 20000 2xx"))
    }

    @Test("nghttp gets an order over the loopback port.")
    func nghttp() throws {
        let place = TemporaryDirectory()
        let other = try Relayd(
            store: ":memory:", in: place, arguments: ["--listen", "127.0.0.1:0"])
        let address = try #require(other.loopback)
        let key = try other.makeKey()
        let client = RelayClient(connection: try other.connect(), key: key)
        _ = try client.createOrder(NewOrder(title: "Klingel defekt"))
        let result = ChildProcess.run(
            "nghttp",
            ["-H", "authorization: Bearer \(key)", "-m", "1000", "http://\(address)/v1/orders/1"])
        #expect(result.code == 0)
        #expect(result.output.components(of: "Klingel defekt") == 1_000)
    }

    @Test("Node's http2 client gets 100 000 answers, orders and pages, each with its right body.")
    func node() throws {
        let script = "\(#filePath)".replacingSuffix("ForeignClientTests.swift", "node-client.mjs")
        let result = ChildProcess.run(
            "node", [script, relayd.socket, key, "\(Self.requests)"])
        #expect(result.code == 0, "\(result.output)")
        #expect(result.output.contains("\(Self.requests) right answers"))
    }

    @Test("curl that speaks HTTP/1.1, or asks for an upgrade, is told how to call; its TLS ends.")
    func wrongProtocol() throws {
        for arguments in [[], ["--http2"]] {
            let plain = ChildProcess.run(
                "curl", ["-sS", "-i", "--unix-socket", relayd.socket] + arguments + ["http://a/x"])
            #expect(plain.code == 0)
            #expect(plain.output.hasPrefix("HTTP/1.1 505 "), "\(plain.output)")
            #expect(plain.output.contains("curl --http2-prior-knowledge --unix-socket PATH"))
        }
        let tls = ChildProcess.run(
            "curl", ["-sS", "-k", "--unix-socket", relayd.socket, "https://a/x"])
        #expect(tls.code == 35)
        #expect(tls.output.contains("alert protocol version"), "\(tls.output)")
        let admin = try ClientConnection(unix: relayd.adminSocket)
        let figures = try admin.perform(ClientRequest("GET", "/admin/stat")).body
        #expect(String(decoding: figures, as: UTF8.self).contains("\"cutOffWrongProtocol\":3"))
    }
}

extension String {
    fileprivate func components(of text: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: text) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }

    fileprivate func replacingSuffix(_ suffix: String, _ other: String) -> String {
        hasSuffix(suffix) ? dropLast(suffix.count) + other : self
    }
}
