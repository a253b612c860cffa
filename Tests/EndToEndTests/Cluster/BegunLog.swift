import TestSupport
import Testing

@testable import RelayStore

/// A log that one server keeps, begun with a store of some records.
final class BegunLog {
    let servers: JetStreamServers
    let url: String
    let directory = TemporaryDirectory()
    /// The store that is the log's first replica.
    let store: String
    /// A snapshot of it.
    let snapshot: String
    /// A key that was made before the log was.
    let key: String

    init() throws {
        servers = try JetStreamServers()
        url = "nats://\(servers.addresses)/orders"
        (store, snapshot) = (directory.file("first"), directory.file("snapshot"))
        try Self.run(["sample", "--store", store, "--orders", "50"])
        let made = try Self.run(["keys", "create", "--store", store, "--account", "1", "--json"])
        let text = try #require(made.firstRange(of: "\"key\":\""))
        key = String(made[text.upperBound...].prefix { $0 != "\"" })
        let begun = try Self.run(
            ["cluster", "init", "--log", url, "--from", store, "--replicas", "1", "--json"])
        try #require(begun.contains("\"identity\":"), "\(begun)")
        try Self.run(["snapshot", "create", "--store", store, "--to", snapshot])
    }

    @discardableResult
    private static func run(_ words: [String]) throws -> String {
        let ended = ChildProcess.run("relayctl", words)
        try #require(ended.code == 0, "\(ended.output)")
        return ended.output
    }

    /// A store of the snapshot whose documents have another sum than those of other hosts, as if one had been
    /// changed behind the log's back.
    func bentStore(_ difference: UInt64) throws -> String {
        let bent = directory.file("bent-\(difference)")
        try Self.run(["snapshot", "restore", snapshot, "--to", bent, "--replica"])
        let store = try Store.open(at: bent)
        var transaction = try StoreTransaction(store.core)
        var state = try transaction.requireReplica()
        state.documents &+= difference
        transaction.keep(replica: state)
        try transaction.commit()
        return bent
    }
}
