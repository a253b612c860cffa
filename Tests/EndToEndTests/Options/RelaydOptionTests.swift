import Glibc
import HTTP2
import TestSupport
import Testing

/// What each option of relayd changes, seen from outside. Those that take more have suites of their
/// own: see `OptionTable`.
@Suite("An option of relayd:", .serialized)
struct RelaydOptionTests {
    private static func figures(_ socket: String) -> String {
        ChildProcess.run("relayctl", ["top", "--json", "--admin-socket", socket]).output
    }

    @Test("--store keeps what is written in a directory, and :memory: nowhere.")
    func store() throws {
        let directory = TemporaryDirectory()
        let store = directory.file("store")
        var key = ""
        for (place, isKept) in [(store, true), (store, true), (":memory:", false)] {
            let relayd = try Relayd(store: place, in: directory)
            if key.isEmpty { key = try relayd.makeKey() }
            let request = ClientRequest(
                "GET", "/v1/customers", fields: [HeaderField("authorization", "Bearer \(key)")])
            #expect(try relayd.connect().perform(request).status == (isKept ? 200 : 401))
            #expect(relayd.stop() == 0)
        }
        #expect(access(store + "/data.mdb", F_OK) == 0)
        #expect(!TemporaryDirectory.names(in: directory.path).contains(":memory:"))
    }

    @Test("--socket and --admin-socket are where it serves, and nowhere else.")
    func sockets() throws {
        let directory = TemporaryDirectory()
        let store = directory.file("store")
        let relayd = try Relayd(store: store, in: directory)
        #expect(Curl().status(unix: relayd.socket) == 200)
        #expect(Curl().status(unix: relayd.adminSocket, "/readyz") == 200)
        #expect(access(store + "/admin.sock", F_OK) != 0)
        #expect(relayd.stop() == 0)
        // Unless it is told where, the admin socket is in the store.
        let log = directory.file("log")
        let other = ChildProcess(
            "relayd", ["--store", store, "--socket", relayd.socket], output: log)
        for _ in 0..<2_000 where !readText(log).contains("ready") { usleep(5_000) }
        #expect(Curl().status(unix: store + "/admin.sock", "/readyz") == 200)
        var status = stat()
        #expect(stat(store + "/admin.sock", &status) == 0 && status.st_mode & 0o777 == 0o600)
        other.signal(SIGTERM)
        #expect(other.wait() == 0)
    }

    @Test("--listen serves a loopback port beside the socket.", arguments: ["127.0.0.1", "::1"])
    func listen(host: String) throws {
        let directory = TemporaryDirectory()
        // A port that was just free.
        let port = try TestSocket(ip: host).port
        let name = host.contains(":") ? "[\(host)]" : host
        let relayd = try Relayd(
            store: ":memory:", in: directory, arguments: ["--listen", "\(name):\(port)"])
        #expect(relayd.logs(" and \(name):\(port) "))
        #expect(Curl().status(host: name, port: port) == 200)
        #expect(Curl().status(unix: relayd.socket) == 200)
    }

    @Test("--socket-mode and --socket-group are who may connect, by the socket's file.")
    func permissions() throws {
        let directory = TemporaryDirectory()
        try #require(chmod(directory.path, 0o755) == 0)
        for (group, mode, inside, outside) in [
            ("nogroup", "0660", true, false), ("65534", "600", false, false),
            ("nogroup", "0666", true, true),
        ] {
            let relayd = try Relayd(
                store: ":memory:", in: directory,
                arguments: ["--socket-group", group, "--socket-mode", mode])
            var status = stat()
            #expect(stat(relayd.socket, &status) == 0 && status.st_gid == 65_534)
            #expect(status.st_mode & 0o777 == mode_t(mode, radix: 8))
            let (member, stranger) = (
                Curl.user(1_000, group: 65_534), Curl.user(1_000, group: 1_000)
            )
            #expect(member.status(unix: relayd.socket) == (inside ? 200 : nil), "\(group) \(mode)")
            #expect(stranger.status(unix: relayd.socket) == (outside ? 200 : nil), "\(mode)")
            #expect(relayd.stop() == 0)
        }
    }

    @Test("--loops is how many threads serve.", arguments: [1, 3])
    func loops(count: Int) throws {
        let directory = TemporaryDirectory()
        let relayd = try Relayd(
            store: ":memory:", in: directory, arguments: ["--loops", "\(count)"])
        #expect(Self.figures(relayd.adminSocket).contains("\"loops\":\(count),"))
        // Beside them there are the first thread, the writer's, the admin socket's, the upkeep's and
        // the log's.
        let threads = TemporaryDirectory.names(in: "/proc/\(relayd.process.pid)/task")
        #expect(threads.filter { Int($0) != nil }.count == count + 5)
    }

    @Test("--warm reads the store before it says that it is ready.")
    func warm() throws {
        let sample = try SampleStore()
        let relayd = try Relayd(store: sample.store, in: sample.directory, arguments: ["--warm"])
        let lines = relayd.output.split(separator: "\n")
        #expect(lines[1].contains("event=store_warmed msg=\"warmed "), "\(lines)")
        #expect(lines[2].contains("event=ready "))
        #expect(relayd.stop() == 0)
        let cold = try Relayd(store: sample.store, in: sample.directory)
        #expect(!cold.output.contains("warmed"))
    }

    @Test("--keep-changes and --keep-changes-mib say how many changes are kept.")
    func changes() throws {
        // Six commits: a customer and five times 2 000 properties of 180 bytes each.
        #expect(try changesKept([]) == 6)
        #expect(try changesKept(["--keep-changes", "0"]) == 1)
        #expect(try (1...3).contains(changesKept(["--keep-changes-mib", "1"])))
    }

    private func changesKept(_ arguments: [String]) throws -> Int {
        let directory = TemporaryDirectory()
        let relayd = try Relayd(store: ":memory:", in: directory, arguments: arguments)
        let key = try relayd.makeKey()
        let client = try relayd.connect()
        func post(_ path: String, _ body: String) throws {
            let fields = [
                HeaderField("authorization", "Bearer \(key)"),
                HeaderField("content-type", "application/json"),
            ]
            let request = ClientRequest("POST", path, fields: fields, body: Array(body.utf8))
            #expect((200...201).contains(try client.perform(request).status))
        }
        try post("/v1/customers", #"{"customer":{"name":"K"}}"#)
        let name = String(repeating: "x", count: 150)
        for _ in 0..<5 {
            // Changes of one millisecond are of one age.
            usleep(2_000)
            let all = (0..<2_000).map { #"{"customerId":1,"name":"\#(name) \#($0)"}"# }
            try post("/v1/properties", #"{"properties":[\#(all.joined(separator: ","))]}"#)
        }
        let mark = "\"name\":\"changes\",\"entries\":"
        let after = Self.figures(relayd.adminSocket).rest(behind: mark)
        return try #require(Int(after.prefix { $0.isNumber }), "\(after)")
    }
}

extension String {
    /// What stands behind the first place where some text stands; nothing when it does not.
    fileprivate func rest(behind text: String) -> Substring {
        firstRange(of: text).map { self[$0.upperBound...] } ?? ""
    }
}
