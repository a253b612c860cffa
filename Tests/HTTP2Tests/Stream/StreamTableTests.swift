import Testing

@testable import HTTP2

@Suite("The streams of a connection")
struct StreamTableTests {
    @Test("are found by their ids while they are open, and no others.")
    func find() {
        var pool = StreamPool()
        defer { pool.deallocate() }
        var table = StreamTable()
        var open: [Int32: Stream] = [:]
        var random = SystemRandomNumberGenerator()
        var next: Int32 = 1
        for _ in 0..<20_000 {
            if open.count < 256, Bool.random(using: &random) {
                let stream = pool.acquire()
                stream.phase = .receiving
                stream.id = next
                table.insert(stream)
                open[next] = stream
                next += 2 * Int32.random(in: 1...40)
            } else if let (id, stream) = open.randomElement() {
                table.remove(stream)
                pool.release(stream)
                open[id] = nil
                #expect(table.find(id) == nil)
            }
            let id = Int32.random(in: 0...next)
            #expect(table.find(id) == open[id])
        }
        for stream in open.values { pool.release(stream) }
    }

    @Test(
        "send ends first, then in the order of their urgency and requests, in turns where that serves."
    )
    func order() {
        var pool = StreamPool()
        defer { pool.deallocate() }
        var queue = OutputQueue()
        func add(
            _ id: Int32, _ urgency: UInt8, inTurns: Bool = false, bytes: Int = 1
        ) -> Stream {
            let stream = pool.acquire()
            stream.phase = .submitted
            stream.id = id
            stream.urgency = urgency
            stream.priority.isIncremental = inTurns
            stream.body.remaining = bytes
            queue.insert(stream)
            return stream
        }
        let streams = [
            add(9, 3), add(3, 3), add(5, 3), add(1, 7), add(11, 0, inTurns: true),
            add(7, 0, inTurns: true), add(13, 7, bytes: 0),
        ]
        #expect(queue.has(asUrgentAs: 0) && queue.has(asUrgentAs: 7))
        var order: [Int32] = []
        #expect(queue.first?.id == 13)
        queue.remove(streams[6])
        while let stream = queue.first {
            order.append(stream.id)
            queue.remove(stream)
            // What takes turns comes once more, behind the others of its urgency.
            if stream.priority.isIncremental, order.count < 3 { queue.insert(stream) }
        }
        #expect(order == [11, 7, 11, 7, 3, 5, 9, 1])
        #expect(!queue.has(asUrgentAs: 7) && streams.allSatisfy { !$0.isQueued })
        for stream in streams { pool.release(stream) }
    }
}
