import Glibc
import TestSupport
import Testing

@Suite("The start of relayd", .serialized)
struct StartupTests {
    @Test("that fails leaves nothing behind, and says why before there is a store.")
    func nothingLeft() throws {
        let taken = try TestSocket(ip: "127.0.0.1")
        let long = String(repeating: "x", count: 120)
        let cases: [(Int32, String, (TemporaryDirectory) -> [String])] = [
            (2, "is no loopback address", { _ in ["--listen", "1.2.3.4:5"] }),
            (2, "is no loopback address", { _ in ["--listen", "127.0.0.1"] }),
            (2, "is no loopback address", { _ in ["--listen", "[::]:80"] }),
            (2, "is no loopback address", { _ in ["--metrics", "0.0.0.0:9464"] }),
            (1, "another process serves", { _ in ["--metrics", "127.0.0.1:\(taken.port)"] }),
            (1, "another process serves", { _ in ["--listen", "127.0.0.1:\(taken.port)"] }),
            (2, "Linux allows 107", { ["--admin-socket", $0.file(long)] }),
            (1, "make the directory", { ["--admin-socket", $0.file("no/admin.sock")] }),
            (1, "make the directory", { ["--socket", $0.file("no/relay.sock")] }),
            (1, "is no socket", { ["--admin-socket", $0.path] }),
            (
                1, "exists already",
                { ["--snapshot-every", "1h", "--snapshot-to", $0.path] }
            ),
            (2, "is no group of this machine", { _ in ["--socket-group", "no-such"] }),
            (2, "permissions in three octal", { _ in ["--socket-mode", "888"] }),
            (2, "go together", { _ in ["--snapshot-every", "1h"] }),
            (2, "for the snapshots that relayd takes", { _ in ["--snapshot-verify", "7d"] }),
            (2, "for the snapshots that relayd takes", { _ in ["--snapshot-keep-weekly", "4"] }),
            (2, "cannot share the socket", { ["--admin-socket", $0.file("relay.sock")] }),
            (2, "TCP does not tell who", { _ in ["--allow-uid", "1", "--listen", "127.0.0.1:0"] }),
            (2, "TCP does not tell who", { _ in ["--allow-gid", "1", "--listen", "127.0.0.1:0"] }),
        ]
        for (code, says, arguments) in cases {
            let directory = TemporaryDirectory()
            var all = ["--store", directory.file("store")] + arguments(directory)
            if !all.contains("--socket") { all += ["--socket", directory.file("relay.sock")] }
            let program = ChildProcess.path(of: "relayd")
            let run = ChildProcess.run("timeout", ["30", program] + all)
            #expect(run.code == code && run.output.contains(says), "\(all): \(run)")
            let left = TemporaryDirectory.names(in: directory.path)
                .filter { ![".", "..", "mine"].contains($0) }
            #expect(left == [], "\(all)")
        }
    }

    @Test("of a second one on a store is refused, and the first goes on.")
    func second() throws {
        let directory = TemporaryDirectory()
        let store = directory.file("store")
        let first = try Relayd(store: store, in: directory)
        let other = ["--socket", directory.file("2.sock"), "--admin-socket", directory.file("3")]
        let program = ChildProcess.path(of: "relayd")
        let second = ChildProcess.run("timeout", ["30", program, "--store", store] + other)
        #expect(second.code == 1)
        #expect(second.output.contains("another relayd serves the store \(store)"))
        #expect(Curl().status(unix: first.socket) == 200)
        let third = ChildProcess.run(
            "timeout", ["30", program, "--store", ":memory:", "--socket", first.socket])
        #expect(third.code == 1)
        #expect(third.output.contains("another process serves \(first.socket)"))
        #expect(first.stop() == 0)
        let left =
            TemporaryDirectory.names(in: directory.path) + TemporaryDirectory.names(in: store)
        #expect(!left.contains { $0.hasSuffix(".lock") || $0.hasSuffix(".sock") }, "\(left)")
    }

    @Test(
        "says who owns what it may not open, and does not call that another relayd.",
        .enabled(if: geteuid() == 0, "only root can start it as another user"))
    func foreignFiles() throws {
        let program = ChildProcess.path(of: "relayd")
        let asOther = ["--reuid", "4242", "--regid", "4242", "--clear-groups"]
        guard ChildProcess.run("setpriv", asOther + ["test", "-x", program]).code == 0 else {
            print("skipped: other users may not run \(program)")
            return
        }
        let directory = TemporaryDirectory()
        let store = directory.file("store")
        #expect(try Relayd(store: store, in: directory).stop() == 0)
        for path in [directory.path, store] { try #require(chmod(path, 0o777) == 0) }
        func start() -> String {
            let run = ChildProcess.run(
                "timeout",
                ["30", "setpriv"] + asOther + [
                    program, "--store", store, "--socket", directory.file("q"),
                ])
            #expect(run.code == 1)
            #expect(!run.output.contains("another relayd"), "\(run.output)")
            return run.output
        }
        let owner = "belongs to user 0 and group 0 with mode 0600, and this is user 4242"
        let names = ["relayd.lock", "data.mdb", "lock.mdb", "admin.sock.lock", "../q.lock"]
        for name in names {
            // All others are its own, so that this one is what it stumbles over.
            for lock in names where lock != "data.mdb" { unlink("\(store)/\(lock)") }
            try #require(chown(store + "/data.mdb", 4242, 4242) == 0)
            let file = "\(store)/\(name)"
            close(open(file, O_CREAT | O_RDWR, 0o600))
            try #require(chown(file, 0, 0) == 0)
            let output = start()
            #expect(output.contains("Permission denied: "), "\(name): \(output)")
            #expect(output.contains(owner), "\(name): \(output)")
        }
    }

    @Test(
        "ends in words where it gets too few threads or too little memory, and leaves a store that is whole.",
        .enabled(
            if: geteuid() == 0, "only root can start it as another user, whose threads are limited"),
        arguments: ["log", "synced-commits"])
    func limited(durability: String) throws {
        let program = ChildProcess.path(of: "relayd")
        // Of a user who has no other threads.
        let user = durability == "log" ? "4343" : "4344"
        let asOther = ["--reuid", user, "--regid", user, "--clear-groups"]
        guard ChildProcess.run("setpriv", asOther + ["test", "-x", program]).code == 0 else {
            print("skipped: other users may not run \(program)")
            return
        }
        let directory = TemporaryDirectory()
        try #require(chmod(directory.path, 0o777) == 0)
        let snapshots = directory.file("snapshots")
        let made = ChildProcess.run(
            "setpriv", asOther + [ChildProcess.path(of: "relayctl"), "snapshot", "init", snapshots])
        try #require(made.code == 0, "\(made.output)")
        /// Starts it below a limit, and ends it in good order should it be ready.
        func start(_ limit: String) -> (code: Int32, output: String) {
            ChildProcess.run(
                "timeout",
                ["--preserve-status", "4", "prlimit", limit, "setpriv"] + asOther + [
                    program, "--store", directory.file("store"), "--socket", directory.file("s"),
                    "--loops", "2", "--durability", durability, "--map-size", "16MiB",
                    "--snapshot-every", "1h", "--snapshot-to", snapshots,
                ])
        }
        var refused = 0
        for threads in 1...20 {
            let run = start("--nproc=\(threads)")
            if run.output.contains("ready on ") {
                // A snapshot that finds no room for a thread fails, and nothing else does.
                #expect(run.code == 0, "\(threads): \(run.output)")
                if run.output.contains("snapshot_done") { break }
                continue
            }
            refused += 1
            #expect(run.code == 1, "\(threads): \(run.output)")
            #expect(run.output.contains("thread"), "\(threads): \(run.output)")
        }
        #expect(refused > 5)
        // Not even a thread's stack has room, then the map has none.
        let tiny = start("--as=\(40 << 20)")
        #expect(tiny.code == 1 && tiny.output.contains("ulimit -v"), "\(tiny.output)")
        let small = start("--as=\(52 << 20)")
        #expect(small.code == 1 && small.output.contains("--map-size"), "\(small.output)")
        let check = ChildProcess.run("relayctl", ["check", "--store", directory.file("store")])
        #expect(check.code == 0, "\(check.output)")
    }

    @Test("ends with its version wherever that is asked for.")
    func version() {
        for arguments in [["--version"], ["--store", "x", "--version"]] {
            let run = ChildProcess.run("relayd", arguments)
            #expect(run.code == 0 && run.output.hasPrefix("relayd "), "\(run.output)")
        }
    }

    @Test("SIGHUP and SIGPIPE do not end it, and no program inherits what it has open.")
    func signals() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("relay.sock")
        let snapshots = directory.file("snapshots")
        #expect(ChildProcess.run("relayctl", ["snapshot", "init", snapshots]).code == 0)
        let relayd = ActivatedRelayd(
            in: directory,
            [
                "--store", directory.file("store"), "--socket", path, "--listen", "127.0.0.1:0",
                "--snapshot-every", "1h", "--snapshot-to", snapshots,
            ], sockets: [])
        try #require(relayd.isReady(), "\(relayd.output)")
        relayd.process.signal(SIGPIPE)
        for _ in 0..<2 {
            relayd.process.signal(SIGHUP)
            #expect(Curl().status(unix: path) == 200)
        }
        for _ in 0..<2_000 where !relayd.output.contains("SIGHUP") { usleep(5_000) }
        #expect(relayd.output.contains("SIGHUP is ignored: relayd has nothing to reload"))
        #expect(SocketActivationTests.inherited(by: relayd.process.pid) == [])
        relayd.process.signal(SIGTERM)
        #expect(relayd.process.wait() == 0)
    }
}
