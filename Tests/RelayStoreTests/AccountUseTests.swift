import Testing

@testable import RelayStore

/// What is counted of accounts; that the sums stay right whatever is put and deleted, `DocumentTests`,
/// `DocumentSegmentTests` and the vectors show, whose stores are counted and checked.
@Suite("What an account uses")
struct AccountUseTests {
    private static func key(_ id: UInt64, of account: UInt32 = 1) -> DocumentKey {
        DocumentKey(account: account, resource: 1, id: id)
    }

    private static func put(
        _ id: UInt64, bytes: Int, of account: UInt32 = 1, _ transaction: inout StoreTransaction
    ) throws(StoreError) {
        let json = [UInt8](repeating: 120, count: bytes)
        try transaction.putDocument(
            key(id, of: account), json: json.span.bytes, version: transaction.sequence + 1)
    }

    private func use(_ store: Store, of account: UInt32 = 1) throws -> AccountUse? {
        try store.makeReader().view.use(of: account)
    }

    private func faults(_ store: Store) throws -> [String] {
        // The counters are not kept here.
        try store.check().faults.filter { !$0.contains("given out") }
    }

    @Test("is counted from its first quota on, and of no other account.")
    func counted() throws {
        let store = try Store.inMemory()
        try store.write { (transaction) throws(StoreError) in
            try Self.put(1, bytes: 100, &transaction)
            try Self.put(2, bytes: 9_000, &transaction)
            try Self.put(1, bytes: 5, of: 2, &transaction)
        }
        #expect(try use(store) == nil)
        let set = try store.write { (transaction) throws(StoreError) in
            try transaction.setQuota(of: 1, to: 10_000)
        }
        #expect(set.bytes == 9_100 && set.quota == 10_000 && !set.isUsedUp)
        try store.write { (transaction) throws(StoreError) in
            try Self.put(1, bytes: 50, &transaction)
            try Self.put(3, bytes: 7, of: 2, &transaction)
            try Self.put(3, bytes: 1_000, &transaction)
        }
        let now = try #require(try use(store))
        #expect(now.documentBytes == 10_050 && now.fileBytes == 0 && now.isUsedUp)
        check(try store.makeReader().view.accountUses().map(\.account), [1])
        #expect(try faults(store) == [])
        try store.write { (transaction) throws(StoreError) in
            try transaction.deleteDocument(Self.key(2))
            check(try transaction.setQuota(of: 1, to: nil).quota, nil)
        }
        #expect(try use(store)?.bytes == 1_050)
        #expect(throws: StoreError.self) {
            try store.write { (transaction) throws(StoreError) in
                _ = try transaction.setQuota(of: 0, to: 1)
            }
        }
    }

    @Test("may not grow past its quota, but shrink while it is past it.")
    func quota() throws {
        let store = try Store.inMemory()
        func change(
            _ body: (inout StoreTransaction) throws(StoreError) -> Void
        ) throws(StoreError) {
            try store.write { (transaction) throws(StoreError) in
                let before = try transaction.use(of: 1)
                try body(&transaction)
                try transaction.requireQuota(since: before)
            }
        }
        _ = try store.write { (transaction) throws(StoreError) in
            try transaction.setQuota(of: 1, to: 1_000)
        }
        try change { (transaction) throws(StoreError) in
            try Self.put(1, bytes: 1_000, &transaction)
        }
        #expect(try use(store)?.isUsedUp == true)
        #expect(throws: StoreError.self) {
            try change { (transaction) throws(StoreError) in
                try Self.put(2, bytes: 1, &transaction)
            }
        }
        #expect(try use(store)?.bytes == 1_000)
        _ = try store.write { (transaction) throws(StoreError) in
            try transaction.setQuota(of: 1, to: 10)
        }
        try change { (transaction) throws(StoreError) in
            try Self.put(1, bytes: 900, &transaction)
        }
        #expect(try use(store)?.bytes == 900)
        #expect(try faults(store) == [])
    }

    @Test("is counted anew after a program that does not know how, and a wrong sum is found.")
    func foreign() throws {
        let store = try Store.inMemory()
        func note(_ bytes: UInt64, sequence: UInt64) throws {
            var use = AccountUse(account: 1)
            use.documentBytes = bytes
            use.sequence = sequence
            let noted = use
            try store.write { (transaction) throws(StoreError) in
                let (key, stored) = (AccountUse.key(1), noted.stored)
                try transaction.put(
                    stored.span.bytes, at: key.span.bytes, in: transaction.databases.meta)
            }
        }
        try store.write { (transaction) throws(StoreError) in
            try Self.put(1, bytes: 100, &transaction)
            try transaction.setCounter(
                account: 1, resource: 1, to: ResourceCounter(lastID: 1, changeSequence: 7))
        }
        // As the other program found it, before its change of number 7.
        try note(42, sequence: 6)
        #expect(try faults(store) == [])
        try store.write { (transaction) throws(StoreError) in
            check(try transaction.use(of: 1)?.bytes, 100)
            try Self.put(2, bytes: 11, &transaction)
        }
        #expect(try use(store)?.bytes == 111)
        try note(112, sequence: 7)
        let found = try faults(store)
        #expect(found.count == 1 && found[0].contains("account 1: uses 111 bytes"), "\(found)")
    }
}
