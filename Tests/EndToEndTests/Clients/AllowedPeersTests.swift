import Glibc
import HTTP2
import TestSupport
import Testing

@Suite(
    "Who may connect", .serialized,
    .enabled(if: geteuid() == 0, "only root can try what other users may do"))
struct AllowedPeersTests {
    /// Serves a store in memory to everybody whom `arguments` let in: files keep nobody out.
    private static func serve(
        _ arguments: [String], _ body: (Relayd) throws -> Void
    ) throws {
        let directory = TemporaryDirectory()
        let relayd = try Relayd(store: ":memory:", in: directory, arguments: arguments)
        try #require(chmod(directory.path, 0o755) == 0)
        for path in [relayd.socket, relayd.adminSocket] { try #require(chmod(path, 0o666) == 0) }
        try body(relayd)
        #expect(relayd.stop() == 0)
    }

    @Test(
        "--allow-uid lets the users in that it names, all of them, and nobody else, root included.")
    func users() throws {
        try Self.serve(["--allow-uid", "4242", "--allow-uid=4243"]) { relayd in
            #expect(Curl.user(4242, group: 1).status(unix: relayd.socket) == 200)
            #expect(Curl.user(4243, group: 1).status(unix: relayd.socket) == 200)
            #expect(Curl.user(12_345, group: 4242).status(unix: relayd.socket) == nil)
            #expect(Curl().status(unix: relayd.socket) == nil)
        }
        try Self.serve([]) { relayd in
            #expect(Curl.user(12_345, group: 4242).status(unix: relayd.socket) == 200)
        }
    }

    @Test("--allow-gid lets in who has one of the groups, as its own or as one of many others.")
    func groups() throws {
        try Self.serve(["--allow-gid", "4242", "--allow-gid=4243"]) { relayd in
            #expect(Curl.user(1, group: 4242).status(unix: relayd.socket) == 200)
            #expect(Curl.user(1, group: 4243).status(unix: relayd.socket) == 200)
            #expect(Curl.user(1, group: 2, others: [7, 4243]).status(unix: relayd.socket) == 200)
            let many = Array(5_000..<5_200) + [4242]
            #expect(Curl.user(1, group: 2, others: many).status(unix: relayd.socket) == 200)
            #expect(Curl.user(1, group: 2, others: [7, 8]).status(unix: relayd.socket) == nil)
            // A user's number is no group's.
            #expect(Curl.user(4242, group: 2).status(unix: relayd.socket) == nil)
        }
    }

    @Test("Of --allow-uid and --allow-gid together one is enough.")
    func either() throws {
        try Self.serve(["--allow-uid", "4242", "--allow-gid", "77"]) { relayd in
            #expect(Curl.user(4242, group: 1).status(unix: relayd.socket) == 200)
            #expect(Curl.user(1, group: 77).status(unix: relayd.socket) == 200)
            #expect(Curl.user(1, group: 1).status(unix: relayd.socket) == nil)
        }
    }

    @Test("Whoever is refused is counted, and told of in a line now and then.")
    func counted() throws {
        try Self.serve(["--allow-uid", "4242"]) { relayd in
            for _ in 0..<20 {
                #expect(throws: (any Error).self) {
                    try relayd.connect().perform(ClientRequest("GET", "/openapi.json"))
                }
            }
            let stat = ChildProcess.run(
                "relayctl", ["top", "--json", "--admin-socket", relayd.adminSocket])
            #expect(stat.output.contains("\"connectionsRefused\":20,"), "\(stat.output)")
            #expect(stat.output.contains("\"connectionsAccepted\":0,"))
            let lines = relayd.output.split(separator: "\n").filter { $0.contains("refused") }
            #expect(lines.count >= 1 && lines.count < 10)
            #expect(
                lines[0].contains(
                    "event=connection_refused msg=\"refused a client on \(relayd.socket): user 0, group 0, process "
                ))
        }
    }

    @Test("The admin socket is for root, relayd's own user and those who are named.")
    func admin() throws {
        try Self.serve(["--allow-uid", "4242"]) { relayd in
            #expect(Curl().status(unix: relayd.adminSocket, "/livez") == 200)
            #expect(Curl.user(4242, group: 1).status(unix: relayd.adminSocket, "/livez") == 200)
            #expect(Curl.user(1, group: 1).status(unix: relayd.adminSocket, "/livez") == nil)
        }
        // Also where its file lets everybody in, as that of a socket unit does by default.
        try Self.serve([]) { relayd in
            #expect(Curl().status(unix: relayd.adminSocket, "/livez") == 200)
            #expect(Curl.user(1, group: 1).status(unix: relayd.adminSocket, "/livez") == nil)
        }
    }

    @Test("The list holds on sockets that were passed, too.")
    func passed() throws {
        let directory = TemporaryDirectory()
        try #require(chmod(directory.path, 0o755) == 0)
        let (api, admin) = (directory.file("api.sock"), directory.file("admin.sock"))
        let sockets = [try TestSocket(unix: api), try TestSocket(unix: admin)]
        let relayd = ActivatedRelayd(
            in: directory, ["--store", ":memory:", "--allow-uid", "4242"],
            sockets: sockets.map(\.descriptor), names: "api:admin")
        try #require(relayd.isReady(), "\(relayd.output)")
        for (path, target) in [(api, "/openapi.json"), (admin, "/livez")] {
            #expect(Curl.user(4242, group: 1).status(unix: path, target) == 200)
            #expect(Curl.user(1, group: 1).status(unix: path, target) == nil)
        }
        #expect(Curl().status(unix: api) == nil)
        relayd.process.signal(SIGTERM)
        #expect(relayd.process.wait() == 0)
    }
}
