import Glibc
import HTTP2
import Testing

@Suite("Lending")
struct LendingTests {
    /// What a page of `LendingApplication` consists of.
    private func page(_ letter: UInt8) -> [UInt8] {
        [UInt8](repeating: letter, count: LendingApplication.pageBytes)
    }

    /// The counters of a server that is asked for something else meanwhile: a turn is published when it
    /// ends, which may be after its answer came.
    private func counters(_ server: LendingServer) throws -> LoopCounters {
        let client = try ClientConnection(unix: server.path)
        for _ in 0..<2 { _ = try client.perform(ClientRequest("GET", "/nothing")) }
        return server.server.counters
    }

    @Test("A page of memory that is written once is lent, and comes whole.")
    func lent() throws {
        let server = try LendingServer()
        let client = try ClientConnection(unix: server.path)
        for _ in 0..<1_000 {
            let response = try client.perform(ClientRequest("GET", "/page"))
            #expect(response.body == page(UInt8(ascii: "a")))
        }
        let counters = try counters(server)
        // The frames that stand before a page are lent with it, the SETTINGS are not.
        #expect(counters.lentBytes >= 1_000 * UInt64(LendingApplication.pageBytes))
        #expect(counters.lentBytes < counters.sentBytes)
        #expect(counters.copyingLoops == 0)
    }

    @Test("Lent, copied and referred pieces of one body, and of many, come in order.")
    func mixed() throws {
        let server = try LendingServer()
        let client = try ClientConnection(unix: server.path)
        let expected =
            page(UInt8(ascii: "a")) + Array("small".utf8) + SampleApplication.page[0..<50_000]
            + page(UInt8(ascii: "a")) + Array("end".utf8)
        let ids = try (0..<100).map { number in
            try client.send(ClientRequest("GET", number % 3 == 0 ? "/mixed" : "/page"))
        }
        for (number, id) in ids.enumerated() {
            let body = try client.run(until: id).body
            #expect(body == (number % 3 == 0 ? expected : page(UInt8(ascii: "a"))))
        }
        #expect(try counters(server).lentBytes > 0)
    }

    @Test("What was lent stays as it was, though its place is written anew before it is read.")
    func renewed() throws {
        let server = try LendingServer()
        let late = try RawConnection(server.path)
        late.write(RawConnection.get("/page", stream: 1))
        let other = try ClientConnection(unix: server.path)
        // The late client's page is in its socket once this one's turn has come.
        for _ in 0..<2 { _ = try other.perform(ClientRequest("GET", "/nothing")) }
        // More headers than there is memory for at once, too.
        for letter in UInt8(ascii: "b")...UInt8(ascii: "z") {
            _ = try other.perform(ClientRequest("GET", "/renew"))
            for _ in 0..<100 {
                #expect(try other.perform(ClientRequest("GET", "/page")).body == page(letter))
            }
        }
        // As far as the window goes that its client has opened.
        let window = 65_535
        var body: [UInt8] = []
        while body.count < window, let frame = late.first(0) { body += frame.payload }
        #expect(body.count == window && body.allSatisfy { $0 == UInt8(ascii: "a") })
    }

    @Test("A full socket leaves nothing in the pipe: each client gets its own bytes, all of them.")
    func full() throws {
        let server = try LendingServer()
        let late = try ClientConnection(unix: server.path)
        let ids = try (0..<60).map { _ in try late.send(ClientRequest("GET", "/page")) }
        try late.flush()
        let other = try ClientConnection(unix: server.path)
        for _ in 0..<50 {
            #expect(
                try other.perform(ClientRequest("GET", "/mixed")).body.suffix(3)
                    == Array("end".utf8))
        }
        for id in ids { #expect(try late.run(until: id).body == page(UInt8(ascii: "a"))) }
    }

    @Test("A client that does not read has lent no more than its socket takes.")
    func bounded() throws {
        let server = try LendingServer()
        let silent = try RawConnection(server.path)
        silent.write(
            RawConnection.frame(
                RawConnection.settings, [0, 4, 0x7F, 0xFF, 0xFF, 0xFF])
                + RawConnection.frame(RawConnection.windowUpdate, [0x7F, 0, 0, 0]))
        for number in 0..<100 {
            silent.write(RawConnection.get("/page", stream: UInt32(2 * number + 1)))
        }
        let counters = try counters(server)
        #expect(counters.lentBytes > 100_000 && counters.lentBytes < 600_000)
        withExtendedLifetime(silent) {}
    }

    @Test("A client that goes with pages in its socket takes nobody with it.")
    func gone() throws {
        let server = try LendingServer()
        for _ in 0..<50 {
            let client = try RawConnection(server.path)
            for number in 0..<40 {
                client.write(RawConnection.get("/page", stream: UInt32(2 * number + 1)))
            }
            client.close()
        }
        let client = try ClientConnection(unix: server.path)
        #expect(
            try client.perform(ClientRequest("GET", "/page")).body == page(UInt8(ascii: "a")))
    }

    @Test("Pages are lent on a loopback port as well.")
    func loopback() throws {
        let application = LendingApplication()
        let server = try Server(applications: [application])
        let port = try LoopbackSocket("127.0.0.1:0")
        server.listen(port)
        try server.start()
        defer { server.stop(afterMilliseconds: 1_000) }
        let client = try ClientConnection(loopback: port.endpoint)
        for _ in 0..<20 {
            #expect(
                try client.perform(ClientRequest("GET", "/page")).body == page(UInt8(ascii: "a")))
        }
        for _ in 0..<2 { _ = try client.perform(ClientRequest("GET", "/nothing")) }
        #expect(server.counters.lentBytes >= 20 * UInt64(LendingApplication.pageBytes))
    }
}

/// Serves a page of one letter from memory that is written once.
final class LendingApplication: Application {
    static let pageBytes = 70_000
    private let memory = WriteOnceMemory(windows: 2, windowBytes: pageBytes)!
    private var page = UnsafeRawBufferPointer(start: nil, count: 0)
    private var letter = UInt8(ascii: "a")

    override init() {
        super.init()
        write()
    }

    deinit { memory.deallocate() }

    override var lentMemory: UnsafeRawBufferPointer { memory.bytes }

    private func write() {
        let start = memory.renew(1)!
        memset(start, Int32(letter), Self.pageBytes)
        page = UnsafeRawBufferPointer(start: start, count: Self.pageBytes)
    }

    override func answer(_ exchange: Exchange) {
        switch String(decoding: exchange.path, as: UTF8.self) {
        case "/page":
            exchange.respond(200)
            exchange.appendAttached(page)
        case "/mixed":
            exchange.respond(200)
            exchange.appendAttached(page)
            exchange.appendAttached("small")
            exchange.appendAttached(
                UnsafeRawBufferPointer(rebasing: SampleApplication.page[0..<50_000]))
            exchange.appendAttached(page)
            exchange.appendAttached("end")
        case "/renew":
            letter += 1
            write()
            exchange.respond(200)
        default: exchange.respond(404)
        }
    }
}

/// A server of one such application.
final class LendingServer {
    let path = "/tmp/relay-lending-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
    let server: Server

    init() throws {
        server = try Server(applications: [LendingApplication()])
        server.listen(try UnixSocket(path: path))
        try server.start()
    }

    deinit {
        server.stop(afterMilliseconds: 1_000)
        unlink(path + ".lock")
    }
}
