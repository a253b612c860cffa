import Glibc
import HTTP2
import TestSupport
import Testing

/// A host that makes its store by itself.
@Suite("relayd --join", .enabled(if: JetStreamServers.areWanted, "\(JetStreamServers.absence)"))
struct JoinTests {
    private func isReady(_ host: Replica) throws -> Bool {
        let admin = try ClientConnection(unix: host.relayd.adminSocket)
        for _ in 0..<600 {
            if try admin.perform(ClientRequest("GET", "/readyz")).status == 200 { return true }
            usleep(20_000)
        }
        return false
    }

    @Test("makes the store of the newest sound snapshot, catches up, and does nothing later on.")
    func joined() throws {
        let fixture = try ClusterFixture()
        try fixture.begin()
        let first = try Replica("first", log: fixture.log, store: fixture.store)
        let key = try first.relayd.makeKey()
        let repository = fixture.directory.file("repository")
        let sound = try fixture.save(fixture.store, into: repository)
        #expect(try first.send("POST", "/v1/orders", #"{"title":"one"}"#, key: key).status == 201)
        let damaged = try fixture.save(fixture.store, into: repository)
        let manifest = "\(repository)/snapshots/\(damaged).json"
        unlink(manifest)
        try writeBytes(manifest, Array("x".utf8))
        let second = try Replica(
            "second", log: fixture.log, arguments: ["--join", repository])
        #expect(second.relayd.logs("store_joined") && second.relayd.logs("snapshot_passed_over"))
        #expect(second.relayd.output.contains("is snapshot \(sound)"))
        #expect(try isReady(second))
        #expect(second.waits(for: "sequence", first.shared("sequence")))
        #expect(second.shared("chain") == first.shared("chain"))
        let written = try second.send("POST", "/v1/orders", #"{"title":"two"}"#, key: key)
        #expect(written.status == 201)
        try second.killAndStart()
        #expect(second.relayd.logs("join_not_needed"))
        #expect(try second.send("GET", "/v1/orders/51", key: key).status == 200)
        #expect(first.relayd.stop() == 0 && second.relayd.stop() == 0)
        #expect(ClusterFixture.relayctl(["check", "--store", second.store]).code == 0)
    }

    @Test("refuses what does not go on with the log, in words, and leaves nothing behind.")
    func refused() throws {
        let fixture = try ClusterFixture()
        let (plain, other) = (fixture.directory.file("plain"), fixture.directory.file("other"))
        try fixture.save(fixture.store, into: plain)
        let foreign = fixture.directory.file("foreign")
        #expect(
            ClusterFixture.relayctl(["sample", "--store", foreign, "--orders", "5"]).code == 0)
        let begun = ClusterFixture.relayctl([
            "cluster", "init", "--log", fixture.log("foreign"), "--from", foreign, "--replicas",
            "1",
        ])
        #expect(begun.code == 0, "\(begun.output)")
        try fixture.save(foreign, into: other)
        let empty = fixture.directory.file("empty")
        #expect(ClusterFixture.relayctl(["snapshot", "init", empty]).code == 0)
        try fixture.begin()
        let store = fixture.directory.file("new")
        let reasons = [
            (plain, "shares no log"), (other, "is of the log"), (empty, "it has none"),
            (fixture.directory.file("nowhere"), "there is no repository"),
        ]
        for (repository, words) in reasons {
            let run = fixture.start(["--store", store, "--log", fixture.log, "--join", repository])
            #expect(run.code == 1 && run.output.contains(words), "\(run.output)")
            #expect(access(store, F_OK) != 0)
        }
        let alone = fixture.start(["--store", store, "--log", fixture.log])
        #expect(alone.code == 1 && alone.output.contains("give --join REPO"), "\(alone.output)")
        #expect(access(store, F_OK) != 0)
        #expect(fixture.start(["--store", store, "--join", plain]).code == 2)
    }

    @Test(
        "names what it may not read of a repository, and passes no snapshot over because of that.",
        .enabled(if: geteuid() == 0, "only root can start it as another user"))
    func unreadable() throws {
        let program = ChildProcess.path(of: "relayd")
        let asOther = ["--reuid", "4242", "--regid", "4242", "--clear-groups"]
        guard ChildProcess.run("setpriv", asOther + ["test", "-x", program]).code == 0 else {
            print("skipped: other users may not run \(program)")
            return
        }
        let fixture = try ClusterFixture()
        try fixture.begin()
        let (repository, own) = (
            fixture.directory.file("repository"), fixture.directory.file("own")
        )
        try fixture.save(fixture.store, into: repository)
        try #require(chmod(fixture.directory.path, 0o755) == 0)
        try #require(mkdir(own, 0o700) == 0 && chown(own, 4242, 4242) == 0)
        let pack = try #require(
            TemporaryDirectory.names(in: repository + "/packs").first { $0.hasSuffix(".pack") })
        #expect(ChildProcess.run("chmod", ["-R", "go+rX", repository]).code == 0)
        for (part, mode) in [("", "700"), ("/snapshots", "700"), ("/packs/" + pack, "600")] {
            let place = repository + part
            #expect(ChildProcess.run("chmod", [mode, place]).code == 0)
            let run = ChildProcess.run(
                "timeout",
                ["60", "setpriv"] + asOther + [
                    program, "--socket", own + "/s", "--store", own + "/store", "--log",
                    fixture.log, "--host-name", "second", "--join", repository,
                ])
            #expect(run.code == 1, "\(place): \(run.output)")
            #expect(run.output.contains("\(place) belongs to user 0"), "\(place): \(run.output)")
            #expect(!run.output.contains("snapshot_passed_over"), "\(place): \(run.output)")
            #expect(TemporaryDirectory.names(in: own).filter { !$0.hasPrefix(".") } == [])
            #expect(ChildProcess.run("chmod", ["go+rX", place]).code == 0)
        }
    }

    @Test("opens an encrypted repository with the file that snapshots have, too.")
    func encrypted() throws {
        let fixture = try ClusterFixture()
        try fixture.begin()
        let repository = fixture.directory.file("repository")
        let key = ["--key-file", fixture.directory.file("key")]
        let made = ClusterFixture.relayctl(["snapshot", "init", repository, "--encrypt"] + key)
        try #require(made.code == 0, "\(made.output)")
        try fixture.save(fixture.store, into: repository, key)
        let words = ["--log", fixture.log, "--join", repository]
        let locked = fixture.start(["--store", fixture.directory.file("new")] + words)
        #expect(locked.code == 1 && locked.output.contains("is encrypted"), "\(locked.output)")
        let host = try Replica(
            "second", log: fixture.log,
            arguments: ["--join", repository, "--snapshot-key-file", key[1]])
        #expect(host.relayd.logs("store_joined"))
        #expect(host.relayd.stop() == 0)
    }

    @Test("leaves nothing that counts as a store when it is killed, and begins anew.")
    func interrupted() throws { try interrupt(SIGKILL) }

    @Test("ends in good order when it is told to, leaves nothing, and begins anew.")
    func told() throws { try interrupt(SIGTERM) }

    private func interrupt(_ signal: Int32) throws {
        let fixture = try ClusterFixture(orders: 1_000)
        try fixture.begin()
        let repository = fixture.directory.file("repository")
        try fixture.save(fixture.store, into: repository)
        let place = TemporaryDirectory()
        let store = place.file("store")
        let words = [
            "--store", store, "--log", fixture.log, "--host-name", "second", "--join", repository,
        ]
        let relayd = ChildProcess(
            "relayd",
            ["--socket", place.file("s"), "--admin-socket", place.file("a")] + words)
        func partial() -> [String] {
            TemporaryDirectory.names(in: store).filter { $0.contains(".partial-") }
        }
        for _ in 0..<20_000 {
            if !partial().isEmpty { break }
            usleep(1_000)
        }
        #expect(!partial().isEmpty)
        relayd.signal(signal)
        let code = relayd.wait()
        if signal == SIGTERM { #expect(code == 0 && partial().isEmpty) }
        #expect(access(store + "/data.mdb", F_OK) != 0)
        let host = try Replica(
            "second", log: fixture.log, store: store, arguments: ["--join", repository])
        #expect(host.relayd.logs("store_joined") && partial().isEmpty)
        #expect(host.relayd.stop() == 0)
    }
}
