import Glibc
import HTTP2
import TestSupport
import Testing

/// A host that serves a store which shares a log.
final class Replica {
    let directory = TemporaryDirectory()
    let store: String
    let name: String
    private(set) var relayd: Relayd
    private let arguments: [String]

    /// - Parameters:
    ///   - store: a store that was made for it; one in a directory of its own unless given.
    ///   - snapshot: what that one is restored from.
    init(
        _ name: String, log: String, store: String? = nil, from snapshot: String? = nil,
        arguments: [String] = []
    ) throws {
        self.name = name
        self.store = store ?? directory.file("store")
        if let snapshot {
            let restored = ChildProcess.run(
                "relayctl", ["snapshot", "restore", snapshot, "--to", self.store, "--replica"])
            try #require(restored.code == 0, "\(restored.output)")
        }
        self.arguments = ["--loops", "1", "--log", log, "--host-name", name] + arguments
        relayd = try Relayd(store: self.store, in: directory, arguments: self.arguments)
    }

    /// Ends it as a power cut would, and starts it again.
    func killAndStart() throws {
        relayd.process.signal(SIGKILL)
        _ = relayd.process.wait()
        try start()
    }

    /// Starts it again, once it has ended.
    func start() throws {
        relayd = try Relayd(store: store, in: directory, arguments: arguments)
    }

    /// A request; gives status, body and fields.
    func send(
        _ method: String, _ path: String, _ body: String = "", key: String,
        fields: [HeaderField] = []
    ) throws -> ClientResponse {
        let common = [
            HeaderField("authorization", "Bearer \(key)"),
            HeaderField("content-type", "application/json"),
        ]
        let request = ClientRequest(
            method, path, fields: common + fields, body: Array(body.utf8))
        return try relayd.connect().perform(request)
    }

    /// What `/admin/stat` says of the shared log: the text of a member.
    func shared(_ member: String) -> String {
        let text = ChildProcess.run(
            "relayctl", ["stat", "--json", "--admin-socket", relayd.adminSocket]
        ).output
        guard let object = text.firstRange(of: "\"sharedLog\":{"),
            let found = text[object.upperBound...].firstRange(of: "\"\(member)\":")
        else { return "" }
        return String(text[found.upperBound...].prefix { $0 != "," && $0 != "}" })
    }

    /// Waits until it has a value, or half a minute.
    func waits(for member: String, _ value: String) -> Bool {
        for _ in 0..<1_000 {
            if shared(member) == value { return true }
            usleep(30_000)
        }
        return false
    }
}
