import Glibc
import HTTP2
import TestSupport
import Testing

@Suite("Sockets that a service manager passes", .serialized)
struct SocketActivationTests {
    /// What is passed, how, and what relayd says to it.
    struct Refusal: Sendable {
        var names: String?
        var count: String?
        let says: String
        let make: @Sendable (TemporaryDirectory) throws -> [TestSocket]

        init(
            _ says: String, names: String? = nil, count: String? = nil,
            make: @escaping @Sendable (TemporaryDirectory) throws -> [TestSocket]
        ) {
            self.names = names
            self.count = count
            self.says = says
            self.make = make
        }
    }

    private static func unix(_ directory: TemporaryDirectory) throws -> [TestSocket] {
        [try TestSocket(unix: directory.file("api.sock"))]
    }

    static let refusals = [
        Refusal("descriptor 3 cannot be served: it is a datagram socket") { _ in
            [try TestSocket(ip: "127.0.0.1", type: SOCK_DGRAM, listens: false)]
        },
        Refusal("descriptor 3 cannot be served: it is a datagram socket") { directory in
            [try TestSocket(unix: directory.file("d"), type: SOCK_DGRAM, listens: false)]
        },
        Refusal("descriptor 3 cannot be served: it is a socket for packets") { directory in
            [try TestSocket(unix: directory.file("p"), type: SOCK_SEQPACKET)]
        },
        Refusal("descriptor 3 cannot be served: it is a stream socket that does not listen") { _ in
            [try TestSocket(ip: "127.0.0.1", listens: false)]
        },
        Refusal("descriptor 3 cannot be served: it is a stream socket that does not listen") {
            [try TestSocket(unix: $0.file("s"), listens: false)]
        },
        Refusal("a network interface is not served: keys would travel in the clear") { _ in
            [try TestSocket(ip: "0.0.0.0")]
        },
        Refusal("a network interface is not served: keys would travel in the clear") { _ in
            [try TestSocket(ip: "::")]
        },
        Refusal("it has no path") { directory in
            [try TestSocket(unix: "@relay-test-\(directory.path.hashValue)")]
        },
        Refusal("descriptor 3 cannot be served: it is not open", count: "1") { _ in [] },
        Refusal("descriptor 4 cannot be served: it is not open", count: "1000000", make: unix),
        Refusal("LISTEN_FDS is 'x': expected the number of passed sockets", count: "x", make: unix),
        Refusal(
            "LISTEN_FDS is '-1': expected the number of passed sockets", count: "-1", make: unix),
        Refusal("expected api or admin", names: "web", make: unix),
        Refusal("expected 1 names with colons between them", names: "api:admin", make: unix),
        Refusal("only on a Unix socket", names: "admin") { _ in [try TestSocket(ip: "127.0.0.1")] },
    ]

    @Test("are refused in words when they cannot be served, and then nothing is made.")
    func refused() throws {
        for refusal in Self.refusals {
            let directory = TemporaryDirectory()
            let sockets = try refusal.make(directory)
            let relayd = ActivatedRelayd(
                in: directory,
                ["--store", directory.file("store"), "--socket", directory.file("own.sock")],
                sockets: sockets.map(\.descriptor), names: refusal.names, count: refusal.count)
            #expect(relayd.process.wait() == 1)
            #expect(relayd.output.contains(refusal.says), "\(relayd.output)")
            #expect(!relayd.output.contains("ready"))
            let left = TemporaryDirectory.names(in: directory.path)
            #expect(!left.contains("store") && !left.contains("own.sock"), "\(left)")
        }
    }

    @Test("A file and a connection are no listening sockets either.")
    func noListeners() throws {
        let directory = TemporaryDirectory()
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        var pipe: [Int32] = [-1, -1]
        try #require(Glibc.pipe(&pipe) == 0)
        let file = open(directory.file("file"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        let folder = open(directory.path, O_RDONLY | O_CLOEXEC)
        defer { for descriptor in ends + pipe + [file, folder] { close(descriptor) } }
        for (descriptor, what) in [
            (ends[0], "it is a connection"), (pipe[0], "it is a pipe"),
            (file, "it is a regular file"), (folder, "it is a directory"),
        ] {
            let relayd = ActivatedRelayd(
                in: directory, ["--store", directory.file("store")], sockets: [descriptor])
            #expect(relayd.process.wait() == 1)
            #expect(relayd.output.contains("descriptor 3 cannot be served: \(what)"))
            #expect(access(directory.file("store"), F_OK) != 0)
        }
    }

    @Test("are served by their names, on a path, 127.0.0.1 and ::1; no program inherits them.")
    func served() throws {
        let directory = TemporaryDirectory()
        let sockets = [
            try TestSocket(unix: directory.file("admin.sock")),
            try TestSocket(unix: directory.file("api.sock")), try TestSocket(ip: "127.0.0.1"),
            try TestSocket(ip: "::1"),
        ]
        let relayd = ActivatedRelayd(
            in: directory, ["--store", directory.file("store")],
            sockets: sockets.map(\.descriptor), names: "admin:api:relay.socket:unknown")
        try #require(relayd.isReady(), "\(relayd.output)")
        let curl = Curl()
        #expect(curl.status(unix: directory.file("admin.sock"), "/readyz") == 200)
        #expect(curl.status(unix: directory.file("api.sock")) == 200)
        #expect(curl.status(unix: directory.file("api.sock"), "/readyz") != 200)
        #expect(curl.status(host: "127.0.0.1", port: sockets[2].port) == 200)
        #expect(curl.status(host: "[::1]", port: sockets[3].port) == 200)
        // The one that was passed takes the place of the one that relayd opens by itself.
        #expect(access(directory.file("store/admin.sock"), F_OK) != 0)
        #expect(Self.inherited(by: relayd.process.pid) == [])
        relayd.process.signal(SIGTERM)
        #expect(relayd.process.wait() == 0)
        // They belong to who passed them: they are still there for the next process.
        #expect(access(directory.file("api.sock"), F_OK) == 0)
    }

    @Test("A single one without a name, or with systemd's own, is the API.")
    func unnamed() throws {
        for name in [nil, "", "relay.socket", "connection"] {
            let directory = TemporaryDirectory()
            let socket = try TestSocket(unix: directory.file("api.sock"))
            let relayd = ActivatedRelayd(
                in: directory, ["--store", ":memory:"], sockets: [socket.descriptor], names: name)
            try #require(relayd.isReady(), "\(relayd.output)")
            #expect(Curl().status(unix: directory.file("api.sock")) == 200)
            relayd.process.signal(SIGTERM)
            #expect(relayd.process.wait() == 0)
        }
    }

    @Test("for another process are left alone, and that is said.")
    func forAnother() throws {
        let directory = TemporaryDirectory()
        let socket = try TestSocket(unix: directory.file("api.sock"))
        let none = ActivatedRelayd(
            in: directory, ["--store", directory.file("store")], sockets: [socket.descriptor],
            pid: "1")
        #expect(none.process.wait() == 2)
        #expect(none.output.contains("for process 1 and not for this one"))
        #expect(none.output.contains("there is no socket to serve"))
        #expect(access(directory.file("store"), F_OK) != 0)
        let own = ActivatedRelayd(
            in: directory, ["--store", ":memory:", "--socket", directory.file("own.sock")],
            sockets: [socket.descriptor], pid: "1")
        try #require(own.isReady(), "\(own.output)")
        #expect(Curl().status(unix: directory.file("own.sock")) == 200)
        let odd = ActivatedRelayd(
            in: directory, ["--store", ":memory:"], sockets: [socket.descriptor], pid: "me")
        #expect(odd.process.wait() == 1)
        #expect(odd.output.contains("LISTEN_PID is 'me': expected a process id"))
    }

    @Test("One that stops to listen later costs no core, is said and counted, and is tried again.")
    func stopsListening() throws {
        let directory = TemporaryDirectory()
        let socket = try TestSocket(ip: "127.0.0.1")
        let admin = try TestSocket(unix: directory.file("admin.sock"))
        let relayd = ActivatedRelayd(
            in: directory, ["--store", ":memory:"],
            sockets: [socket.descriptor, admin.descriptor], names: "api:admin")
        try #require(relayd.isReady(), "\(relayd.output)")
        try #require(shutdown(socket.descriptor, Int32(SHUT_RDWR)) == 0)
        for _ in 0..<2_000 where !relayd.output.contains("nothing can be accepted on") {
            usleep(5_000)
        }
        #expect(relayd.output.contains("nothing can be accepted on 127.0.0.1:\(socket.port)"))
        let before = Self.cpuTicks(relayd.process.pid)
        usleep(1_000_000)
        // A loop that spins takes all 100 of them.
        #expect(Self.cpuTicks(relayd.process.pid) - before < 30)
        try #require(listen(socket.descriptor, 16) == 0)
        #expect(Curl().status(host: "127.0.0.1", port: socket.port) == 200)
    }

    @Test("Clients for whom no descriptor is left are closed at once, counted and told of.")
    func noDescriptors() throws {
        let directory = TemporaryDirectory()
        let (api, admin) = (directory.file("api.sock"), directory.file("admin.sock"))
        let sockets = [try TestSocket(unix: api), try TestSocket(unix: admin)]
        let relayd = ActivatedRelayd(
            in: directory, ["--store", ":memory:", "--loops", "1"],
            sockets: sockets.map(\.descriptor), names: "api:admin", limit: 40)
        try #require(relayd.isReady(), "\(relayd.output)")
        var clients: [ClientConnection] = []
        var closed = 0
        for _ in 0..<60 {
            let client = try ClientConnection(unix: api)
            let request = ClientRequest("GET", "/openapi.json")
            if (try? client.perform(request, timeout: 10_000)) == nil {
                closed += 1
            } else {
                clients.append(client)
            }
        }
        #expect(clients.count > 5 && closed > 20)
        let before = Self.cpuTicks(relayd.process.pid)
        usleep(1_000_000)
        #expect(Self.cpuTicks(relayd.process.pid) - before < 30)
        // There is room again, for the admin's question too.
        let files = "/proc/\(relayd.process.pid)/fd"
        let open = TemporaryDirectory.names(in: files).count - clients.count
        clients = []
        for _ in 0..<2_000 where TemporaryDirectory.names(in: files).count > open { usleep(5_000) }
        let stat = ChildProcess.run("relayctl", ["top", "--json", "--admin-socket", admin])
        #expect(stat.output.contains("\"connectionsTurnedAway\":\(closed),"), "\(stat.output)")
        #expect(relayd.output.contains("turned a client away on \(api) (descriptor 3): Too many"))
    }

    /// Descriptors of a process that a program it starts would get, beside its standard ones.
    static func inherited(by pid: pid_t) -> [String] {
        TemporaryDirectory.names(in: "/proc/\(pid)/fdinfo").filter { name in
            guard let number = Int(name), number > 2 else { return false }
            let flags = readText("/proc/\(pid)/fdinfo/\(name)").split(separator: "\n")
                .first { $0.hasPrefix("flags:") }?.split(separator: "\t").last
            // O_CLOEXEC, in octal as the kernel prints it.
            return flags.flatMap { Int($0, radix: 8) }.map { $0 & 0o2_000_000 == 0 } ?? false
        }
    }

    /// Time of the processor that a process has had, in hundredths of a second.
    private static func cpuTicks(_ pid: pid_t) -> Int {
        let fields = readText("/proc/\(pid)/stat").split(separator: ")").last?.split(separator: " ")
        guard let fields, fields.count > 12 else { return 0 }
        return (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0)
    }
}
