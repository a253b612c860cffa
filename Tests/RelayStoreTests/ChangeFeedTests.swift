import Testing

@testable import RelayStore

@Suite("The feed of changes") struct ChangeFeedTests {
    private typealias Told = (sequence: UInt64, resource: UInt8, id: UInt64, change: String)

    /// Begins a change of account 1 and writes what it is asked to.
    private func change(
        _ store: Store, account: UInt32 = 1, put: [(UInt8, UInt64)] = [],
        delete: [(UInt8, UInt64)] = []
    ) throws {
        try store.write { (transaction) throws(StoreError) in
            let version = try transaction.recordChange(account: account, kind: 1, time: 7)
            for (resource, id) in put {
                try transaction.putDocument(
                    DocumentKey(account: account, resource: resource, id: id),
                    json: bytes("{}").span.bytes, version: version)
            }
            for (resource, id) in delete {
                _ = try transaction.deleteDocument(
                    DocumentKey(account: account, resource: resource, id: id))
            }
        }
    }

    /// What a feed tells behind a place, in portions of `limit`; nil when the place is none.
    private func told(
        _ store: Store, after position: ChangePosition, resources: UInt64 = .max, limit: Int = .max
    ) throws -> (told: [String], places: [ChangePosition])? {
        let reader = try store.makeReader()
        var told: [String] = []
        var places: [ChangePosition] = []
        var position = position
        while true {
            var count = 0
            let end = try reader.view.forEachChangedRecord(
                of: 1, after: position, resources: resources, budget: 1_000
            ) { (entry) throws(StoreError) in
                let document = entry.document
                told.append(
                    "\(entry.sequence) \(document.resource)/\(document.id) \(document.change)")
                count += 1
                return count < limit
            }
            if end.reason == .lost { return nil }
            position = end.position
            places.append(position)
            if end.reason == .newest { return (told, places) }
        }
    }

    @Test("tells of each record once, by resource and id, what a change came to.")
    func once() throws {
        let store = try Store.inMemory()
        try change(store, put: [(5, 2), (3, 9), (5, 1), (5, 2)])
        try change(store, account: 2, put: [(5, 1)])
        try change(store, put: [(5, 1), (6, 4)], delete: [(3, 9), (6, 4)])
        let all = try #require(try told(store, after: ChangePosition(after: 0)))
        #expect(
            all.told == [
                "1 3/9 created", "1 5/1 created", "1 5/2 created", "3 3/9 deleted", "3 5/1 updated",
            ])
        #expect(all.places == [ChangePosition(after: 3)])
    }

    @Test("goes on inside a change, and says that it does.")
    func cut() throws {
        let store = try Store.inMemory()
        try change(store, put: [(3, 1), (5, 1), (5, 2), (9, 1)])
        try change(store, put: [(5, 3)])
        let cut = try #require(
            try told(store, after: ChangePosition(after: 0), resources: 1 << 5, limit: 1))
        #expect(cut.told == ["1 5/1 created", "1 5/2 created", "2 5/3 created"])
        #expect(
            cut.places == [
                // One record of another kind and one that was told are behind it.
                ChangePosition(after: 0, passed: 2),
                // Whole: what is left of the change was not asked for.
                ChangePosition(after: 1), ChangePosition(after: 2),
            ])
        let rest = try #require(try told(store, after: ChangePosition(after: 0, passed: 2)))
        #expect(rest.told == ["1 5/2 created", "1 9/1 created", "2 5/3 created"])
    }

    @Test("is lost beyond the end, where the log was trimmed, and inside a change that is shorter.")
    func lost() throws {
        let store = try Store.inMemory()
        for id in UInt64(1)...3 { try change(store, put: [(5, id)]) }
        #expect(try told(store, after: ChangePosition(after: 4)) == nil)
        #expect(try told(store, after: ChangePosition(after: 3, passed: 1)) == nil)
        #expect(try told(store, after: ChangePosition(after: 2, passed: 2)) == nil)
        #expect(try told(store, after: ChangePosition(after: 3))?.told == [])
        try store.write { (transaction) throws(StoreError) in
            try transaction.delete(1, in: transaction.databases.changes)
        }
        #expect(try told(store, after: ChangePosition(after: 0)) == nil)
        let reader = try store.makeReader()
        #expect(try reader.view.oldestPosition() == ChangePosition(after: 1))
        #expect(try told(store, after: ChangePosition(after: 1))?.told.count == 2)
    }

    @Test("begins behind the changes of programs that did not say which records they changed.")
    func olderChanges() throws {
        let store = try Store.inMemory()
        for _ in 0..<3 { try change(store) }
        try store.write { (transaction) throws(StoreError) in
            for number in UInt64(1)...3 {
                // account 1, kind 1, no documents listed; time 7; a payload of four bytes.
                let record: InlineArray<3, UInt64> = [1 | 1 << 32, 7, 0]
                try transaction.put(
                    record.span.bytes, at: number, in: transaction.databases.changes)
            }
        }
        let reader = try store.makeReader()
        #expect(try reader.view.oldestPosition() == ChangePosition(after: 3))
        #expect(try told(store, after: ChangePosition(after: 2)) == nil)
        try change(store, put: [(5, 1)])
        #expect(try told(store, after: ChangePosition(after: 3))?.told == ["4 5/1 created"])
    }

    @Test("is read in slices of a budget, which other accounts' changes use up too.")
    func budget() throws {
        let store = try Store.inMemory()
        for _ in 0..<10 { try change(store, account: 2, put: [(5, 1)]) }
        try change(store, put: [(5, 1)])
        let reader = try store.makeReader()
        var position = ChangePosition(after: 0)
        var slices = 0
        var count = 0
        while true {
            let end = try reader.view.forEachChangedRecord(
                of: 1, after: position, resources: .max, budget: 4
            ) { _ in
                count += 1
                return true
            }
            slices += 1
            position = end.position
            if end.reason == .newest { break }
        }
        #expect(slices == 3)
        #expect(count == 1)
    }
}
