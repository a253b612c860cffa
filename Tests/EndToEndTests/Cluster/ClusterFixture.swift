import Glibc
import TestSupport
import Testing

/// An engine, a log in it, and a store that is its first replica.
struct ClusterFixture {
    let servers: JetStreamServers
    /// The log's address.
    let log: String
    let directory = TemporaryDirectory()
    let store: String

    /// - Parameter settings: more lines for the server's configuration.
    init(orders: Int = 50, settings: String = "") throws {
        servers = try JetStreamServers(settings: settings)
        log = "nats://\(servers.addresses)/orders"
        store = directory.file("first")
        let made = Self.relayctl(["sample", "--store", store, "--orders", "\(orders)"])
        try #require(made.code == 0, "\(made.output)")
    }

    static func relayctl(_ words: [String]) -> (code: Int32, output: String) {
        ChildProcess.run("relayctl", words)
    }

    /// Begins the log.
    func begin() throws {
        let begun = Self.relayctl(
            ["cluster", "init", "--log", log, "--from", store, "--replicas", "1"])
        try #require(begun.code == 0, "\(begun.output)")
    }

    /// The address of a log in the same engine.
    func log(_ name: String) -> String { "nats://\(servers.addresses)/\(name)" }

    /// Adds a snapshot of a store to a repository, and gives its id.
    @discardableResult
    func save(_ store: String, into repository: String, _ key: [String] = []) throws -> String {
        let taken = Self.relayctl(
            ["snapshot", "create", "--store", store, "--into", repository] + key)
        try #require(taken.code == 0, "\(taken.output)")
        let names = TemporaryDirectory.names(in: repository + "/snapshots")
            .filter { $0.hasSuffix(".json") }.sorted()
        return String(try #require(names.last).dropLast(5))
    }

    /// Runs a relayd that does not start.
    func start(_ words: [String]) -> (code: Int32, output: String) {
        ChildProcess.run(
            "relayd",
            ["--socket", directory.file("s"), "--admin-socket", directory.file("a")] + words)
    }

    /// A file with some bytes.
    func file(_ name: String, _ text: String) throws -> String {
        let path = directory.file(name)
        try writeBytes(path, Array(text.utf8))
        return path
    }
}
