import Glibc
import HTTP2
import Testing

@Suite("A client that does not speak HTTP/2")
struct ForeignProtocolTests {
    private static let upgrade =
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        + "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"

    private func expectRefused(_ server: SampleServer, _ client: RawConnection) {
        let text = String(decoding: client.rest(), as: UTF8.self)
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1)
        guard parts.count == 2 else {
            Issue.record("\(text)")
            return
        }
        #expect(parts[0].hasPrefix("HTTP/1.1 505 "))
        #expect(parts[0].contains("\r\nContent-Length: \(parts[1].utf8.count)\r\n"))
        #expect(parts[1].contains("curl --http2-prior-knowledge"))
        for _ in 0..<1_000 where count(server) == 0 { usleep(2_000) }
        #expect(count(server) == 1)
    }

    private func count(_ server: SampleServer) -> UInt64 {
        server.server.counters.cutOffs[CutOff.wrongProtocol.rawValue]
    }

    @Test(
        "but HTTP/1 is told in it how to call, whatever its method.",
        arguments: [
            "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", upgrade, "G", "PUT /x HTTP/1.0\r\n\r\n",
            "PROPFIND / HTTP/1.1\r\n\r\n", "get /\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 300000\r\n\r\n"
                + String(repeating: "x", count: 300_000),
        ])
    func http1(request: String) throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path, preface: false)
        client.write(Array(request.utf8))
        expectRefused(server, client)
    }

    @Test("but HTTP/1 is told so if its request comes byte by byte, or its end comes at once.")
    func pieces() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path, preface: false)
        for byte in "PRO".utf8 {
            client.write([byte])
            usleep(20_000)
        }
        client.endWriting()
        expectRefused(server, client)
    }

    @Test("but TLS gets an alert.", arguments: [1, 2, 300])
    func tls(bytes: Int) throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path, preface: false)
        let hello = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01] + [UInt8](repeating: 1, count: 300)
        client.write(Array(hello.prefix(bytes)))
        #expect(client.rest() == [0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 70])
        for _ in 0..<1_000 where count(server) == 0 { usleep(2_000) }
        #expect(count(server) == 1)
    }

    @Test("nor HTTP/1 or TLS gets a GOAWAY frame.", arguments: [[0], [0, 0, 0, 4], [0x80, 0x2E]])
    func noise(bytes: [UInt8]) throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path, preface: false)
        client.write(bytes)
        #expect(client.next()?.type == RawConnection.settings)
        #expect(client.first(RawConnection.goAway)?.errorCode == 1)
        #expect(client.isClosed(timeout: 3_000))
        #expect(count(server) == 0)
    }

    @Test(
        "is told nothing before it has said something; one whose preface comes in pieces is served."
    )
    func patience() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path, preface: false)
        #expect(client.next(timeout: 200) == nil)
        for byte in RawConnection.preface {
            client.write([byte])
            usleep(1_000)
        }
        #expect(client.next(timeout: 100) == nil)
        client.write(RawConnection.frame(RawConnection.settings))
        #expect(client.next()?.type == RawConnection.settings)
        client.write(RawConnection.get("/missing", stream: 1))
        #expect(client.awaitsEnd(of: 1))
    }
}
