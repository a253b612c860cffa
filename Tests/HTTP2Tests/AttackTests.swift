import Glibc
import Testing

@testable import HTTP2

@Suite("A hostile or faulty client")
struct AttackTests {
    @Test("that resets streams rapidly is told to go away.")
    func rapidReset() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        let cancel: [UInt8] = [0, 0, 0, 8]
        for index in 0..<1_500 {
            let id = UInt32(index * 2 + 1)
            let pair =
                RawConnection.get("/later", stream: id)
                + RawConnection.frame(RawConnection.resetStream, stream: id, cancel)
            if !client.write(pair) { break }
        }
        let goAway = client.first(RawConnection.goAway)
        #expect(goAway?.errorCode == 11, "ENHANCE_YOUR_CALM")
        #expect(goAway?.debugText.contains("\(Limits.resetBurst) at once") ?? false)
        try expectAlive(server)
    }

    @Test("that provokes resets is told to calm down.")
    func madeYouReset() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        var goAway: RawConnection.Frame?
        var id: UInt32 = 1
        while goAway == nil, id < 2_000 {
            // Within the concurrency limit: the resets themselves are what is tested.
            for _ in 0..<50 {
                client.write(
                    RawConnection.get("/later", stream: id)
                        + Frames.windowUpdate(0x7FFF_FFFF, stream: id))
                id += 2
            }
            client.write(Frames.ping)
            while let frame = client.next() {
                if frame.type == RawConnection.goAway { goAway = frame }
                if frame.type == RawConnection.goAway || frame.type == RawConnection.ping { break }
            }
        }
        #expect(goAway?.errorCode == 11, "ENHANCE_YOUR_CALM")
        try expectAlive(server)
    }

    @Test("that uses the highest stream id there is, first or later, is answered.")
    func highestStream() throws {
        let server = try SampleServer()
        for earlier in [[], RawConnection.get("/missing", stream: 1)] {
            let client = try RawConnection(server.path)
            client.write(earlier + RawConnection.get("/missing", stream: 0x7FFF_FFFF))
            #expect(client.awaitsEnd(of: 0x7FFF_FFFF))
        }
        try expectAlive(server)
    }

    @Test("that floods PING frames is told to calm down.")
    func pingFlood() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        let ping = RawConnection.frame(RawConnection.ping, [UInt8](repeating: 0, count: 8))
        for _ in 0..<40 where client.write((0..<100).flatMap { _ in ping }) {}
        #expect(client.first(RawConnection.goAway)?.errorCode == 11)
        try expectAlive(server)
    }

    @Test(
        "that floods frames which carry nothing is told to calm down.",
        arguments: [
            (RawConnection.windowUpdate, [0, 0, 0, 1]), (UInt8(0xBA), []), (UInt8(0xBA), [1, 2]),
            (RawConnection.settings, []),
            (RawConnection.settings, (0..<30).flatMap { _ in [0, 4, 0, 0, 0xFF, 0xFF] }),
            (UInt8(2), [0, 0, 0, 0, 15]),
            (UInt8(16), [0, 0, 0, 1, 0x75]),
        ])
    func frameFlood(type: UInt8, payload: [UInt8]) throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        // PRIORITY belongs to a stream, one that need not be open.
        let frame = RawConnection.frame(type, stream: type == 2 ? 9 : 0, payload)
        // Many settings in a frame are worth as many frames.
        for _ in 0..<(payload.count > 8 ? 1 : 40)
        where client.write((0..<100).flatMap { _ in frame }) {}
        let goAway = client.first(RawConnection.goAway)
        #expect(goAway?.errorCode == 11)
        #expect(goAway?.debugText.contains("\(Limits.controlFramesPerSecond) frames") ?? false)
        try expectAlive(server)
    }

    @Test(
        "that floods DATA frames without a byte of a body is told to calm down.",
        arguments: [
            Frames.data([], flags: 0, stream: 1), Frames.data([0], flags: Frames.padded, stream: 1),
            Frames.data([3, 0, 0, 0], flags: Frames.padded, stream: 1),
        ])
    func emptyData(frame: [UInt8]) throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        client.write(RawConnection.post("/echo", stream: 1))
        for _ in 0..<40 where client.write((0..<100).flatMap { _ in frame }) {}
        #expect(client.first(RawConnection.goAway)?.errorCode == 11)
        try expectAlive(server)
    }

    @Test("that sends a body byte by byte, each with padding, is answered.")
    func paddedData() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        let frame = Frames.data([3, 7, 0, 0, 0], flags: Frames.padded, stream: 1)
        client.write(RawConnection.post("/echo", stream: 1))
        for _ in 0..<40 { client.write((0..<100).flatMap { _ in frame }) }
        client.write(Frames.data([3, 0, 0, 0], flags: Frames.padded | Frames.endStream, stream: 1))
        #expect(client.first(0)?.payload == [UInt8](repeating: 7, count: 4_000))
    }

    @Test(
        "that goes on with a stream which was reset is told to calm down, but not at once.",
        arguments: [
            Frames.data([1, 2, 3], flags: 0, stream: 1), Frames.data([], stream: 1),
            Frames.headers([], stream: 1),
        ])
    func stray(frame: [UInt8]) throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        // Without a method: malformed.
        client.write(RawConnection.frame(RawConnection.headers, flags: 4, stream: 1, [0x86]))
        #expect(client.first(RawConnection.resetStream)?.stream == 1)
        // What was on its way costs nothing: all the control frames that there are may follow.
        client.write((0..<Limits.strayFramesPerReset).flatMap { _ in frame })
        client.write((0..<Limits.controlFramesPerSecond - 10).flatMap { _ in frame })
        client.write(RawConnection.get("/missing", stream: 3))
        #expect(client.first(RawConnection.headers)?.stream == 3)
        for _ in 0..<40 where client.write((0..<100).flatMap { _ in frame }) {}
        #expect(client.first(RawConnection.goAway)?.errorCode == 11)
        try expectAlive(server)
    }

    @Test("that sends a PING and a PRIORITY with each of 3 000 requests is served on.")
    func pingPerRequest() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        var id: UInt32 = 1
        for _ in 0..<30 {
            var batch: [UInt8] = []
            for _ in 0..<100 {
                batch += RawConnection.frame(2, stream: id, [0, 0, 0, 0, 15])
                batch += RawConnection.get("/missing", stream: id) + Frames.ping
                id += 2
            }
            client.write(batch)
            #expect(client.awaitsEnd(of: id - 2))
        }
        #expect(server.server.counters.cutOffs[CutOff.controlFrames.rawValue] == 0)
    }

    @Test("that opens its window for every kilobyte it has read is served on.")
    func eagerWindows() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        client.write(RawConnection.frame(RawConnection.settings, [0, 4, 0, 15, 0, 0]))
        var read = 0
        for index in 0..<40 {
            client.write(RawConnection.get("/page", stream: UInt32(index * 2 + 1)))
            while let frame = client.next() {
                if frame.type != 0 { continue }
                read += frame.payload.count
                for _ in 0..<frame.payload.count / 1_024 {
                    client.write(
                        RawConnection.frame(RawConnection.windowUpdate, [0, 0, 4, 0]))
                }
                if frame.flags & 1 == 1 { break }
            }
        }
        #expect(read > 2_000 * 1_024)
        try expectAlive(server)
    }

    @Test("whose bodies and those of others would fill the memory gets 503, until there is room.")
    func bodyBudget() throws {
        let server = try SampleServer(bodies: BodyBudget(100_000))
        let client = try RawConnection(server.path)
        let data = [UInt8](repeating: 1, count: 16_000)
        // A request whose body is not complete holds its part of the budget.
        client.write(RawConnection.post("/missing", stream: 1))
        for _ in 0..<6 { client.write(RawConnection.frame(0, stream: 1, data)) }
        // The answer to a PING says that the server has read all of it.
        client.write(RawConnection.frame(RawConnection.ping, [UInt8](repeating: 7, count: 8)))
        #expect(client.first(RawConnection.ping) != nil)
        let other = try RawConnection(server.path)
        other.write(RawConnection.post("/missing", stream: 1))
        other.write(RawConnection.frame(0, flags: 1, stream: 1, data))
        let refused = try #require(other.first(RawConnection.headers))
        // The status is no entry of the static table: 503 is written out.
        #expect(String(decoding: refused.payload, as: UTF8.self).contains("503"))
        client.write(RawConnection.frame(0, flags: 1, stream: 1))
        #expect(client.first(RawConnection.headers)?.payload.first == 0x8D)
        other.write(RawConnection.post("/missing", stream: 3))
        other.write(RawConnection.frame(0, flags: 1, stream: 3, data))
        #expect(other.first(RawConnection.headers)?.payload.first == 0x8D)
    }

    @Test("that opens a stream it has passed over is told of its protocol error.")
    func skippedStream() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        client.write(RawConnection.get("/page", stream: 5))
        #expect(client.first(RawConnection.headers)?.stream == 5)
        client.write(RawConnection.get("/page", stream: 3))
        #expect(client.first(RawConnection.goAway)?.errorCode == 1)
    }

    @Test("whose trailers come after the server has reset its stream is served on.")
    func lateTrailers() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        // Without a method: malformed.
        client.write(RawConnection.frame(RawConnection.headers, flags: 4, stream: 1, [0x86]))
        #expect(client.first(RawConnection.resetStream)?.stream == 1)
        client.write(RawConnection.get("/missing", stream: 3))
        #expect(client.first(RawConnection.headers)?.stream == 3)
        client.write(RawConnection.frame(RawConnection.headers, flags: 5, stream: 1, [0x82]))
        client.write(RawConnection.get("/missing", stream: 5))
        #expect(client.first(RawConnection.headers)?.stream == 5)
    }

    @Test("that sends its frames byte by byte is answered.")
    func dribble() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        for byte in RawConnection.get("/missing", stream: 1) {
            #expect(client.write([byte]))
            usleep(200)
        }
        #expect(client.first(RawConnection.headers)?.stream == 1)
    }

    @Test("that says nothing is disconnected after the handshake time.")
    func silence() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path, preface: false)
        #expect(client.isClosed(timeout: 9_000))
    }

    private func expectAlive(_ server: SampleServer) throws {
        let client = try ClientConnection(unix: server.path)
        #expect(try client.perform(ClientRequest("GET", "/page")).status == 200)
    }
}
