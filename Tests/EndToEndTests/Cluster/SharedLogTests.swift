import Glibc
import HTTP2
import TestSupport
import Testing

/// Real hosts that share a log of a real engine.
@Suite("Hosts with --log", .enabled(if: JetStreamServers.areWanted, "\(JetStreamServers.absence)"))
struct SharedLogTests {
    private let begun: BegunLog
    private let servers: JetStreamServers
    private let log: String
    private let directory = TemporaryDirectory()

    init() throws {
        begun = try BegunLog()
        (servers, log) = (begun.servers, begun.url)
    }

    private func relayctl(_ words: [String]) -> (code: Int32, output: String) {
        ChildProcess.run("relayctl", words)
    }

    @Test(
        "give what one of them was told: records, keys, large requests, files, loads; also after a kill."
    )
    func equal() throws {
        let (store, snapshot) = (begun.store, begun.snapshot)
        let first = try Replica("first", log: log, store: store)
        let second = try Replica("second", log: log, from: snapshot)
        let key = try first.relayd.makeKey()
        #expect(try first.send("POST", "/v1/orders", #"{"title":"one"}"#, key: key).status == 201)
        let content = String(repeating: "x", count: 10_000)
        let fields = (0..<95).map { #"{"name":"n","position":\#($0),"content":"\#(content)"}"# }
        let large = #"{"title":"large","fields":[\#(fields.joined(separator: ","))]}"#
        #expect(try first.send("POST", "/v1/orders", large, key: key).status == 201)
        let lines = directory.file("lines")
        let dump = ["dump", "--store", store, "--resource", "order", "--to", lines]
        #expect(relayctl(dump).code == 0)
        let load = relayctl(["load", lines, "--admin-socket", first.relayd.adminSocket])
        #expect(load.code == 0, "\(load.output)")
        #expect(second.waits(for: "sequence", first.shared("sequence")))
        try first.killAndStart()
        #expect(
            try second.send("PATCH", "/v1/orders/51", #"{"title":"two"}"#, key: key).status == 200)
        let written = try first.send("POST", "/v1/orders", #"{"title":"three"}"#, key: key)
        let place = try #require(written.fields.first { $0.name == "location" }?.value)
        let position = try #require(written.fields.first { $0.name == "relay-seq" }?.value)
        for least in [position, "now"] {
            let read = try second.send(
                "GET", place, key: key, fields: [HeaderField("relay-min-seq", least)])
            #expect(read.status == 200, "\(least)")
        }
        #expect(
            second.waits(for: "lag", "0") && first.waits(for: "sequence", second.shared("sequence"))
        )
        let answers = try [first, second].map { try $0.send("GET", "/v1/orders/51", key: key).body }
        #expect(String(decoding: answers[0], as: UTF8.self).contains(#""title":"two""#))
        #expect(answers[0] == answers[1])
        #expect(first.shared("chain") == second.shared("chain"))
        #expect(first.shared("documents") == second.shared("documents"))
        #expect(first.shared("host") == "\"first\"" && second.shared("differing") == "[]")
        #expect(first.relayd.stop() == 0 && second.relayd.stop() == 0)
        let dumps = [store, second.store].map { store -> String in
            let file = directory.file("dump")
            #expect(relayctl(["dump", "--store", store, "--to", file]).code == 0)
            defer { unlink(file) }
            return readText(file)
        }
        #expect(!dumps[0].isEmpty && dumps[0] == dumps[1])
        #expect(relayctl(["check", "--store", second.store]).code == 0)
    }

    @Test("read on and refuse writes while the engine is away, and write again behind it.")
    func away() throws {
        let store = begun.store
        let host = try Replica("first", log: log, store: store)
        let key = try host.relayd.makeKey()
        servers.kill(0)
        let refused = try host.send("POST", "/v1/orders", #"{"title":"x"}"#, key: key)
        #expect(refused.status == 503)
        #expect(try host.send("GET", "/v1/orders/1", key: key).status == 200)
        #expect(host.waits(for: "condition", "\"down\""))
        let atOnce = try host.send("POST", "/v1/orders", #"{"title":"x"}"#, key: key)
        let text = String(decoding: atOnce.body, as: UTF8.self)
        #expect(atOnce.status == 503 && text.contains("nothing was changed"), "\(text)")
        servers.start(0)
        #expect(host.waits(for: "condition", "\"up\""))
        #expect(try host.send("POST", "/v1/orders", #"{"title":"x"}"#, key: key).status == 201)
        #expect(host.relayd.stop() == 0)
    }

    @Test("do not go on with a log that was made anew, and are not ready then.")
    func anew() throws {
        let store = begun.store
        var host: Replica? = try Replica("first", log: log, store: store)
        let key = try host!.relayd.makeKey()
        #expect(host!.relayd.stop() == 0)
        host = nil
        _ = servers.ask("$JS.API.STREAM.DELETE.orders")
        let other = directory.file("other")
        #expect(relayctl(["sample", "--store", other, "--orders", "5"]).code == 0)
        let begun = relayctl(
            ["cluster", "init", "--log", log, "--from", other, "--replicas", "1", "--json"])
        #expect(begun.code == 0 && begun.output.contains(#""identity":""#), "\(begun.output)")
        let again = try Replica("first", log: log, store: store)
        #expect(again.relayd.logs("replica_stopped"))
        #expect(again.shared("stopped").contains("the log is"))
        #expect(try again.send("GET", "/v1/orders/1", key: key).status == 200)
        #expect(try again.send("POST", "/v1/orders", "{}", key: key).status != 201)
        let admin = try ClientConnection(unix: again.relayd.adminSocket)
        let ready = try admin.perform(ClientRequest("GET", "/readyz"))
        #expect(ready.status == 503)
        #expect(again.relayd.stop() == 0)
    }

    @Test("are started with the log that belongs to the store, and in no other way.")
    func wrongStart() throws {
        let (store, snapshot) = (begun.store, begun.snapshot)
        func start(_ words: [String]) -> (code: Int32, output: String) {
            ChildProcess.run(
                "relayd",
                ["--socket", directory.file("s"), "--admin-socket", directory.file("a")]
                    + words)
        }
        let alone = start(["--store", store])
        #expect(alone.code == 1 && alone.output.contains("shares a log"), "\(alone.output)")
        let plain = directory.file("plain")
        #expect(relayctl(["snapshot", "restore", snapshot, "--to", plain]).code == 0)
        let sharing = start(["--store", plain, "--log", log])
        #expect(sharing.code == 1 && sharing.output.contains("shares no log"), "\(sharing.output)")
        #expect(start(["--store", plain, "--host-name", "a"]).code == 2)
        #expect(start(["--store", plain, "--log", log, "--host-name", "a.b"]).code == 2)
        // What relayctl writes would end what a host of its name has begun.
        let namesake = start(["--store", plain, "--log", log, "--host-name", "relayctl"])
        #expect(namesake.code == 2, "\(namesake.output)")
        #expect(namesake.output.contains("relayctl itself is called so"), "\(namesake.output)")
        #expect(start(["--store", ":memory:", "--log", log]).code == 2)
        let url = start(["--store", store, "--log", "http://x/y"])
        #expect(url.code != 0 && url.output.contains("nats://"), "\(url.output)")
        let direct = relayctl(["keys", "create", "--store", store, "--account", "1"])
        #expect(direct.code == 1 && direct.output.contains("shares a log"), "\(direct.output)")
    }

    @Test("take credentials from a file that nobody else can read.")
    func credentials() throws {
        let file = directory.file("creds")
        let descriptor = open(file, O_WRONLY | O_CREAT, 0o644)
        close(descriptor)
        let store = directory.file("store")
        #expect(relayctl(["sample", "--store", store, "--orders", "5"]).code == 0)
        let words = ["--log", log, "--log-creds", file]
        let begun = relayctl(["cluster", "init", "--from", store] + words)
        #expect(begun.code == 1 && begun.output.contains("chmod 600"), "\(begun.output)")
        let started = ChildProcess.run(
            "relayd", ["--store", self.begun.store, "--socket", directory.file("s")] + words)
        #expect(started.code == 1 && started.output.contains("chmod 600"), "\(started.output)")
    }
}
