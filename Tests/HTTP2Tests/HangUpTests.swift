import Testing

@testable import HTTP2

@Suite("A client that goes")
struct HangUpTests {
    private static func post(_ stream: UInt32, ends: Bool = true) -> [UInt8] {
        RawConnection.post("/count", stream: stream)
            + RawConnection.frame(0, flags: ends ? 1 : 0, stream: stream, [1, 2, 3])
    }

    @Test("right after it has sent a request has it carried out.")
    func whole() throws {
        let stepped = try SteppedLoop()
        for _ in 0..<20 {
            let client = stepped.connect()
            client.write(Self.post(1))
            client.close()
        }
        #expect(stepped.finish())
        #expect(stepped.counted == 20)
    }

    @Test("behind long answers that it has not read has all its requests carried out.")
    func unread() throws {
        let stepped = try SteppedLoop()
        let client = stepped.connect()
        client.write(
            Frames.settings(4, 1 << 28)
                + RawConnection.frame(RawConnection.windowUpdate, [0x10, 0, 0, 0]))
        for index in 0..<20 {
            client.write(RawConnection.get("/page", stream: UInt32(index * 2 + 1)))
        }
        // The socket is full now.
        for _ in 0..<5 { stepped.loop.turn(timeout: 0) }
        for index in 20..<120 { client.write(Self.post(UInt32(index * 2 + 1))) }
        client.close()
        #expect(stepped.finish())
        #expect(stepped.counted == 100)
    }

    @Test("has what changes something carried out, and what only reads left out.")
    func reads() throws {
        let stepped = try SteppedLoop()
        let client = stepped.connect()
        for index in 0..<100 {
            let id = UInt32(index * 2 + 1)
            client.write(index == 50 ? Self.post(id) : RawConnection.get("/count", stream: id))
        }
        client.close()
        #expect(stepped.finish())
        #expect(stepped.counted == 1)
    }

    @Test("while an answer is pending is not waited for, but its connection is.")
    func pending() throws {
        let stepped = try SteppedLoop()
        let client = stepped.connect()
        client.write(RawConnection.get("/later", stream: 1) + Self.post(3))
        client.close()
        for _ in 0..<3 { stepped.loop.turn(timeout: 0) }
        #expect(stepped.counted == 1)
        #expect(stepped.finish())
    }

    @Test("in the midst of a request has it dropped, and the others carried out.")
    func half() throws {
        let stepped = try SteppedLoop()
        let client = stepped.connect()
        client.write(Self.post(1) + Self.post(3, ends: false) + Self.post(5))
        client.write(Array(Self.post(7).prefix(20)))
        client.close()
        #expect(stepped.finish())
        #expect(stepped.counted == 2)
        #expect(stepped.loop.bodies.usedBytes == 0)
    }

    @Test("with more in the socket than one turn reads has all of it carried out.")
    func much() throws {
        let stepped = try SteppedLoop()
        let client = stepped.connect()
        let body = [UInt8](repeating: 1, count: 16_384)
        var sent = 0
        // Up to what a socket holds that nobody reads: without windows, because nobody grants any.
        for index in 0..<8 {
            let id = UInt32(index * 2 + 1)
            client.write(RawConnection.post("/count", stream: id))
            client.write(RawConnection.frame(0, flags: 1, stream: id, body))
            sent += 1
        }
        client.close()
        #expect(stepped.finish())
        #expect(stepped.counted == sent)
    }

    @Test("with one half only is answered; requests that it has not sent whole are reset.")
    func halfClosed() throws {
        let stepped = try SteppedLoop()
        let client = stepped.connect()
        client.write(
            RawConnection.get("/later", stream: 1) + Self.post(3) + Self.post(5, ends: false))
        client.endWriting()
        #expect(stepped.finish())
        #expect(stepped.counted == 1)
        var answered: Set<UInt32> = []
        var reset: [UInt32: UInt32] = [:]
        while let frame = client.next(timeout: 0) {
            if frame.type <= 1, frame.flags & 1 == 1 { answered.insert(frame.stream) }
            if frame.type == RawConnection.resetStream { reset[frame.stream] = frame.errorCode }
        }
        #expect(answered == [1, 3])
        #expect(reset == [5: 8], "CANCEL")
    }

    @Test("with one half after an early answer leaves no connection behind.")
    func halfClosedEarlyAnswer() throws {
        let stepped = try SteppedLoop()
        let client = stepped.connect()
        client.write(RawConnection.post("/refuse", stream: 1))
        client.endWriting()
        #expect(stepped.finish())
        #expect(client.first(RawConnection.headers, timeout: 0)?.stream == 1)
    }
}
