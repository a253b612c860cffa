import Glibc
import HTTP2
import Synchronization
import Testing

/// An application that takes streamed bodies through a narrow door.
private final class NarrowApplication: Application {
    /// What became of one upload.
    struct Upload {
        var bytes = 0
        var sum: UInt64 = 0
        /// Most bytes that were ever offered at once.
        var largest = 0
        var room = 0
    }

    static let roomBytes = 50_000
    let ended = Mutex<Int>(0)
    private var uploads: [UInt64: Upload] = [:]
    private var next: UInt64 = 1

    override func admit(_ exchange: Exchange) {
        exchange.state.words.0 = next
        uploads[next] = Upload(room: Self.roomBytes)
        next += 1
        exchange.admitStreamedBody(upTo: 1 << 19)
    }

    override func refuse(_ exchange: Exchange, _ refusal: Refusal) { exchange.respond(413) }

    override func receive(_ exchange: Exchange, _ bytes: UnsafeRawBufferPointer) -> Int {
        let id = exchange.state.words.0
        var upload = uploads[id]!
        upload.largest = max(upload.largest, bytes.count)
        let taken = min(bytes.count, upload.room)
        for byte in bytes[..<taken] { upload.sum = upload.sum &* 31 &+ UInt64(byte) }
        upload.bytes += taken
        upload.room -= taken
        uploads[id] = upload
        if upload.bytes > 200_000, exchange.path.elementsEqual("/refuse".utf8) {
            exchange.respond(422)
        } else if taken < bytes.count, !exchange.path.elementsEqual("/shut".utf8) {
            // Room comes from another thread, as that of a chunk which was written.
            let door = Door(exchange.token) { self.uploads[id]!.room = Self.roomBytes }
            door.start()
        }
        return taken
    }

    override func answer(_ exchange: Exchange) {
        let upload = uploads[exchange.state.words.0]!
        exchange.respond(200)
        let text = "\(upload.bytes) \(upload.sum) \(upload.largest)"
        exchange.setBody(copying: Array(text.utf8))
    }

    override func streamEnded(_ exchange: Exchange) {
        uploads[exchange.state.words.0] = nil
        ended.withLock { $0 += 1 }
    }
}

/// Opens a narrow application's door from another thread.
private final class Door: @unchecked Sendable {
    private let token: ExchangeToken
    private let open: () -> Void

    init(_ token: ExchangeToken, _ open: @escaping () -> Void) {
        self.token = token
        self.open = open
    }

    func start() {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { context in
                let door = Unmanaged<Door>.fromOpaque(context!).takeRetainedValue()
                door.token.resume { _ in door.open() }
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        pthread_detach(thread)
    }
}

@Suite("Streamed request bodies")
struct StreamedBodyTests {
    private let application = NarrowApplication()
    private let server: Server
    private let path = "/tmp/relay-streamed-\(getpid())-\(UInt64.random(in: 0...UInt64.max)).sock"

    init() throws {
        server = try Server(applications: [application])
        server.listen(try UnixSocket(path: path))
        try server.start()
    }

    private func finish() {
        server.stop(afterMilliseconds: 500)
        unlink(path + ".lock")
    }

    private static func body(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
    }

    private static func answer(_ body: [UInt8]) -> String {
        "\(body.count) \(body.reduce(UInt64(0)) { $0 &* 31 &+ UInt64($1) }) "
    }

    @Test("come whole and in order however little room there is, and no more than a window waits.")
    func narrow() throws {
        defer { finish() }
        let client = try ClientConnection(unix: path)
        let body = Self.body(400_000)
        let ids = try (0..<3).map { _ in try client.send(ClientRequest("POST", "/", body: body)) }
        for id in ids {
            let response = try client.run(until: id)
            let text = String(decoding: response.body, as: UTF8.self)
            #expect(response.status == 200)
            #expect(text.hasPrefix(Self.answer(body)))
            #expect(Int(text.split(separator: " ").last!)! <= 256 * 1_024)
        }
    }

    @Test("can be refused in the middle, and by their length; the connection goes on.")
    func refused() throws {
        defer { finish() }
        let client = try ClientConnection(unix: path)
        let large = Self.body(450_000)
        #expect(try client.perform(ClientRequest("POST", "/refuse", body: large)).status == 422)
        let tooLarge = [UInt8](repeating: 1, count: 600_000)
        #expect(try client.perform(ClientRequest("POST", "/", body: tooLarge)).status == 413)
        let small = Self.body(10)
        #expect(try client.perform(ClientRequest("POST", "/", body: small)).status == 200)
        #expect(application.ended.withLock { $0 } == 3)
    }

    @Test("end for the application when their client resets the stream or goes away.")
    func abandoned() throws {
        defer { finish() }
        var client: RawConnection? = try RawConnection(path)
        client!.write(RawConnection.get("/shut", stream: 1, ends: false))
        client!.write(RawConnection.frame(0, stream: 1, Self.body(1_000)))
        client!.write(RawConnection.frame(RawConnection.resetStream, stream: 1, [0, 0, 0, 8]))
        client!.write(RawConnection.get("/shut", stream: 3, ends: false))
        client!.write(RawConnection.frame(0, stream: 3, Self.body(1_000)))
        client!.write(RawConnection.frame(RawConnection.ping, [UInt8](repeating: 0, count: 8)))
        #expect(client!.first(RawConnection.ping) != nil)
        #expect(application.ended.withLock { $0 } == 1)
        client = nil
        for _ in 0..<2_000 where application.ended.withLock({ $0 }) < 2 { usleep(1_000) }
        #expect(application.ended.withLock { $0 } == 2)
    }

    @Test("may not be sent past the stream's window, and hold up no other stream.")
    func window() throws {
        defer { finish() }
        let client = try RawConnection(path)
        client.write(RawConnection.get("/shut", stream: 1, ends: false))
        // Room is for 50 000 bytes, the window for 262 144: the rest of it is held.
        for _ in 0..<15 { client.write(RawConnection.frame(0, stream: 1, Self.body(16_384))) }
        client.write(RawConnection.get("/", stream: 3, ends: false))
        client.write(RawConnection.frame(0, flags: 1, stream: 3, Self.body(1_000)))
        #expect(client.first(RawConnection.headers)?.stream == 3)
        for _ in 0..<5 { client.write(RawConnection.frame(0, stream: 1, Self.body(16_384))) }
        let fault = client.next(timeout: 3_000)
        var frame = fault
        while let found = frame, found.type != RawConnection.resetStream,
            found.type != RawConnection.goAway
        { frame = client.next() }
        #expect(frame?.errorCode == 3)  // FLOW_CONTROL_ERROR
    }

    @Test("are handed over in pieces without a socket, too.")
    func detached() throws {
        defer { finish() }
        let loop = try DetachedLoop(application: NarrowApplication())
        let body = Self.body(200_000)
        let response = loop.perform(ClientRequest("POST", "/", body: body))
        #expect(String(decoding: response.body, as: UTF8.self).hasPrefix(Self.answer(body)))
    }
}
