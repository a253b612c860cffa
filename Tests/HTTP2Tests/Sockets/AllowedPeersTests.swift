import Glibc
import HTTP2
import Logs
import Synchronization
import TestSupport
import Testing

@Suite("A list of who may connect")
struct AllowedPeersTests {
    /// Serves with a list, and tries.
    private func isLetIn(
        _ peers: AllowedPeers, overTCP: Bool = false,
        journal: ConnectionJournal = ConnectionJournal()
    ) throws -> Bool {
        let directory = TemporaryDirectory()
        let server = try Server(applications: [SampleApplication()], journal: journal)
        let (path, port) = (directory.file("s"), try LoopbackSocket("127.0.0.1:0"))
        server.listen(try UnixSocket(path: path), peers: peers)
        server.listen(port, peers: peers)
        try server.start()
        defer { server.stop(afterMilliseconds: 1_000) }
        let client =
            try overTCP
            ? ClientConnection(loopback: "127.0.0.1:\(port.port)") : ClientConnection(unix: path)
        return (try? client.perform(ClientRequest("GET", "/missing")))?.status == 404
    }

    @Test("lets in whom it names, nobody when it is empty, and everybody when there is none.")
    func closed() throws {
        #expect(try isLetIn(.everyone))
        #expect(try isLetIn(AllowedPeers(users: [geteuid()], groups: [])))
        #expect(try isLetIn(AllowedPeers(users: [], groups: [getegid()])))
        #expect(try !isLetIn(AllowedPeers(users: [geteuid() + 1], groups: [getegid() + 1])))
        #expect(try !isLetIn(AllowedPeers(users: [], groups: [])))
    }

    @Test("lets nobody in over TCP, which does not tell who a client is.")
    func tcp() throws {
        #expect(try isLetIn(.everyone, overTCP: true))
        let users = AllowedPeers(users: [geteuid(), 0, .max], groups: [getegid(), 0, .max])
        #expect(try !isLetIn(users, overTCP: true))
    }

    @Test("counts whom it refuses, and tells of them at most once a second.")
    func journal() throws {
        let lines = Mutex<[String]>([])
        let journal = ConnectionJournal(
            log: Log { event in lines.withLock { $0.append(event.message ?? "") } })
        let nobody = AllowedPeers(users: [], groups: [])
        for _ in 0..<3 { #expect(try !isLetIn(nobody, journal: journal)) }
        #expect(journal.refused == 3)
        let first = lines.withLock { $0[0] }
        #expect(first.contains("user \(geteuid()), group \(getegid()), process \(getpid())"))
    }
}
