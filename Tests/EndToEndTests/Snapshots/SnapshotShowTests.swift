import Glibc
import HTTP2
import RelayClient
import RelayContract
import TestSupport
import Testing

@Suite("snapshot show prints") struct SnapshotShowTests {
    private let directory = TemporaryDirectory()

    private func show(_ words: [String]) -> (code: Int32, output: String) {
        let run = ChildProcess.run("relayctl", ["snapshot", "show"] + words)
        return (run.code, run.output)
    }

    @Test("a record as it was when the snapshot was taken, whatever became of it.")
    func records() throws {
        let relayd = try Relayd(store: directory.file("store"), in: directory)
        let key = try relayd.makeKey(account: 7)
        let client = RelayClient(connection: try relayd.connect(), key: key)
        let order = try client.createOrder(NewOrder(title: "before")).value.id
        let path = directory.file("repository")
        let create = ["snapshot", "create", "--store", directory.file("store"), "--into", path]
        #expect(ChildProcess.run("relayctl", create).code == 0)
        let read = ClientRequest(
            "GET", "/v1/orders/\(order)", fields: [HeaderField("authorization", "Bearer \(key)")])
        let before = try relayd.connect().perform(read)
        _ = try client.deleteOrder(order)
        #expect(ChildProcess.run("relayctl", create).code == 0)
        let store = directory.file("store")
        let ids = try #require(Self.ids(path))
        let shown = show(["\(path):\(ids[0])", "orders/\(order)", "--account", "7"])
        #expect(shown.code == 0)
        // How far it is stands before it, on standard error.
        #expect(shown.output.hasSuffix(String(decoding: before.body, as: UTF8.self) + "\n"))
        let old = "\(path):\(ids[0])"
        for (place, account) in [("\(path):latest", "7"), (store, "7"), (old, "8")] {
            let none = show([place, "orders/\(order)", "--account", account, "--json"])
            #expect(none.code == 1 && none.output.contains("{\"error\":\"there is no"), "\(none)")
            let sentence = "there is no orders/\(order) of account \(account) in \(place)"
            #expect(none.output.contains(sentence), "\(none)")
        }
        for wrong in ["orders", "orders/x", "tables/1", "orders/0", "comments/1", "orders/1/2"] {
            let refused = show(["\(path):latest", wrong])
            #expect(refused.code == 2 && refused.output.contains("orders/4711"), "\(refused)")
        }
        #expect(relayd.stop() == 0)
    }

    private static func ids(_ path: String) -> [String]? {
        TemporaryDirectory.names(in: path + "/snapshots").filter { $0.hasSuffix(".json") }.sorted()
            .map { String($0.dropLast(".json".count)) }
    }

    @Test("an attachment's file, byte for byte.")
    func files() throws {
        let relayd = try Relayd(store: directory.file("store"), in: directory)
        let client = RelayClient(connection: try relayd.connect(), key: try relayd.makeKey())
        let order = try client.createOrder(NewOrder(title: "a")).value.id
        let content = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        _ = try client.createOrderComment(
            order, NewComment(text: "t", authorName: "a"),
            files: [RelayUpload(name: "f.bin", bytes: content)])
        let snapshot = directory.file("snapshot")
        let create = ["snapshot", "create", "--store", directory.file("store"), "--to", snapshot]
        #expect(ChildProcess.run("relayctl", create).code == 0)
        let target = directory.file("f.bin")
        let shown = show([snapshot, "attachments/1", "--bytes", "--to", target])
        #expect(shown.code == 0, "\(shown)")
        #expect(readBytes(target) == content)
        #expect(show([snapshot, "attachments/1"]).output.contains("\"name\":\"f.bin\""))
        #expect(show([snapshot, "orders/1", "--bytes"]).code == 2)
        let missing = show([snapshot, "attachments/2", "--bytes", "--to", directory.file("none")])
        #expect(missing.code == 1 && missing.output.contains("there is no attachments/2"))
        #expect(access(directory.file("none"), F_OK) != 0)
        #expect(relayd.stop() == 0)
    }
}
