import Glibc
import Testing

@testable import HTTP2

/// Whatever a connection is given up for, what was accepted on it is answered.
@Suite("A connection that the server ends")
struct EndingTests {
    /// What came on a connection up to its end, or until nothing came any more.
    private struct Outcome {
        var answered: Set<UInt32> = []
        var resets: [UInt32: UInt32] = [:]
        var goAway: RawConnection.Frame?
        var bytes: [UInt32: [UInt8]] = [:]

        init(_ client: RawConnection, timeout: Int32 = 3_000, until count: Int = .max) {
            while answered.count + resets.count < count, let frame = client.next(timeout: timeout) {
                if frame.type == 0 { bytes[frame.stream, default: []] += frame.payload }
                if frame.type <= 1, frame.flags & 1 == 1 { answered.insert(frame.stream) }
                if frame.type == RawConnection.resetStream {
                    resets[frame.stream] = frame.errorCode
                }
                if frame.type == RawConnection.goAway { goAway = frame }
            }
        }
    }

    private static func requests(_ count: Int) -> [UInt8] {
        (0..<count).flatMap { RawConnection.get("/later", stream: UInt32($0 * 2 + 1)) }
    }

    private let limit = Int(Limits.maxConcurrentStreams)

    @Test("goes on after a first write of too many streams: the others are refused.")
    func tooManyAtFirst() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path, acknowledges: false)
        client.write(Self.requests(limit + 300))
        let outcome = Outcome(client, until: limit + 300)
        #expect(outcome.answered.count == limit)
        #expect(outcome.resets.count == 300 && outcome.resets.values.allSatisfy { $0 == 7 })
        #expect(outcome.goAway == nil)
        client.write(RawConnection.get("/missing", stream: 1_999))
        #expect(client.awaitsEnd(of: 1_999))
    }

    @Test("for more streams than anybody may have refused answers those that it took.")
    func farTooManyAtFirst() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path, acknowledges: false)
        client.write(Self.requests(limit + Limits.resetBurst + 50))
        let outcome = Outcome(client)
        #expect(outcome.answered.count == limit)
        #expect(outcome.goAway?.errorCode == 11)
        #expect(outcome.goAway?.debugText == Farewell.refusals.text)
    }

    @Test("for one stream more than its client knows to be allowed answers all others.")
    func oneTooMany() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        client.write(Self.requests(limit + 1))
        let outcome = Outcome(client)
        #expect(outcome.answered.count == limit)
        #expect(outcome.goAway?.errorCode == 1)
        #expect(outcome.goAway?.lastStream == UInt32(limit * 2 - 1))
    }

    @Test("for resets or a flood answers what was under way, however long that is.")
    func floods() throws {
        let cancel = (0..<Limits.resetBurst + 1).flatMap { index -> [UInt8] in
            let id = UInt32(index * 2 + 3)
            return RawConnection.get("/never", stream: id)
                + RawConnection.frame(RawConnection.resetStream, stream: id, [0, 0, 0, 8])
        }
        let pings = (0...Limits.controlFramesPerSecond + 4).flatMap { _ in Frames.ping }
        for flood in [cancel, pings] {
            let server = try SampleServer()
            let client = try RawConnection(server.path)
            client.write(RawConnection.get("/stream", stream: 1) + flood)
            let goAway = try #require(client.first(RawConnection.goAway))
            #expect(goAway.errorCode == 11 && goAway.payload.count > 8)
            // A million bytes, of which the windows let 65 535 through at first.
            let room: [UInt8] = [0x10, 0, 0, 0]
            client.write(RawConnection.frame(RawConnection.windowUpdate, room))
            client.write(RawConnection.frame(RawConnection.windowUpdate, stream: 1, room))
            #expect(Outcome(client).answered.contains(1))
            #expect(client.isClosed(timeout: 3_000))
        }
    }

    @Test("after an error sends whole answers, in pieces and in portions, as the windows allow.")
    func longAnswers() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        let room: [UInt8] = [0x10, 0, 0, 0]
        client.write(
            Frames.settings(4, 1 << 28) + RawConnection.frame(RawConnection.windowUpdate, room)
                + RawConnection.get("/page", stream: 1) + RawConnection.get("/scattered", stream: 3)
                + RawConnection.get("/stream", stream: 5) + RawConnection.get("/later", stream: 7)
                + RawConnection.frame(2, [0, 0, 0, 0, 15]))
        let outcome = Outcome(client)
        #expect(outcome.goAway?.errorCode == 1)
        #expect(outcome.answered == [1, 3, 5, 7])
        let page = SampleApplication.page
        #expect(outcome.bytes[1] == Array(page[0..<80_000]))
        var scattered: [UInt8] = []
        for index in 0..<3_000 {
            let start = index * 320
            scattered += page[start..<start + (index % 2 == 0 ? 300 : 40)]
        }
        #expect(outcome.bytes[3] == scattered)
        #expect(outcome.bytes[5]?.count == 1_000_000)
        #expect(outcome.bytes[7] == Array("later".utf8))
    }

    @Test("after an error in the midst of an answer sends as much of it as there is room for.")
    func midst() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        client.write(RawConnection.get("/stream", stream: 1))
        var received = 0
        while received < 65_535, let frame = client.next() {
            if frame.type == 0 { received += frame.payload.count }
        }
        client.write(
            Frames.windowUpdate(100_000, stream: 0) + Frames.windowUpdate(70_000, stream: 1)
                + RawConnection.frame(2, [0, 0, 0, 0, 15]))
        let outcome = Outcome(client)
        #expect(outcome.bytes[1]?.count == 70_000)
        #expect(!outcome.answered.contains(1))
    }

    @Test("after an error says of a request that has not come whole that it may be sent again.")
    func incomplete() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        client.write(RawConnection.post("/echo", stream: 1) + Frames.headers([0x80], stream: 3))
        let outcome = Outcome(client)
        #expect(outcome.goAway?.errorCode == 9, "COMPRESSION_ERROR")
        #expect(outcome.resets[1] == 7, "REFUSED_STREAM")
        #expect(client.isClosed(timeout: 3_000))
    }

    @Test(
        "whose preface is followed by anything but SETTINGS is told so.",
        arguments: [
            RawConnection.preface + Frames.ping,
            RawConnection.preface + RawConnection.frame(RawConnection.settings, flags: 1),
            RawConnection.preface + RawConnection.get("/missing", stream: 1),
        ])
    func preface(bytes: [UInt8]) throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path, preface: false)
        client.write(bytes)
        #expect(client.next()?.type == RawConnection.settings)
        let goAway = try #require(client.first(RawConnection.goAway))
        #expect(goAway.errorCode == 1 && goAway.payload.count > 8)
        #expect(client.isClosed(timeout: 3_000))
    }

    @Test("is counted by its reason.")
    func counted() throws {
        let server = try SampleServer()
        func cut(_ cause: CutOff) -> UInt64 { server.server.counters.cutOffs[cause.rawValue] }
        let faulty = try RawConnection(server.path)
        faulty.write(RawConnection.frame(2, [0, 0, 0, 0, 15]))
        #expect(faulty.first(RawConnection.goAway) != nil)
        let flooding = try RawConnection(server.path)
        flooding.write((0...Limits.controlFramesPerSecond).flatMap { _ in Frames.ping })
        #expect(flooding.first(RawConnection.goAway) != nil)
        let resetting = try RawConnection(server.path)
        // In time that brings some more.
        for index in 0..<2 * Limits.resetBurst {
            let id = UInt32(index * 2 + 1)
            resetting.write(
                RawConnection.get("/never", stream: id)
                    + RawConnection.frame(RawConnection.resetStream, stream: id, [0, 0, 0, 8]))
        }
        #expect(resetting.first(RawConnection.goAway) != nil)
        // Published when the turn ends in which the GOAWAY was sent.
        for _ in 0..<1_000 where cut(.resets) == 0 { usleep(2_000) }
        #expect(cut(.protocolError) == 1 && cut(.controlFrames) == 1 && cut(.resets) == 1)
        #expect(cut(.unread) == 0 && cut(.silent) == 0 && cut(.stalled) == 0 && cut(.failure) == 0)
    }
}
