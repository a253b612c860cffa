import Glibc
import Synchronization
import TestSupport
import Testing

@testable import HTTP2

@Suite("A client's connection")
struct ClientConnectionTests {
    private final class Answer: Sendable {
        let value = Atomic<Bool>(false)
        let isThere = Semaphore()
    }

    /// Whether a server's only connection has the acknowledgement of its SETTINGS.
    private func isGreeted(_ server: SampleServer) -> Bool {
        let answer = Answer()
        let loop = server.server.loops[0]
        loop.enqueue {
            answer.value.store(
                loop.loop.connections?.gotSettingsAck ?? false, ordering: .releasing)
            answer.isThere.post()
        }
        answer.isThere.wait()
        return answer.value.load(ordering: .acquiring)
    }

    @Test("greets at once, so that no server takes a client that asks later for a silent one.")
    func greeting() throws {
        let server = try SampleServer()
        let client = try ClientConnection(unix: server.path)
        // What it has sent is read by the loop in its own time.
        let end = time(nil) + 10
        while !isGreeted(server), time(nil) < end { sched_yield() }
        #expect(isGreeted(server))
        #expect(try client.perform(ClientRequest("GET", "/page")).status == 200)
    }

    @Test("does not wait for a server that says nothing.")
    func silentServer() throws {
        let listener = try UnixSocket(path: "/tmp/relay-silent-\(getpid()).sock")
        try listener.listen()
        let client = try ClientConnection(unix: listener.path)
        #expect(throws: TransportError.timedOut("the answer")) {
            try client.perform(ClientRequest("GET", "/"), timeout: 10)
        }
        withExtendedLifetime(listener) {}
    }
}
