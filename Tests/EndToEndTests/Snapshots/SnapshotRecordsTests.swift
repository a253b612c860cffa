import Glibc
import HTTP2
import RelayClient
import RelayContract
import TestSupport
import Testing

@Suite("snapshot restore --records", .serialized) struct SnapshotRecordsTests {
    private let directory = TemporaryDirectory()
    private var store: String { directory.file("store") }
    private var repository: String { directory.file("repository") }

    private func restore(_ records: String, _ words: [String] = []) -> (Int32, String) {
        let admin = directory.file("admin.sock")
        let served = access(admin, F_OK) == 0 ? ["--admin-socket", admin] : []
        let run = ChildProcess.run(
            "relayctl",
            ["snapshot", "restore", repository + ":latest", "--records", records]
                + ["--store", store] + served + words)
        return (run.code, run.output)
    }

    private func snapshot() {
        let create = ["snapshot", "create", "--store", store, "--into", repository]
        let run = ChildProcess.run("relayctl", create)
        #expect(run.code == 0, "\(run.output)")
    }

    @Test("on a full disk names the store, and restores nothing until there is room.")
    func full() throws {
        let relayd = try Relayd(store: store, in: directory)
        let client = RelayClient(connection: try relayd.connect(), key: try relayd.makeKey())
        let order = try client.createOrder(NewOrder(title: "before")).value.id
        snapshot()
        _ = try client.deleteOrder(order)
        #expect(relayd.stop() == 0)
        let disk = FaultyDisk(in: directory, of: "store/data.mdb")
        disk.fail(.write, with: ENOSPC)
        let run = ChildProcess.run(
            "relayctl",
            [
                "snapshot", "restore", repository + ":latest", "--records", "orders/\(order)",
                "--store", store,
            ], environment: disk.environment)
        #expect(run.code == 1)
        #expect(run.output.contains("relayctl: \(store): the store is full"), "\(run.output)")
        #expect(restore("orders/\(order)").0 == 0)
    }

    @Test("brings a deleted order back with its file while relayd serves, under its id.")
    func running() throws {
        let relayd = try Relayd(store: store, in: directory)
        let client = RelayClient(connection: try relayd.connect(), key: try relayd.makeKey())
        let order = try client.createOrder(NewOrder(title: "before")).value.id
        let content = SalvageFixture.file(1, 0..<200_000)
        _ = try client.createOrderComment(
            order, NewComment(text: "t", authorName: "a"),
            files: [RelayUpload(name: "f.bin", bytes: content)])
        let kept = try client.createOrder(NewOrder(title: "kept")).value.id
        snapshot()
        let before = try client.getOrder(order)
        _ = try client.deleteOrder(order)
        _ = try client.updateOrder(kept, OrderPatch(title: "changed"))
        // A dry run, and a refusal, change nothing.
        let names = "orders/\(order),orders/\(kept)"
        let refused = restore(names)
        #expect(refused.0 == 1, "\(refused)")
        #expect(
            refused.1.contains(
                "nothing was restored: orders/\(kept) is there with other content: give --replace"),
            "\(refused)")
        let dry = restore(names, ["--replace", "--dry-run", "--json"])
        #expect(dry.0 == 0, "\(dry)")
        #expect(dry.1.contains(#"{"record":"orders/\#(order)","state":"created"}"#), "\(dry)")
        #expect(dry.1.contains(#"{"record":"orders/\#(kept)","state":"replaced"}"#), "\(dry)")
        #expect(dry.1.contains(#"{"record":"attachments/1","state":"created"}"#), "\(dry)")
        #expect(throws: RelayClientError.self) { _ = try client.getOrder(order) }
        #expect(try client.getOrder(kept).value.title == "changed")
        let done = restore(names, ["--replace", "--json"])
        #expect(done.0 == 0, "\(done)")
        let after = try client.getOrder(order)
        #expect(after.value.title == "before")
        #expect(after.value.createdAt == before.value.createdAt)
        #expect(after.value.comments == before.value.comments)
        #expect(after.tag != before.tag)
        #expect(try client.getOrder(kept).value.title == "kept")
        let shown = directory.file("f.bin")
        let show = ChildProcess.run(
            "relayctl",
            ["snapshot", "show", store, "attachments/1", "--bytes", "--to", shown])
        #expect(show.code == 0 && readBytes(shown) == content, "\(show.output)")
        // The feed tells of it, and a second time changes nothing.
        let changes = ChildProcess.run("relayctl", ["changes", "--store", store, "--json"])
        #expect(changes.output.contains("\"created\""), "\(changes.output)")
        let again = restore(names, ["--json"])
        #expect(again.0 == 0 && !again.1.contains("created"), "\(again)")
        #expect(try client.getOrder(order).tag == after.tag)
        #expect(relayd.stop() == 0)
    }

    @Test("works on a store that nobody serves, and says what a record refers to and lacks.")
    func offline() throws {
        for words in [
            ["sample", "--store", store, "--orders", "50", "--accounts", "2"],
            ["snapshot", "create", "--store", store, "--into", repository],
        ] {
            let run = ChildProcess.run("relayctl", words)
            #expect(run.code == 0, "\(run.output)")
        }
        TemporaryDirectory.remove(store)
        // Without a record of account 2.
        let other = ["sample", "--store", store, "--orders", "1"]
        #expect(ChildProcess.run("relayctl", other).code == 0)
        let account = ["--account", "2"]
        let alone = restore("units/1", account)
        #expect(alone.0 == 1, "\(alone)")
        #expect(
            alone.1.contains("units/1: document/propertyId: the account has no property 1"),
            "\(alone)")
        let chain = restore("units/1,properties/1,customers/1,addresses/1", account + ["--json"])
        #expect(chain.0 == 0, "\(chain)")
        let check = ChildProcess.run("relayctl", ["check", "--store", store])
        #expect(check.code == 0, "\(check.output)")
        let none = restore("orders/4711", account)
        #expect(none.0 == 1 && none.1.contains("there is no orders/4711"), "\(none)")
        // A socket that nobody listens on is no store of ours.
        let nobody = restore(
            "units/2", account + ["--admin-socket", directory.file("none.sock")])
        #expect(nobody.0 == 1 && nobody.1.contains("no process listens"), "\(nobody)")
    }

    @Test("refuses what does not go with it, and names that are none.")
    func usage() {
        for words in [["--to", "x"], ["--salvage"], ["--if-none"], ["--as-of", "1"]] {
            let run = restore("orders/1", words)
            #expect(run.0 == 2 && run.1.contains("--records"), "\(words): \(run)")
        }
        for name in ["orders", "orders/0", "orders/1,", "tables/1"] {
            let run = restore(name)
            #expect(run.0 == 2 && run.1.contains("orders/4711"), "\(name): \(run)")
        }
        let nowhere = ChildProcess.run("relayctl", ["snapshot", "restore", "x"])
        #expect(nowhere.code == 2 && nowhere.output.contains("--to DIR"), "\(nowhere.output)")
    }
}
