import Glibc
import HTTP2
import TestSupport
import Testing

/// A log that is lost, and everything back from a snapshot.
@Suite(
    "relayctl cluster restart-log and restore",
    .enabled(if: JetStreamServers.areWanted, "\(JetStreamServers.absence)"))
struct ClusterRestartTests {
    private func restart(
        _ fixture: ClusterFixture, _ store: String, log: String? = nil, _ words: [String] = []
    ) -> (code: Int32, output: String) {
        ClusterFixture.relayctl(
            [
                "cluster", "restart-log", "--store", store, "--log", log ?? fixture.log,
                "--replicas", "1",
            ] + words)
    }

    @Test("A new log is followed by hosts that were as far, also a running one; another one stops.")
    func restarted() throws {
        let fixture = try ClusterFixture()
        try fixture.begin()
        let snapshot = fixture.directory.file("snapshot")
        let taken = ClusterFixture.relayctl(
            ["snapshot", "create", "--store", fixture.store, "--to", snapshot])
        try #require(taken.code == 0, "\(taken.output)")
        let first = try Replica("first", log: fixture.log, store: fixture.store)
        let second = try Replica("second", log: fixture.log, from: snapshot)
        let third = try Replica("third", log: fixture.log, from: snapshot)
        let key = try first.relayd.makeKey()
        #expect(third.waits(for: "sequence", first.shared("sequence")))
        #expect(third.relayd.stop() == 0)
        #expect(try first.send("POST", "/v1/orders", #"{"title":"one"}"#, key: key).status == 201)
        #expect(second.waits(for: "sequence", first.shared("sequence")))
        let busy = restart(fixture, fixture.store)
        #expect(busy.code == 2 && busy.output.contains("stop it first"), "\(busy.output)")
        // The last messages of a host are on their way when it ends: the highest is the one to begin with.
        second.relayd.process.signal(SIGSTOP)
        first.relayd.process.signal(SIGKILL)
        _ = first.relayd.process.wait()
        let own = restart(fixture, fixture.store)
        #expect(own.code == 2 && own.output.contains("start relayd"), "\(own.output)")
        _ = fixture.servers.ask("$JS.API.STREAM.DELETE.orders")
        let begun = restart(fixture, fixture.store, ["--json"])
        #expect(begun.code == 0 && begun.output.contains(#""continues":""#), "\(begun.output)")
        second.relayd.process.signal(SIGCONT)
        let again = try Replica("first", log: fixture.log, store: fixture.store)
        #expect(second.relayd.logs("log_begun_anew"), "\(second.relayd.output)")
        let order = #"{"title":"two"}"#
        #expect(try again.send("POST", "/v1/orders", order, key: key).status == 201)
        #expect(try second.send("POST", "/v1/orders", order, key: key).status == 201)
        #expect(again.waits(for: "lag", "0") && second.waits(for: "lag", "0"))
        #expect(again.waits(for: "sequence", second.shared("sequence")))
        #expect(again.shared("chain") == second.shared("chain"))
        #expect(again.shared("documents") == second.shared("documents"))
        let late = try Replica("third", log: fixture.log, store: third.store)
        #expect(late.relayd.logs("replica_stopped"))
        #expect(late.relayd.output.contains("start relayd with --join"))
        #expect(try late.send("GET", "/v1/orders/1", key: key).status == 200)
        for host in [again, second, late] { #expect(host.relayd.stop() == 0) }
        let dumps = [fixture.store, second.store].map { store -> String in
            let file = fixture.directory.file("dump")
            defer { unlink(file) }
            #expect(ClusterFixture.relayctl(["dump", "--store", store, "--to", file]).code == 0)
            return readText(file)
        }
        #expect(!dumps[0].isEmpty && dumps[0] == dumps[1])
    }

    @Test("A new log is refused for a store that shares none, and under a name that is taken.")
    func refused() throws {
        let fixture = try ClusterFixture()
        let plain = restart(fixture, fixture.store)
        #expect(plain.code == 1 && plain.output.contains("shares no log"), "\(plain.output)")
        #expect(restart(fixture, fixture.directory.file("none")).code == 1)
        let other = fixture.directory.file("other")
        #expect(ClusterFixture.relayctl(["sample", "--store", other, "--orders", "5"]).code == 0)
        let begun = ClusterFixture.relayctl([
            "cluster", "init", "--log", fixture.log("taken"), "--from", other, "--replicas", "1",
        ])
        #expect(begun.code == 0, "\(begun.output)")
        try fixture.begin()
        let taken = restart(fixture, fixture.store, log: fixture.log("taken"))
        #expect(taken.code == 1 && taken.output.contains("the log is"), "\(taken.output)")
        let open = try fixture.file("creds", "x")
        chmod(open, 0o644)
        let words = ["--log-creds", open]
        let unsafe = restart(fixture, fixture.store, log: fixture.log("new"), words)
        #expect(unsafe.code == 1 && unsafe.output.contains("chmod 600"), "\(unsafe.output)")
        let to = fixture.directory.file("to")
        let restored = ClusterFixture.relayctl(
            ["cluster", "restore", "x", "--to", to, "--log", fixture.log("new")] + words)
        #expect(restored.code == 1 && restored.output.contains("chmod 600"), "\(restored.output)")
    }

    @Test("A restore of everything has a log of its own; hosts of the old one see that, and stop.")
    func restored() throws {
        let fixture = try ClusterFixture()
        try fixture.begin()
        let (sealed, locked) = (
            fixture.directory.file("sealed"), fixture.directory.file("locked")
        )
        let key = ["--key-file", fixture.directory.file("key")]
        let phrase = ["--passphrase-file", try fixture.file("phrase", "a long passphrase 4711\n")]
        for (repository, words) in [(sealed, key), (locked, phrase)] {
            let made = ClusterFixture.relayctl(
                ["snapshot", "init", repository, "--encrypt"] + words)
            try #require(made.code == 0, "\(made.output)")
            try fixture.save(fixture.store, into: repository, words)
        }
        func restore(
            _ repository: String, _ to: String, _ log: String, _ words: [String]
        ) -> (code: Int32, output: String) {
            ClusterFixture.relayctl(
                ["cluster", "restore", repository, "--to", fixture.directory.file(to)]
                    + ["--log", fixture.log(log), "--replicas", "1", "--json"] + words)
        }
        let taken = restore(sealed, "new", "orders", key)
        #expect(taken.code == 2 && taken.output.contains("already"), "\(taken.output)")
        #expect(access(fixture.directory.file("new"), F_OK) != 0)
        let restored = restore(sealed, "new", "orders2", key)
        #expect(restored.code == 0 && restored.output.contains(#""epoch":""#), "\(restored.output)")
        let second = restore("\(locked):latest", "newer", "orders3", phrase)
        #expect(second.code == 0, "\(second.output)")
        let host = try Replica(
            "first", log: fixture.log("orders2"), store: fixture.directory.file("new"))
        let api = try host.relayd.makeKey()
        #expect(try host.send("POST", "/v1/orders", #"{"title":"x"}"#, key: api).status == 201)
        let old = try Replica("old", log: fixture.log("orders2"), store: fixture.store)
        #expect(old.relayd.logs("replica_stopped"))
        #expect(old.relayd.output.contains("and this store has applied the log"))
        let written = try old.send("POST", "/v1/orders", #"{"title":"x"}"#, key: api)
        #expect(written.status != 201)
        #expect(host.relayd.stop() == 0 && old.relayd.stop() == 0)
    }
}
