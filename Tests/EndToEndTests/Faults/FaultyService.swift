import Glibc
import HTTP2
import RelayClient
import RelayContract
import TestSupport
import Testing

/// A relayd on a store with one order, which something is about to happen to.
final class FaultyService {
    let store: String
    let directory: TemporaryDirectory
    let relayd: Relayd
    let key: String

    init(
        in directory: TemporaryDirectory, store: String? = nil, arguments: [String] = [],
        environment: [String] = [], program: String = "relayd"
    ) throws {
        self.directory = directory
        self.store = store ?? directory.file("store")
        relayd = try Relayd(
            store: self.store, in: directory, arguments: ["--loops", "1"] + arguments,
            environment: environment, program: program)
        key = try relayd.makeKey()
        _ = try client().createOrder(NewOrder(title: "Dach"))
    }

    func client() throws -> RelayClient {
        RelayClient(connection: try relayd.connect(), key: key)
    }

    /// Creates an order whose JSON has about so many bytes, at most 200 000; gives the status.
    func create(_ bytes: Int = 0) throws -> Int {
        let content = String(repeating: "x", count: 2_000)
        let fields = (0..<bytes / 2_000).map {
            #"{"name":"n","position":\#($0),"content":"\#(content)"}"#
        }
        let list = fields.joined(separator: ",")
        return try post("/v1/orders", #"{"title":"x","fields":[\#(list)]}"#)
    }

    func post(_ path: String, _ body: String) throws -> Int { try send("POST", path, body) }

    func patch(_ path: String, _ body: String) throws -> Int { try send("PATCH", path, body) }

    private func send(_ method: String, _ path: String, _ body: String) throws -> Int {
        let fields = [
            HeaderField("authorization", "Bearer \(key)"),
            HeaderField("content-type", "application/json"),
        ]
        let request = ClientRequest(method, path, fields: fields, body: Array(body.utf8))
        return try relayd.connect().perform(request).status
    }

    /// What an admin command prints.
    func admin(_ words: [String]) -> (code: Int32, output: String) {
        ChildProcess.run("relayctl", words + ["--admin-socket", relayd.adminSocket])
    }

    /// A number of `/admin/stat`; nil when there is none of this name.
    func figure(_ name: String) -> Int? {
        let text = admin(["stat", "--json"]).output
        guard let found = text.firstRange(of: "\"\(name)\":") else { return nil }
        return Int(text[found.upperBound...].prefix { $0.isNumber })
    }
}
