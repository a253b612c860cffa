import Glibc
import Testing

@testable import HTTP2

@Suite("The portions of a long answer")
struct PortionTests {
    /// SETTINGS and WINDOW_UPDATE that open all windows.
    private static let windows =
        RawConnection.frame(RawConnection.settings, [0, 4, 0x7F, 0xFF, 0xFF, 0xFF])
        + RawConnection.frame(RawConnection.windowUpdate, [0x7F, 0, 0, 0])

    /// Reads what is there; returns bytes of DATA, and whether the answer has ended.
    private func drain(_ client: RawConnection) -> (bytes: Int, ended: Bool) {
        var (bytes, ended) = (0, false)
        while let frame = client.next(timeout: 0) {
            if frame.type != 0 { continue }
            bytes += frame.payload.count
            ended = ended || frame.flags & 1 != 0
        }
        return (bytes, ended)
    }

    @Test("fit what is sent at once: nothing is copied aside for a client that reads.")
    func fit() throws {
        let stepped = try SteppedLoop()
        let client = stepped.connect()
        client.write(Self.windows + RawConnection.get("/fitting", stream: 1))
        var (received, turns, ended) = (0, 0, false)
        while !ended, turns < 100 {
            stepped.loop.turn(timeout: 10)
            turns += 1
            let connection = try #require(stepped.loop.loop.connections)
            #expect(connection.unsent == nil, "turn \(turns)")
            #expect(connection.retainedBytes == 0, "turn \(turns)")
            let drained = drain(client)
            received += drained.bytes
            ended = drained.ended
        }
        #expect(received == SampleApplication.fittingBytes)
        // Each turn sends what the socket takes.
        #expect(turns <= SampleApplication.fittingBytes / Limits.allowanceBytes + 3)
    }

    @Test("that cannot be made have the stream reset at once, though nothing else is to be said.")
    func broken() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        client.write(Self.windows + RawConnection.get("/breaking", stream: 1))
        // The socket is full by then, and the next portion is asked for when it no longer is.
        usleep(200_000)
        var bytes = 0
        while let frame = client.next() {
            if frame.type == 0 { bytes += frame.payload.count }
            if frame.type == RawConnection.resetStream {
                #expect(frame.errorCode == 2, "INTERNAL_ERROR")
                #expect(bytes > 0 && bytes < SampleApplication.fittingBytes)
                return
            }
        }
        Issue.record("no RST_STREAM after \(bytes) bytes")
    }

    @Test("are no smaller for it when many answers go on beside each other.")
    func many() throws {
        let stepped = try SteppedLoop()
        let client = stepped.connect()
        client.write(Self.windows)
        for number in 0..<20 {
            client.write(RawConnection.get("/fitting", stream: UInt32(2 * number + 1)))
        }
        var (received, turns) = (0, 0)
        while received < 20 * SampleApplication.fittingBytes, turns < 1_000 {
            stepped.loop.turn(timeout: 10)
            turns += 1
            received += drain(client).bytes
        }
        #expect(received == 20 * SampleApplication.fittingBytes)
        #expect(turns <= 20 * (SampleApplication.fittingBytes / Limits.allowanceBytes + 3))
    }

    @Test("wait for a client that does not read, and go on when it does.")
    func waiting() throws {
        let stepped = try SteppedLoop()
        let client = stepped.connect()
        client.write(Self.windows + RawConnection.get("/fitting", stream: 1))
        for _ in 0..<5 { stepped.loop.turn(timeout: 10) }
        let sent = stepped.loop.counters.sentBytes
        #expect(sent > 200_000 && sent < 600_000)
        // A PING behind it is answered meanwhile.
        client.write(Frames.ping)
        for _ in 0..<5 { stepped.loop.turn(timeout: 10) }
        var (received, turns, pings) = (0, 0, 0)
        while received < SampleApplication.fittingBytes, turns < 1_000 {
            while let frame = client.next(timeout: 0) {
                if frame.type == 0 { received += frame.payload.count }
                if frame.type == RawConnection.ping { pings += 1 }
            }
            stepped.loop.turn(timeout: 10)
            turns += 1
        }
        #expect(received == SampleApplication.fittingBytes && pings == 1)
    }
}
