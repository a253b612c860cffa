import Glibc
import HTTP2
import Testing

@Suite("A client loop")
struct ClientLoopTests {
    /// Counts answers, and keeps the bodies' bytes of one slot.
    final class Counter: ResponseHandler {
        var outcomes: [ResponseOutcome] = []
        var bytes = 0
        var last: [UInt8] = []
        var fields = 0

        override func field(
            _ slot: Int, _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
        ) { fields += 1 }

        override func data(_ slot: Int, _ bytes: UnsafeRawBufferPointer) {
            self.bytes += bytes.count
            if slot == 0 { last += bytes }
        }

        override func finished(_ slot: Int, _ outcome: ResponseOutcome) {
            outcomes.append(outcome)
        }
    }

    private static func write(_ text: String, to space: UnsafeMutablePointer<UInt8>) -> Int {
        for (index, byte) in text.utf8.enumerated() { space[index] = byte }
        return text.utf8.count
    }

    private static func turn(_ loop: ClientLoop, until isDone: () -> Bool) {
        for _ in 0..<5_000 where !isDone() { loop.turn(waiting: 1_000_000) }
    }

    @Test("fills every slot of every connection and gets every answer, whole.")
    func answers() throws {
        let server = try SampleServer()
        let counter = Counter()
        let loop = try ClientLoop(.unix(server.path), connections: 3, streams: 8, handler: counter)
        let template = RequestTemplate("GET")
        for round in 1...20 {
            for slot in 0..<loop.slotCount {
                let length = Self.write("/page", to: loop.path(slot))
                #expect(loop.submit(slot, template, pathLength: length))
            }
            Self.turn(loop) { counter.outcomes.count == round * 24 }
        }
        #expect(counter.outcomes.count == 480)
        #expect(counter.bytes == 480 * 80_000)
        #expect(
            counter.outcomes.allSatisfy {
                $0.status == 200 && $0.declaredBytes == 80_000 && $0.receivedBytes == 80_000
                    && $0.failure == nil
            })
        #expect(counter.last.prefix(80_000).elementsEqual(SampleApplication.page[0..<80_000]))
    }

    @Test("sends a body, and hands on the fields of the answer.")
    func body() throws {
        let server = try SampleServer()
        let counter = Counter()
        let loop = try ClientLoop(.unix(server.path), connections: 1, streams: 1, handler: counter)
        let template = RequestTemplate("POST", fields: [HeaderField("x-note", "kept")])
        let body = Self.write("{\"text\":1}", to: loop.body(0))
        let path = Self.write("/echo", to: loop.path(0))
        #expect(loop.submit(0, template, pathLength: path, bodyLength: body))
        Self.turn(loop) { !counter.outcomes.isEmpty }
        #expect(String(decoding: counter.last, as: UTF8.self) == "{\"text\":1}")
        #expect(counter.fields == 1)
    }

    @Test("gives up a request, and its slot is free again.")
    func cancel() throws {
        let server = try SampleServer()
        let counter = Counter()
        let loop = try ClientLoop(.unix(server.path), connections: 1, streams: 1, handler: counter)
        let template = RequestTemplate("GET")
        let length = Self.write("/never", to: loop.path(0))
        #expect(loop.submit(0, template, pathLength: length))
        for _ in 0..<20 { loop.turn(waiting: 1_000_000) }
        #expect(counter.outcomes.isEmpty)
        #expect(loop.cancel(0))
        Self.turn(loop) { !counter.outcomes.isEmpty }
        #expect(counter.outcomes.first?.failure == .reset)
        let next = Self.write("/page", to: loop.path(0))
        #expect(loop.submit(0, template, pathLength: next))
        Self.turn(loop) { counter.outcomes.count == 2 }
        #expect(counter.outcomes.last?.status == 200)
    }

    @Test("knows what its server allows, and uses no more streams than that.")
    func streamLimit() throws {
        let server = try SampleServer()
        let counter = Counter()
        let loop = try ClientLoop(
            .unix(server.path), connections: 1, streams: 300, handler: counter)
        let allowed = Int(Limits.maxConcurrentStreams)
        #expect(loop.streamLimit == allowed && loop.slotCount == 300)
        #expect(loop.isUsable(allowed - 1) && !loop.isUsable(allowed))
        let length = Self.write("/page", to: loop.path(allowed))
        #expect(!loop.submit(allowed, RequestTemplate("GET"), pathLength: length))
    }

    @Test("ends the requests of a connection that its server closes.")
    func lost() throws {
        let server = try SampleServer()
        let counter = Counter()
        let loop = try ClientLoop(
            .unix(server.path), connections: 2, streams: 2, handler: counter)
        #expect(loop.serverProcess == getpid())
        let template = RequestTemplate("GET")
        for slot in 0..<4 {
            let length = Self.write("/never", to: loop.path(slot))
            #expect(loop.submit(slot, template, pathLength: length))
        }
        for _ in 0..<20 { loop.turn(waiting: 1_000_000) }
        server.server.stop(afterMilliseconds: 0)
        Self.turn(loop) { counter.outcomes.count == 4 }
        #expect(counter.outcomes.count == 4)
        #expect(counter.outcomes.allSatisfy { $0.failure != nil })
    }
}
