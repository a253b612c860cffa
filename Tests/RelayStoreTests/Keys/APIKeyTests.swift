import Testing

@testable import RelayStore

@Suite struct APIKeyTests {
    private func authenticate(_ text: String, _ view: borrowing StoreView) throws -> UInt32? {
        try bytes(text).withUnsafeBytes { try view.authenticate($0)?.account }
    }

    @Test("A key opens its account until it is revoked, and open readers notice.")
    func lifecycle() throws {
        let store = try Store.inMemory()
        var reader = try store.makeReader()
        let before = reader.keyGeneration
        let keys = try store.write { (transaction) throws(StoreError) in
            var keys: [NewAPIKey] = []
            for account in UInt32(1)...3 {
                keys.append(
                    try transaction.createAPIKey(
                        account: account, label: "key \(account)", time: 5))
            }
            return keys
        }
        check(try authenticate(keys[0].text, reader.view), nil)
        try reader.renewIfStale()
        let made = reader.keyGeneration
        #expect(made != before)
        for key in keys {
            check(try authenticate(key.text, reader.view), key.record.account)
            #expect(key.text.hasPrefix("relay_"))
            #expect(key.text.utf8.count == 46)
        }
        check(try reader.view.apiKeys(), keys.map(\.record))
        check(try reader.view.apiKeys(account: 2), [keys[1].record])

        try store.write { (transaction) throws(StoreError) in
            check(try transaction.revokeAPIKey(keys[1].record.id), true)
            check(try transaction.revokeAPIKey(keys[1].record.id), false)
        }
        try reader.renewIfStale()
        check(reader.keyGeneration == made, false)
        check(try authenticate(keys[1].text, reader.view), nil)
        check(try authenticate(keys[2].text, reader.view), 3)
    }

    @Test("The end of a key and the day of its use are kept beside it, and go with it.")
    func besides() throws {
        let store = try Store.inMemory()
        let keys = try store.write { (transaction) throws(StoreError) in
            var keys: [NewAPIKey] = []
            for expires in [nil, Int64(9_000)] {
                keys.append(
                    try transaction.createAPIKey(
                        account: 1, label: "", time: 5, expires: expires))
            }
            return keys
        }
        var reader = try store.makeReader()
        check(try reader.view.apiKeys().map(\.expires), [nil, 9_000])
        check(try reader.view.apiKeys().map(\.lastUsedDay), [nil, nil])
        let generation = reader.keyGeneration
        for day in [Int64(20_000), 19_999] {
            try store.write { (transaction) throws(StoreError) in
                try transaction.noteUse(of: [keys[1].record.id, 77], day: day)
            }
        }
        try reader.renewIfStale()
        // It never goes back, and nobody has to look keys up again for it.
        check(try reader.view.apiKeys().map(\.lastUsedDay), [nil, 20_000])
        check(reader.keyGeneration, generation)
        try store.write { (transaction) throws(StoreError) in
            check(try transaction.revokeAPIKey(keys[1].record.id), true)
            try transaction.noteUse(of: [keys[1].record.id], day: 20_001)
        }
        try reader.renewIfStale()
        check(try reader.view.apiKeys(), [keys[0].record])
        check(try authenticate(keys[1].text, reader.view), nil)
    }

    @Test("What is not a key is refused, each changed character among it.")
    func refusal() throws {
        let store = try Store.inMemory()
        let key = try store.write { (transaction) throws(StoreError) in
            try transaction.createAPIKey(
                account: 1, label: "", time: 0)
        }
        let reader = try store.makeReader()
        for text in ["", "relay_", "Bearer", key.text + "a", String(key.text.dropLast())] {
            check(try authenticate(text, reader.view), nil)
        }
        for index in key.text.indices {
            var text = key.text
            text.replaceSubrange(index...index, with: text[index] == "q" ? "r" : "q")
            check(try authenticate(text, reader.view), nil)
        }
    }

    @Test("Only the hash of a key is in the store.")
    func onlyHash() throws {
        let text = APIKeyText.make([UInt8](repeating: 7, count: 20))
        #expect(text == APIKeyText.make([UInt8](repeating: 7, count: 20)))
        let digest = bytes(text).withUnsafeBytes { APIKeyText.digest($0) }
        #expect(digest == sha256(bytes(text)))
        #expect(sha256(bytes("abc")).prefix(4) == [0xBA, 0x78, 0x16, 0xBF])
    }
}
