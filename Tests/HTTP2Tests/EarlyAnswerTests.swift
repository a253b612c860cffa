import Testing

/// Frames of answers that come before their requests' ends: a proxy in between tells its client the
/// END_STREAM flag of an answer by a reset, at which some clients forget the answer.
@Suite("An answer that comes before the request's end", .serialized)
struct EarlyAnswerTests {
    private static let data: UInt8 = 0
    private static let endStream: UInt8 = 1

    private let server: SampleServer
    private let client: RawConnection

    init() throws {
        server = try SampleServer()
        client = try RawConnection(server.path)
    }

    /// All frames of stream 1 up to the answer to a PING.
    private func framesBeforePong() -> [RawConnection.Frame] {
        client.write(RawConnection.frame(RawConnection.ping, [UInt8](repeating: 7, count: 8)))
        var frames: [RawConnection.Frame] = []
        while let frame = client.next(), frame.type != RawConnection.ping {
            if frame.stream == 1 { frames.append(frame) }
        }
        return frames
    }

    private func nextOfStream() -> RawConnection.Frame? {
        while let frame = client.next() {
            if frame.stream == 1 { return frame }
        }
        return nil
    }

    @Test("does not end before the request does, and is not followed by a reset.")
    func held() throws {
        client.write(RawConnection.post("/refuse", stream: 1))
        let head = try #require(nextOfStream())
        #expect(head.type == RawConnection.headers && head.flags & Self.endStream == 0)
        client.write(RawConnection.frame(Self.data, stream: 1, [1, 2, 3]))
        #expect(framesBeforePong().filter { $0.type != RawConnection.windowUpdate }.isEmpty)
        client.write(RawConnection.frame(Self.data, flags: Self.endStream, stream: 1, [4]))
        let end = try #require(nextOfStream())
        #expect(end.type == Self.data && end.flags == Self.endStream && end.payload.isEmpty)
        #expect(framesBeforePong().isEmpty)
    }

    @Test("comes with its body, which does not wait for the request's end.")
    func body() throws {
        client.write(RawConnection.post("/echo", stream: 1))
        // Refused by its size, and with 16 MiB of room for the rest.
        let piece = RawConnection.frame(Self.data, stream: 1, [UInt8](repeating: 1, count: 16_384))
        for _ in 0..<65 { client.write(piece) }
        var frame = try #require(client.first(RawConnection.headers))
        #expect(frame.flags & Self.endStream == 0)
        client.write(RawConnection.frame(Self.data, flags: Self.endStream, stream: 1))
        frame = try #require(client.first(Self.data))
        #expect(frame.flags == Self.endStream)
    }

    @Test(
        "ends with an empty frame when the client has taken back more of its window than was left.",
        arguments: [true, false])
    func lessThanNothing(ends: Bool) throws {
        client.write(RawConnection.post("/refuse/told", stream: 1))
        #expect(nextOfStream()?.type == RawConnection.headers)
        #expect(nextOfStream()?.payload == Array("too large".utf8))
        client.write(Frames.settings(4, 0))
        if ends { client.write(RawConnection.frame(Self.data, flags: Self.endStream, stream: 1)) }
        // Its end, or half a second, ends the answer.
        let end = try #require(nextOfStream())
        #expect(end.type == Self.data && end.flags == Self.endStream && end.payload.isEmpty)
        client.write(
            Frames.settings(4, 65_535) + RawConnection.get("/missing", stream: 3))
        #expect(client.awaitsEnd(of: 3))
    }

    @Test("ends at once where the client asked first whether it should send its body.")
    func expectation() throws {
        client.write(
            RawConnection.post("/refuse", stream: 1, field: ("expect", "100-continue")))
        let head = try #require(nextOfStream())
        #expect(head.type == RawConnection.headers && head.flags & Self.endStream != 0)
    }

    @Test("ends half a second later where the client waits for its end with the body.")
    func waitingClient() throws {
        client.write(RawConnection.post("/refuse", stream: 1))
        #expect(try #require(nextOfStream()).flags & Self.endStream == 0)
        let end = try #require(nextOfStream())
        #expect(end.type == Self.data && end.flags == Self.endStream)
        // The body may still come, and end.
        client.write(RawConnection.frame(Self.data, flags: Self.endStream, stream: 1, [4]))
        #expect(framesBeforePong().isEmpty)
    }

    @Test("ends before the stream of a body without end is reset.")
    func endless() throws {
        client.write(RawConnection.post("/refuse", stream: 1))
        let piece = RawConnection.frame(Self.data, stream: 1, [UInt8](repeating: 1, count: 16_384))
        var frames: [RawConnection.Frame] = []
        for _ in 0..<100 where frames.last?.type != RawConnection.resetStream {
            for _ in 0..<16 { client.write(piece) }
            frames += framesBeforePong().filter { $0.type != RawConnection.windowUpdate }
        }
        #expect(
            frames.map(\.type) == [RawConnection.headers, Self.data, RawConnection.resetStream])
        #expect(frames.count == 3 && frames[1].flags == Self.endStream)
        #expect(frames.last?.errorCode == 0)
    }

    @Test("is of no concern to HEAD, whose fields are followed by an empty frame that ends it.")
    func head() throws {
        let path = Array("/page".utf8)
        // HEAD is in no table of HPACK's.
        let block = [0x02, 0x04] + Array("HEAD".utf8) + [0x86, 0x04, UInt8(path.count)] + path
        client.write(
            RawConnection.frame(RawConnection.headers, flags: 5, stream: 1, block))
        #expect(try #require(nextOfStream()).flags & Self.endStream == 0)
        let end = try #require(nextOfStream())
        #expect(end.type == Self.data && end.flags == Self.endStream && end.payload.isEmpty)
    }
}
