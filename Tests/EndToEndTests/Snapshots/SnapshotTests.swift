import Glibc
import HTTP2
import RelayClient
import RelayContract
import RelayStore
import TestSupport
import Testing

@testable import RelaySnapshots

@Suite("Snapshots") struct SnapshotTests {
    @Test("of a store are restored with another epoch: old cursors get 410, old tags 412.")
    func epoch() throws {
        let sample = try SampleStore()
        let key = try sample.makeKey()
        var relayd: Relayd? = try sample.serve()
        let page = try get("/v1/orders?limit=10", relayd!, key)
        let next = try #require(page["link"]?.nextTarget)
        #expect(try get(next, relayd!, key).status == 200)
        let tag = try #require(try get("/v1/orders/7", relayd!, key)["etag"])

        let snapshot = sample.directory.file("snapshot")
        let made = ChildProcess.run(
            "relayctl", ["snapshot", "create", "--store", sample.store, "--to", snapshot])
        #expect(made.code == 0, "\(made.output)")
        #expect(relayd!.stop() == 0)
        let restored = sample.directory.file("restored")
        let run = ChildProcess.run("relayctl", ["snapshot", "restore", snapshot, "--to", restored])
        #expect(run.code == 0, "\(run.output)")
        let again = ChildProcess.run(
            "relayctl", ["snapshot", "restore", snapshot, "--to", restored, "--if-none"])
        #expect(again.code == 0, "\(again.output)")

        relayd = try Relayd(store: restored, in: sample.directory)
        #expect(try get(next, relayd!, key).status == 410)
        #expect(try get("/v1/orders/7", relayd!, key)["etag"] != tag)
        let patch = ClientRequest(
            "PATCH", "/v1/orders/7",
            fields: [
                HeaderField("authorization", "Bearer \(key)"), HeaderField("if-match", tag),
                HeaderField("content-type", "application/json"),
            ], body: OrderPatch(internalId: "stale").json)
        #expect(try relayd!.connect().perform(patch).status == 412)
        #expect(try get("/v1/orders?limit=10", relayd!, key).body == page.body)
        #expect(relayd!.stop() == 0)
    }

    @Test(
        "that were restored open in LMDB's own programs.",
        .enabled(if: access("/usr/bin/mdb_stat", X_OK) == 0, "lmdb-utils is not installed"))
    func foreignPrograms() throws {
        let sample = try SampleStore()
        let (snapshot, restored) = (
            sample.directory.file("snapshot"), sample.directory.file("restored")
        )
        for arguments in [
            ["create", "--store", sample.store, "--to", snapshot],
            ["restore", snapshot, "--to", restored],
        ] {
            #expect(ChildProcess.run("relayctl", ["snapshot"] + arguments).code == 0)
        }
        let figures = ChildProcess.run("mdb_stat", ["-a", "-f", restored])
        #expect(figures.code == 0 && figures.output.contains("documents"))
        let copy = sample.directory.file("copy")
        mkdir(copy, 0o700)
        #expect(ChildProcess.run("mdb_copy", ["-c", restored, copy]).code == 0)
        #expect(try StoreExamination.examine(Store.open(at: copy)).isSound)
    }

    @Test("are taken by relayd itself at intervals, and end with it.")
    func schedule() throws {
        let sample = try SampleStore()
        let path = sample.directory.file("repository")
        let repository = try Repository(creating: path)
        let relayd = try Relayd(
            store: sample.store, in: sample.directory,
            arguments: ["--snapshot-every", "1s", "--snapshot-to", path])
        for _ in 0..<1_000 where try repository.ids().count < 2 { usleep(10_000) }
        let admin = try ClientConnection(unix: relayd.adminSocket)
        let figures = try admin.perform(ClientRequest("GET", "/admin/stat"))
        let text = String(decoding: figures.body, as: UTF8.self)
        #expect(text.contains("\"snapshots\":{\"repository\":\"\(path)\",\"taken\":"))
        #expect(text.contains("\"verifiedAt\":"))
        #expect(relayd.stop() == 0)
        #expect(try repository.ids().count >= 2)
        #expect(try repository.verifyAll(.full).findings == [])
    }

    @Test("after the first add a small part of it when one order in a hundred has changed.")
    func increment() throws {
        let sample = try SampleStore()
        let key = try sample.makeKey()
        let store = try Store.open(at: sample.store)
        let repository = try Repository(creating: sample.directory.file("repository"))
        let options = SnapshotOptions(program: "tests")
        let first = try repository.take(store, options)
        let relayd = try sample.serve()
        let connection = try relayd.connect()
        for number in 0..<SampleStore.orders / 100 {
            // Spread over the store, each in a commit of its own.
            let patch = ClientRequest(
                "PATCH", "/v1/orders/\(1 + 7_919 * number % SampleStore.orders)",
                fields: [
                    HeaderField("authorization", "Bearer \(key)"),
                    HeaderField("content-type", "application/json"),
                ], body: Array("{\"dueDate\":\"2027-01-0\(1 + number % 9)T10:00:00Z\"}".utf8))
            #expect(try connection.perform(patch).status == 200)
        }
        let second = try repository.take(store, options)
        #expect(relayd.stop() == 0)
        let (all, added) = (
            try #require(first.manifest.stored).addedBytes,
            try #require(second.manifest.stored).addedBytes
        )
        #expect(added * 100 < all * 3, "\(added) of \(all) bytes")
        #expect(try SnapshotSource(second.id).verify(.full).findings == [])
    }

    private func get(_ path: String, _ relayd: Relayd, _ key: String) throws -> ClientResponse {
        try relayd.connect().perform(
            ClientRequest("GET", path, fields: [HeaderField("authorization", "Bearer \(key)")]))
    }
}

extension String {
    /// What stands between angle brackets in a Link field.
    fileprivate var nextTarget: String? {
        guard let start = firstIndex(of: "<"), let end = firstIndex(of: ">") else { return nil }
        return String(self[index(after: start)..<end])
    }
}
