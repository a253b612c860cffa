import Glibc
import HTTP2
import Testing

@Suite("A server on a Unix socket")
struct ServerTests {
    @Test("answers a request and echoes its body.")
    func echo() throws {
        let server = try SampleServer()
        let client = try ClientConnection(unix: server.path)
        let body = Array("grüße".utf8)
        let response = try client.perform(ClientRequest("POST", "/echo", body: body))
        #expect(response.status == 200)
        #expect(response.body == body)
        #expect(response["content-length"] == "7")
        #expect(response["content-type"] == "text/plain")
    }

    @Test("does not tell a client to send the body of a request that it has reset, or sent whole.")
    func noContinue() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        let field = (name: "expect", value: "100-continue")
        client.write(
            RawConnection.post("/missing", stream: 1, field: field)
                + RawConnection.frame(RawConnection.resetStream, stream: 1, [0, 0, 0, 8])
                + RawConnection.post("/missing", stream: 3, field: field)
                + RawConnection.frame(0, flags: 1, stream: 3, [1]))
        let first = try #require(client.first(RawConnection.headers))
        #expect(first.stream == 3 && first.payload.first == 0x8D, "404")
    }

    @Test("tells a client that asks first to send its body, or refuses it unseen.")
    func expectation() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        let field = (name: "expect", value: "100-Continue")
        client.write(RawConnection.post("/missing", stream: 1, field: field))
        let interim = try #require(client.first(RawConnection.headers))
        // :status by its index in the static table, and "100" as it is.
        #expect(interim.payload == [0x08, 3] + Array("100".utf8))
        #expect(interim.flags & 1 == 0, "the stream goes on")
        client.write(RawConnection.frame(0, flags: 1, stream: 1, [1, 2, 3]))
        #expect(client.first(RawConnection.headers)?.payload.first == 0x8D, "404")
        client.write(RawConnection.post("/refuse", stream: 3, field: field))
        let refused = try #require(client.first(RawConnection.headers))
        #expect(String(decoding: refused.payload, as: UTF8.self).contains("413"))
    }

    @Test("counts what it answered, took and sent.")
    func counters() throws {
        let server = try SampleServer()
        let client = try ClientConnection(unix: server.path)
        for _ in 0..<3 { _ = try client.perform(ClientRequest("GET", "/page")) }
        _ = try client.perform(ClientRequest("GET", "/nothing"))
        // The turn of an answer is published when it ends, which may be after the answer came: one
        // more request, whose turn comes later, sees all before it.
        _ = try client.perform(ClientRequest("GET", "/nothing"))
        let counters = server.server.counters
        #expect(counters.answers[2] == 3)
        #expect(counters.answers[4] >= 1 && counters.requests >= 4)
        #expect(counters.connections == 1)
        #expect(counters.sentBytes > 240_000 && counters.receivedBytes > 50)
        #expect(counters.turns >= 4)
    }

    @Test("deals connections out evenly, also those that come in one burst.")
    func spread() throws {
        let server = try SampleServer(loops: 3)
        let counts = { server.server.loops.map(\.connectionCount) }
        let first = try RawConnection(server.path)
        let burst = try (0..<40).map { _ in try RawConnection(server.path) }
        while counts().reduce(0, +) < 41 { usleep(1_000) }
        #expect(counts().min() == 13 && counts().max() == 14, "\(counts())")
        withExtendedLifetime((first, burst)) {}
    }

    @Test("sends attached pieces in order, whole and with their length.")
    func attachedPieces() throws {
        let server = try SampleServer()
        let client = try ClientConnection(unix: server.path)
        let response = try client.perform(ClientRequest("GET", "/page"))
        #expect(response.body == Array(SampleApplication.page[0..<80_000]))
        #expect(response["content-length"] == "80000")
    }

    @Test("sends thousands of small pieces that lie apart, in order.")
    func scatteredPieces() throws {
        let server = try SampleServer()
        let client = try ClientConnection(unix: server.path)
        var expected: [UInt8] = []
        for index in 0..<3_000 {
            let start = index * 320
            expected += SampleApplication.page[start..<start + (index % 2 == 0 ? 300 : 40)]
        }
        let ids = try (0..<3).map { _ in try client.send(ClientRequest("GET", "/scattered")) }
        for id in ids { #expect(try client.run(until: id).body == expected) }
    }

    @Test("answers a client that has closed its side.")
    func halfClosed() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        client.write(RawConnection.get("/later", stream: 1))
        client.endWriting()
        #expect(client.first(RawConnection.headers)?.stream == 1)
        #expect(client.isClosed(timeout: 2_000))
    }

    @Test("streams a long answer in portions, without a content-length.")
    func portions() throws {
        let server = try SampleServer()
        let client = try ClientConnection(unix: server.path)
        let response = try client.perform(ClientRequest("GET", "/stream"))
        #expect(response.body.count == 1_000_000)
        #expect(response["content-length"] == nil)
        let portion = Array(SampleApplication.page[0..<50_000])
        #expect(Array(response.body[950_000...]) == portion)
    }

    @Test("answers many streams of one connection, each with its own bytes.")
    func manyStreams() throws {
        let server = try SampleServer(loops: 2)
        let client = try ClientConnection(unix: server.path)
        let ids = try (0..<200).map { number in
            try client.send(
                number % 2 == 0
                    ? ClientRequest("POST", "/echo", body: Array("body \(number)".utf8))
                    : ClientRequest("GET", "/page"))
        }
        for (number, id) in ids.enumerated() {
            let response = try client.run(until: id)
            if number % 2 == 0 {
                #expect(response.body == Array("body \(number)".utf8))
            } else {
                #expect(response.body.count == 80_000)
            }
        }
    }

    @Test("answers an exchange that another thread resumes.")
    func later() throws {
        let server = try SampleServer()
        let client = try ClientConnection(unix: server.path)
        let response = try client.perform(ClientRequest("GET", "/later"))
        #expect(response.status == 201)
        #expect(response.body == Array("later".utf8))
    }

    @Test("answers HEAD with the fields of GET and no body.")
    func head() throws {
        let server = try SampleServer()
        let client = try ClientConnection(unix: server.path)
        let response = try client.perform(ClientRequest("HEAD", "/page"))
        #expect(response.status == 200)
        #expect(response.body.isEmpty)
        #expect(response["content-length"] == "80000")
    }

    @Test("refuses a body before it is read, and one that grows too large.")
    func refusedBodies() throws {
        let server = try SampleServer()
        let client = try ClientConnection(unix: server.path)
        let large = [UInt8](repeating: 65, count: 3 << 20)
        #expect(try client.perform(ClientRequest("POST", "/refuse", body: large)).status == 413)
        #expect(try client.perform(ClientRequest("POST", "/echo", body: large)).status == 413)
        #expect(try client.perform(ClientRequest("GET", "/page")).status == 200)
    }

    @Test("answers a client that still sends its body when the answer has come, again and again.")
    func earlyAnswers() throws {
        let server = try SampleServer()
        let large = [UInt8](repeating: 65, count: 4 << 20)
        for _ in 0..<40 {
            let client = try ClientConnection(unix: server.path)
            let request = ClientRequest("POST", "/refuse", body: large)
            #expect(try client.perform(request, timeout: 5_000).status == 413)
        }
    }

    @Test("refuses a field section past the limit with 431 and serves the next request.")
    func largeFields() throws {
        let server = try SampleServer()
        let client = try ClientConnection(unix: server.path)
        let large = HeaderField("x-large", String(repeating: "a", count: 20_000))
        let many = (0..<120).map { HeaderField("x-\($0)", "1") }
        #expect(try client.perform(ClientRequest("GET", "/page", fields: [large])).status == 431)
        #expect(try client.perform(ClientRequest("GET", "/page", fields: many)).status == 431)
        #expect(try client.perform(ClientRequest("GET", "/page")).status == 200)
    }

    @Test("finishes streams under way when it stops, then removes its socket.")
    func gracefulStop() throws {
        let server = try SampleServer()
        let client = try ClientConnection(unix: server.path)
        let id = try client.send(ClientRequest("GET", "/later"))
        // Taken in order: the answer to a later request says that this one is under way.
        #expect(try client.perform(ClientRequest("GET", "/missing")).status == 404)
        server.server.stop(afterMilliseconds: 3_000)
        #expect(try client.run(until: id).status == 201)
        #expect(access(server.path, F_OK) != 0)
    }

    @Test("is heard to the end by a client that finds its socket closed when it writes.")
    func closedWhileWriting() throws {
        let server = try SampleServer()
        let client = try ClientConnection(unix: server.path)
        let id = try client.send(ClientRequest("GET", "/missing"))
        try client.flush()
        while server.server.counters.requests == 0 { usleep(1_000) }
        // The answer lies in the socket of a connection that has gone.
        server.server.stop(afterMilliseconds: 3_000)
        #expect(try client.run(until: id).status == 404)
    }

    @Test("answers the same without a socket.")
    func detached() throws {
        let loop = try DetachedLoop(application: SampleApplication())
        #expect(loop.perform(ClientRequest("GET", "/page")).body.count == 80_000)
        #expect(loop.perform(ClientRequest("GET", "/stream")).body.count == 1_000_000)
        #expect(loop.perform(ClientRequest("GET", "/later")).body == Array("later".utf8))
        #expect(loop.perform(ClientRequest("HEAD", "/page")).body.isEmpty)
        let body = Array("x".utf8)
        #expect(loop.perform(ClientRequest("POST", "/echo", body: body)).body == body)
    }
}
