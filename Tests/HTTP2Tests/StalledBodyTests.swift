import HTTP2
import Testing

@Suite("A request body that stops coming")
struct StalledBodyTests {
    @Test("is answered 408 and freed while its connection goes on; so is one that comes in drops.")
    func stalled() throws {
        let bodies = BodyBudget(200_000, stallMilliseconds: 300)
        let server = try SampleServer(bodies: bodies)
        let client = try RawConnection(server.path)
        client.write(RawConnection.post("/missing", stream: 1))
        let data = [UInt8](repeating: 1, count: 16_000)
        for _ in 0..<6 { client.write(RawConnection.frame(0, stream: 1, data)) }
        client.write(RawConnection.post("/missing", stream: 3))
        var (answered, ended): (Set<UInt32>, Set<UInt32>) = ([], [])
        var id: UInt32 = 5
        // The loop looks at its clocks once a second: two looks for the answer and for the end.
        for _ in 0..<300 where ended.count < 2 {
            // Drops of one body, and whole requests: neither may hold the other one up.
            if !answered.contains(3) { client.write(RawConnection.frame(0, stream: 3, [1])) }
            client.write(RawConnection.get("/missing", stream: id))
            id += 2
            while let frame = client.next(timeout: 20) {
                let isStalled = frame.stream == 1 || frame.stream == 3
                if frame.type == RawConnection.headers, isStalled {
                    // Written out the first time, then an entry of the dynamic table.
                    let text = String(decoding: frame.payload, as: UTF8.self)
                    #expect(text.contains("408") || !answered.isEmpty)
                    answered.insert(frame.stream)
                }
                if frame.type == RawConnection.resetStream, isStalled {
                    #expect(frame.errorCode == 0)
                    ended.insert(frame.stream)
                }
            }
            if answered.count == 2 { #expect(bodies.usedBytes == 0) }
        }
        #expect(answered == [1, 3] && ended == [1, 3])
        client.write(RawConnection.frame(RawConnection.ping, [UInt8](repeating: 7, count: 8)))
        #expect(client.first(RawConnection.ping) != nil)
    }
}
