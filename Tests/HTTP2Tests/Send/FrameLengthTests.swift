import Testing

@testable import HTTP2

@Suite("DATA frames")
struct FrameLengthTests {
    /// Bytes of the answer to /page.
    private static let page = 80_000

    @Test(
        "are as long as the client takes, up to our own limit.",
        arguments: [
            (nil, 16_384), (16_384, 16_384), (30_000, 30_000),
            (0xFF_FFFF, UInt32(Limits.dataFrameBytes)),
        ] as [(UInt32?, UInt32)])
    func lengths(taken: UInt32?, longest: UInt32) throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        client.write(Frames.settings(4, 0x7FFF_FFFF) + Frames.windowUpdate(1 << 30, stream: 0))
        if let taken { client.write(Frames.settings(5, taken)) }
        // Again and again: from where the first frames were packed, and from elsewhere.
        for stream in [1, 3, 5] as [UInt32] {
            client.write(RawConnection.get("/page", stream: stream))
            let frames = body(client, stream)
            let full = Self.page / Int(longest)
            #expect(
                frames.map { $0.count } == (0..<full).map { _ in Int(longest) }
                    + [Self.page - full * Int(longest)])
            #expect(frames.joined().elementsEqual(SampleApplication.page[..<Self.page]))
        }
    }

    @Test("grow and shrink with the client's settings and windows.")
    func changes() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        client.write(Frames.windowUpdate(1 << 30, stream: 0))
        for (index, (taken, window)) in [
            (0xFF_FFFF, 30_000), (16_384, 1 << 20), (0xFF_FFFF, 1 << 20), (17_000, 1 << 20),
        ].enumerated() {
            let stream = UInt32(index) * 2 + 1
            client.write(
                Frames.settings(5, UInt32(taken)) + Frames.settings(4, UInt32(window))
                    + RawConnection.get("/page", stream: stream)
                    + Frames.windowUpdate(1 << 20, stream: stream))
            let frames = body(client, stream)
            #expect(frames.allSatisfy { $0.count <= min(taken, Limits.dataFrameBytes) })
            #expect(frames.joined().elementsEqual(SampleApplication.page[..<Self.page]))
        }
    }

    /// Payloads of a stream's DATA frames.
    private func body(_ client: RawConnection, _ stream: UInt32) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        while let frame = client.next() {
            guard frame.stream == stream, frame.type == 0 else { continue }
            frames.append(frame.payload)
            if frame.flags & 1 == 1 { return frames }
        }
        Issue.record("no end of stream \(stream)")
        return frames
    }
}
