import Glibc
import HTTP2
import TestSupport
import Testing

/// A replica whose disk is small, or whose store is not what its log has made.
@Suite(
    "A replica", .enabled(if: JetStreamServers.areWanted, "\(JetStreamServers.absence)"))
struct ReplicaDamageTests {
    @Test(
        "sends nothing that adds records while its disk has little room, and applies what others send.",
        .enabled(if: SmallDisk.isPossible))
    func room() throws {
        let fixture = try ClusterFixture()
        try fixture.begin()
        let repository = fixture.directory.file("repository")
        try fixture.save(fixture.store, into: repository)
        let first = try Replica("first", log: fixture.log, store: fixture.store)
        let disk = try SmallDisk(in: fixture.directory, mebibytes: 256)
        let second = try Replica(
            "second", log: fixture.log, store: disk.file("store"),
            arguments: ["--join", repository])
        let key = try second.relayd.makeKey()
        let order = #"{"title":"x"}"#
        #expect(try second.send("POST", "/v1/orders", order, key: key).status == 201)
        // A sixteenth of 256 MiB is 16 MiB.
        disk.fill(but: 12 << 20)
        let refused = try second.send("POST", "/v1/orders", order, key: key)
        #expect(refused.status == 507, "\(refused.status)")
        #expect(try second.send("GET", "/v1/orders/1", key: key).status == 200)
        #expect(try second.send("DELETE", "/v1/orders/1", key: key).status == 200)
        for _ in 0..<20 {
            #expect(try first.send("POST", "/v1/orders", order, key: key).status == 201)
        }
        #expect(second.waits(for: "sequence", first.shared("sequence")))
        disk.makeRoom()
        #expect(try second.send("POST", "/v1/orders", order, key: key).status == 201)
        #expect(first.relayd.stop() == 0 && second.relayd.stop() == 0)
    }

    @Test("whose records are not those of its log is found by a check.")
    func changed() throws {
        let fixture = try ClusterFixture()
        try fixture.begin()
        let host = try Replica("first", log: fixture.log, store: fixture.store)
        let key = try host.relayd.makeKey()
        #expect(
            try host.send("POST", "/v1/orders", #"{"title":"x"}"#, key: key).status == 201)
        let sum = host.shared("documents").filter { $0 != "\"" }
        #expect(host.relayd.stop() == 0)
        let words = ["check", "--store", fixture.store]
        #expect(ClusterFixture.relayctl(words).code == 0)
        // As if a record had been changed past the log: what it should come to is another number.
        let script =
            "import sys; p = sys.argv[1]; d = open(p, 'rb').read(); "
            + "n = int(sys.argv[2], 16).to_bytes(8, 'little'); m = (int(sys.argv[2], 16) ^ 1).to_bytes(8, 'little'); "
            + "assert n in d; open(p, 'r+b').write(d.replace(n, m))"
        let planted = ChildProcess.run("python3", ["-c", script, fixture.store + "/data.mdb", sum])
        try #require(planted.code == 0, "\(planted.output)")
        let found = ClusterFixture.relayctl(words)
        #expect(found.code == 3, "\(found.output)")
        #expect(found.output.contains("is not what its log has made"), "\(found.output)")
    }
}
