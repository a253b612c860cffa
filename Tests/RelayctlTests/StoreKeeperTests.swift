import Glibc
import RelayStore
import Testing

@testable import relayctl

@Suite struct StoreKeeperTests {
    /// A directory with an empty store in it, closed again.
    private func emptyStore() throws -> String {
        var template = Array("/tmp/relay-keeper.XXXXXX".utf8CString)
        let path = String(cString: mkdtemp(&template)) + "/store"
        _ = try Store.create(at: path)
        return path
    }

    @Test("A key is printed once, listed without its text and gone when it is revoked.")
    func keys() throws {
        let keeper = try StoreKeeper(directory: try emptyStore())
        let made = try keeper.createKey(account: 3, label: "Büro")
        #expect(made.text("key", or: "none")?.hasPrefix("relay_") == true)
        let id = try #require(made.text("id", or: "none").flatMap(UInt64.init))

        let listed = try keeper.listKeys(account: 3).text
        #expect(listed.contains("label Büro") && !listed.contains("relay_"))
        #expect(try keeper.listKeys(account: 4).text.isEmpty)

        try keeper.revokeKey(id)
        #expect(try keeper.listKeys(account: 3).text.isEmpty)
        #expect(throws: CommandError.self) { try keeper.revokeKey(id) }
    }

    @Test("The figures name the size and every database.")
    func stat() throws {
        let text = try StoreKeeper(directory: try emptyStore()).stat().text
        for word in ["epoch", "usedBytes", "name documents", "name keys"] {
            #expect(text.contains(word), "\(word)")
        }
    }

    @Test("The figures of a replica say up to where it has applied its log.")
    func replica() throws {
        let directory = try emptyStore()
        let identity = LogIdentity.random
        do {
            let store = try Store.open(at: directory)
            let message = try store.beginning(of: identity).message(
                of: HostName("cluster")!, sent: 0)
            try store.becomeReplica(SharedLogEntry(sequence: 1, time: 5, message: message))
        }
        let stat = try StoreKeeper(directory: directory, isReading: true).stat()
        for words in [
            "sharedLog.identity      \(identity)", "sharedLog.sequence      1",
            "sharedLog.level         1",
        ] {
            #expect(stat.text.contains(words), "\(words): \(stat.text)")
        }
    }

    @Test("A directory without a store is said to be one.")
    func missing() {
        #expect(throws: CommandError.self) { try StoreKeeper(directory: "/tmp/relay-no-such") }
    }
}
