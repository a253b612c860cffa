import Testing

@testable import HTTP2

/// Counted in bytes, never in time: how much of all others comes before an answer's end.
@Suite("Beside each other on one connection")
struct AnswerOrderTests {
    @Test(
        "a short answer behind 20 long ones comes before a tenth of their bytes.",
        arguments: ["/page", "/stream"])
    func short(path: String) throws {
        let client = try OrderedClient()
        let long = (0..<20).map { RawConnection.get(path, stream: UInt32($0) * 2 + 1) }
        client.connection.write(long.flatMap { $0 } + RawConnection.get("/missing", stream: 41))
        let order = try client.read(answers: 21)
        #expect(order.bytes > 20 * 80_000)
        #expect(order.before[41]! <= order.bytes / 10, "\(order.before[41]!) of \(order.bytes)")
        // The long ones come one after the other, as they were asked for.
        #expect(order.ended.filter { $0 != 41 } == (0..<20).map { $0 * 2 + 1 })
    }

    @Test("many short answers among long ones come before a tenth of their bytes.")
    func mixed() throws {
        let client = try OrderedClient()
        let requests = (0..<60).map {
            RawConnection.get($0 % 3 == 0 ? "/stream" : "/missing", stream: UInt32($0) * 2 + 1)
        }
        client.connection.write(requests.flatMap { $0 })
        let order = try client.read(answers: 60)
        let last = order.before.filter { ($0.key / 2) % 3 != 0 }.map { $0.value }.max()!
        #expect(last <= order.bytes / 10, "\(last) of \(order.bytes)")
    }

    @Test("a short answer passes a long one that waits for its window.")
    func window() throws {
        let client = try OrderedClient(window: 65_535)
        client.connection.write(RawConnection.get("/stream", stream: 1))
        try client.read(bytes: 65_535)
        client.connection.write(
            RawConnection.get("/missing", stream: 3) + Frames.windowUpdate(1_000, stream: 0))
        let order = try client.read(answers: 1)
        #expect(order.ended == [3])
        #expect(order.bytes < 1_000)
    }

    @Test("the end of an answer that has no body left waits for no window.")
    func ends() throws {
        let client = try OrderedClient(window: 65_535)
        client.connection.write(Self.get("/stream", stream: 1, "u=0"))
        try client.read(bytes: 65_535)
        // HEAD, and an answer whose end is held until the request's has come: see `Connection.holdEnd`.
        let method = [0x02, 0x04] + Array("HEAD".utf8)
        client.connection.write(
            Frames.headers(method + [0x86] + FieldSection.path("/page"), stream: 3)
                + RawConnection.post("/refuse", stream: 5) + Frames.ping)
        #expect(client.connection.first(RawConnection.ping) != nil)
        client.connection.write(Frames.data([], stream: 5))
        let order = try client.read(answers: 2)
        #expect(Set(order.ended) == [3, 5] && order.bytes == 0)
    }

    @Test("more urgent answers come first, whatever the order of their requests.")
    func urgency() throws {
        let client = try OrderedClient()
        let said = ["u=5", nil, "u=1", "u=7", "u=0, i", "i=?0", "u=2"]
        client.connection.write(
            said.enumerated().flatMap { index, value in
                Self.get("/page", stream: UInt32(index) * 2 + 1, value)
            })
        let order = try client.read(answers: said.count)
        #expect(order.ended == [9, 5, 13, 3, 11, 1, 7])
    }

    @Test("of two that can be used in parts each gets its turn, and of others none.")
    func incremental() throws {
        for isIncremental in [true, false] {
            let client = try OrderedClient()
            let value = isIncremental ? "u=3, i" : "u=3"
            client.connection.write(
                Self.get("/stream", stream: 1, value) + Self.get("/stream", stream: 3, value))
            let order = try client.read(answers: 2)
            // Each has a million bytes.
            let share = order.before[1]! - 1_000_000
            #expect(isIncremental ? share > 700_000 : share == 0, "\(share)")
        }
    }

    @Test("a PRIORITY_UPDATE frame ahead of a request goes before its field, one behind it too.")
    func update() throws {
        let client = try OrderedClient()
        client.connection.write(
            Self.update(5, "u=0") + Self.get("/page", stream: 1, nil)
                + Self.get("/page", stream: 3, nil) + Self.get("/page", stream: 5, "u=7")
                + Self.update(3, "u=1"))
        #expect(try client.read(answers: 3).ended == [5, 3, 1])
    }

    @Test("a PRIORITY_UPDATE frame has what is on its way go on sooner or later.")
    func updateOnItsWay() throws {
        let client = try OrderedClient(window: 65_535)
        client.connection.write(
            RawConnection.get("/stream", stream: 1) + RawConnection.get("/stream", stream: 3))
        try client.read(bytes: 65_535)
        client.connection.write(
            Self.update(1, "u=6") + Frames.windowUpdate(3_000_000, stream: 0))
        #expect(try client.read(answers: 2).ended == [3, 1])
    }

    @Test("PRIORITY_UPDATE frames that may not be end the connection.")
    func wrongUpdates() throws {
        let cases: [(String, ConformanceCase.Outcome, [UInt8])] = [
            ("of stream 0", .protocolError, Self.update(0, "u=1")),
            (
                "on a stream", .protocolError,
                RawConnection.frame(16, stream: 3, [0, 0, 0, 3, 0x75])
            ),
            ("without a stream", .frameSizeError, RawConnection.frame(16, [0, 0, 0])),
            ("that is no Dictionary", .ignored, Self.update(3, "u=")),
            ("of a stream of ours", .protocolError, Self.update(2, "u=1")),
        ]
        for (title, outcome, bytes) in cases {
            try ConformanceCase("7.1 (RFC 9218)", "PRIORITY_UPDATE " + title, outcome, bytes).run()
        }
    }

    private static func get(_ path: String, stream: UInt32, _ priority: String?) -> [UInt8] {
        let field = priority.map { FieldSection.literal("priority", $0) } ?? []
        return Frames.headers([0x82, 0x86] + FieldSection.path(path) + field, stream: stream)
    }

    private static func update(_ stream: UInt32, _ value: String) -> [UInt8] {
        RawConnection.frame(16, Frames.word(stream) + value.utf8)
    }
}

/// A client that counts in which order answers come.
private final class OrderedClient {
    struct Order {
        /// Bytes of DATA that have come.
        var bytes = 0
        /// Streams in the order of their ends.
        var ended: [UInt32] = []
        /// Bytes of DATA that had come at a stream's end.
        var before: [UInt32: Int] = [:]
    }

    private let server: SampleServer
    let connection: RawConnection

    /// - Parameter window: of the connection; each stream's is as wide as can be.
    init(window: Int = 0x7FFF_FFFF) throws {
        server = try SampleServer()
        connection = try RawConnection(server.path)
        connection.write(Frames.settings(4, 0x7FFF_FFFF))
        if window > 65_535 {
            connection.write(Frames.windowUpdate(UInt32(window - 65_535), stream: 0))
        }
    }

    @discardableResult
    func read(answers: Int = .max, bytes: Int = .max) throws -> Order {
        var order = Order()
        while order.ended.count < answers, order.bytes < bytes {
            let frame = try #require(connection.next(), "\(order)")
            if frame.type == 0 { order.bytes += frame.payload.count }
            if frame.type <= 1, frame.flags & 1 == 1 {
                order.ended.append(frame.stream)
                order.before[frame.stream] = order.bytes
            }
        }
        return order
    }
}
