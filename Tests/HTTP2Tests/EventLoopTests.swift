import Glibc
import HTTP2
import Synchronization
import TestSupport
import Testing

/// A request says of which version of a store it was told when it was admitted, and when it was
/// answered.
private final class VersionedApplication: Application {
    /// What the writer has acknowledged.
    let acknowledged = Atomic<UInt64>(1)
    /// Admitting /hold, until it is let go on.
    let holds = Semaphore()
    let goesOn = Semaphore()
    /// What a reader sees, renewed as one.
    private var seen: UInt64 = 0

    override func beginTurn() { seen = acknowledged.load(ordering: .acquiring) }

    override func idle() { seen = 0 }

    override func admit(_ exchange: Exchange) {
        exchange.state.words.0 = seen
        exchange.admitBody(upTo: 1_024)
        if exchange.path.elementsEqual("/hold".utf8) {
            holds.post()
            goesOn.wait()
        }
    }

    override func answer(_ exchange: Exchange) {
        exchange.respond(200)
        exchange.setBody(copying: Array("\(exchange.state.words.0) \(seen)".utf8))
    }
}

@Suite("A turn of an event loop")
struct EventLoopTests {
    private let application = VersionedApplication()
    private let server: Server
    private let path: String

    init() throws {
        path = "/tmp/relay-loop-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
        server = try Server(applications: [application])
        server.listen(try UnixSocket(path: path))
        try server.start()
    }

    private func end() {
        server.stop(afterMilliseconds: 1_000)
        unlink(path + ".lock")
    }

    /// A connection that the loop knows.
    private func connect() throws -> RawConnection {
        let client = try RawConnection(path)
        client.write(Frames.ping)
        #expect(client.first(RawConnection.ping) != nil)
        return client
    }

    /// Ends a request's body and reads what the answer says.
    private func finish(_ client: RawConnection, _ stream: UInt32) -> String? {
        client.write(Frames.data([1], stream: stream))
        return client.first(0).map { String(decoding: $0.payload, as: UTF8.self) }
    }

    @Test("admits a request with all that was acknowledged before it was sent.")
    func admission() throws {
        defer { end() }
        let client = try connect()
        for version in UInt64(2)..<12 {
            application.acknowledged.store(version, ordering: .releasing)
            let stream = UInt32(version) * 2 - 3
            client.write(RawConnection.post("/", stream: stream))
            #expect(finish(client, stream) == "\(version) \(version)")
        }
    }

    @Test("admits with it what was sent while the same turn admitted another client's request.")
    func secondAdmission() throws {
        defer { end() }
        let (first, second) = (try connect(), try connect())
        // Both are ready when the loop looks again: one turn reads from both.
        let (isBusy, ready) = (Semaphore(), Semaphore())
        server.loops[0].enqueue {
            isBusy.post()
            ready.wait()
        }
        isBusy.wait()
        first.write(RawConnection.post("/hold", stream: 1))
        second.write(Frames.ping)
        ready.post()
        application.holds.wait()
        application.acknowledged.store(2, ordering: .releasing)
        second.write(RawConnection.post("/", stream: 1))
        application.goesOn.post()
        #expect(finish(second, 1) == "2 2")
        #expect(finish(first, 1) == "1 2")
    }

    @Test("does the same without a socket.")
    func detached() throws {
        defer { end() }
        let application = VersionedApplication()
        let loop = try DetachedLoop(application: application)
        for version in UInt64(1)..<4 {
            application.acknowledged.store(version, ordering: .releasing)
            let answer = loop.perform(ClientRequest("POST", "/", body: [1]))
            #expect(String(decoding: answer.body, as: UTF8.self) == "\(version) \(version)")
        }
    }
}
