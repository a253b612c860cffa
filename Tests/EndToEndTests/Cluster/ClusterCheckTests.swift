import Glibc
import TestSupport
import Testing

/// What relayctl finds wrong with a log and its engine.
@Suite(
    "relayctl cluster check",
    .enabled(if: JetStreamServers.areWanted, "\(JetStreamServers.absence)"))
struct ClusterCheckTests {
    private let port = JetStreamServers.freePorts(1)[0]

    private func check(
        _ fixture: ClusterFixture, _ words: [String] = []
    ) -> (code: Int32, output: String) {
        ClusterFixture.relayctl(["cluster", "check", "--log", fixture.log] + words)
    }

    @Test("says of each thing that matters whether it is as it should be, and what to do.")
    func found() throws {
        let fixture = try ClusterFixture(settings: "http: \"127.0.0.1:\(port)\"")
        let none = check(fixture)
        #expect(none.code == 3 && none.output.contains("there is no log orders"), "\(none.output)")
        try fixture.begin()
        let monitor = ["--monitor", "http://127.0.0.1:\(port)"]
        let sound = check(fixture, monitor)
        #expect(sound.code == 0, "\(sound.output)")
        for words in [
            "verdict ok  about server \(fixture.servers.addresses)  found s0, 2.",
            "verdict ok  about sync_interval  found s0: always",
            "verdict ok  about storage  found in files",
            "verdict ok  about retention  found 7 days",
            "verdict ok  about stream  found is as relayctl cluster init makes it",
            "verdict warning  about replicas", "verdict ok  about identity",
        ] { #expect(sound.output.contains(words), "\(words): \(sound.output)") }
        let blind = check(fixture, ["--json"])
        #expect(blind.code == 0, "\(blind.output)")
        #expect(
            blind.output.contains(
                #"{"verdict":"warning","about":"sync_interval","found":"was not looked at"#),
            "\(blind.output)")
        #expect(blind.output.contains(#""problems":0"#))
        #expect(check(fixture, ["--monitor", "ftp://x"]).code == 2)
    }

    @Test("finds a server that does not sync, and a stream that somebody has changed.")
    func wrong() throws {
        let place = TemporaryDirectory()
        let fixture = try ClusterFixture(
            settings: """
                http: "127.0.0.1:\(port)"
                jetstream { store_dir: "\(place.file("js"))" }
                """)
        try fixture.begin()
        let monitor = ["--monitor", "http://127.0.0.1:\(port)/"]
        let lazy = check(fixture, monitor)
        #expect(lazy.code == 3, "\(lazy.output)")
        #expect(lazy.output.contains("verdict problem  about sync_interval"), "\(lazy.output)")
        #expect(lazy.output.contains("toDo sync_interval: always"), "\(lazy.output)")
        func edit(maxAge: Int) {
            let changed = fixture.servers.ask(
                "$JS.API.STREAM.UPDATE.orders",
                #"{"name":"orders","subjects":["relay.orders.log.>"],"storage":"file","num_replicas":1,"#
                    + #""retention":"limits","max_msgs":1000,"max_age":\#(maxAge),"#
                    + #""duplicate_window":120000000000,"deny_delete":true,"allow_direct":false}"#)
            #expect(changed?.contains("\"error\"") == false, "\(changed ?? "")")
        }
        for (maxAge, words) in [
            (
                3_600_000_000_000,
                "verdict problem  about retention  found messages are kept for 3600 s"
            ),
            (0, "verdict ok  about retention  found messages are kept for ever"),
        ] {
            edit(maxAge: maxAge)
            let found = check(fixture)
            #expect(found.output.contains(words), "\(found.output)")
        }
        edit(maxAge: 86_400_000_000_000)
        let edited = check(fixture)
        #expect(edited.code == 3)
        for words in [
            "verdict problem  about limits  found max_msgs is 1000",
            "verdict warning  about retention  found messages are kept for 1 days",
            "allow_direct is not set", "verdict problem  about identity",
        ] { #expect(edited.output.contains(words), "\(words): \(edited.output)") }
        fixture.servers.kill(0)
        let away = check(fixture, monitor)
        #expect(away.code == 3 && away.output.contains("cannot be reached"), "\(away.output)")
        #expect(away.output.contains("cannot be asked"), "\(away.output)")
    }

    @Test(
        "finds a server that does not take the longest messages; no log is made there, nor gone on with."
    )
    func payload() throws {
        let fixture = try ClusterFixture(settings: "max_payload: 500000")
        let words = "takes messages of 500000 bytes at most"
        let found = check(fixture)
        #expect(found.code == 3 && found.output.contains("s0 " + words), "\(found.output)")
        #expect(found.output.contains("toDo max_payload: 1MB"), "\(found.output)")
        let store = ["--from", fixture.store, "--replicas", "1"]
        let made = ClusterFixture.relayctl(["cluster", "init", "--log", fixture.log] + store)
        #expect(made.code == 1 && made.output.contains(words), "\(made.output)")
        #expect(check(fixture).output.contains("there is no log orders"))
        func restart(_ settings: String) throws {
            fixture.servers.kill(0)
            fixture.servers.settings = settings
            fixture.servers.start(0)
            try fixture.servers.waitForLeader()
        }
        try restart("")
        try fixture.begin()
        #expect(!check(fixture).output.contains("bytes at most"))
        try restart("max_payload: 500000")
        let host = try Replica("first", log: fixture.log, store: fixture.store)
        #expect(host.relayd.logs("replica_stopped"))
        #expect(host.relayd.output.contains(words), "\(host.relayd.output)")
        let health = ClusterFixture.relayctl(["health", "--admin-socket", host.relayd.adminSocket])
        #expect(health.code == 1 && health.output.contains("max_payload"), "\(health.output)")
        #expect(host.relayd.stop() == 0)
    }

    @Test("finds servers that are away or behind, and takes credentials.")
    func three() throws {
        let servers = try JetStreamServers(3)
        let log = "nats://\(servers.addresses)/orders"
        let directory = TemporaryDirectory()
        let store = directory.file("store")
        #expect(ClusterFixture.relayctl(["sample", "--store", store, "--orders", "5"]).code == 0)
        let begun = ClusterFixture.relayctl(["cluster", "init", "--log", log, "--from", store])
        #expect(begun.code == 0, "\(begun.output)")
        let words = ["cluster", "check", "--log", log]
        var sound = ClusterFixture.relayctl(words)
        for _ in 0..<100 where sound.output.contains("is behind") {
            usleep(100_000)
            sound = ClusterFixture.relayctl(words)
        }
        #expect(
            sound.code == 0
                && !sound.output.contains("about replicas  found servers that keep each message: 1")
        )
        #expect(sound.output.components("is current") == 2, "\(sound.output)")
        let leader = try #require(servers.leader(of: "orders"))
        servers.kill((leader + 1) % 3)
        var less = ClusterFixture.relayctl(words)
        for _ in 0..<300 where less.code == 0 {
            usleep(100_000)
            less = ClusterFixture.relayctl(words)
        }
        #expect(less.code == 3 && less.output.contains("is away"), "\(less.output)")
        #expect(less.output.contains("verdict ok  about leader"), "\(less.output)")
        let credentials = directory.file("creds")
        try writeBytes(credentials, Array("x".utf8))
        chmod(credentials, 0o644)
        let open = ClusterFixture.relayctl(words + ["--log-creds", credentials])
        #expect(open.code == 1 && open.output.contains("chmod 600"), "\(open.output)")
    }
}

extension String {
    /// How often it has a text.
    fileprivate func components(_ text: String) -> Int { ranges(of: text).count }
}
