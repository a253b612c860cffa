import Glibc
import TestSupport
import Testing

@testable import RelayStore

@Suite struct HintTests {
    private func key(_ id: UInt64) -> DocumentKey { DocumentKey(account: 1, resource: 1, id: id) }

    /// A document that says which version of which id it is, of a size that changes with both.
    private func json(_ id: UInt64, _ version: UInt64) -> [UInt8] {
        let size = Int((id &* 7 &+ version &* 131) % 2_400)
        return bytes("{\"id\":\(id),\"version\":\(version)}") + [UInt8](repeating: 32, count: size)
    }

    private func expect(
        _ reader: borrowing StoreReader, _ model: [UInt64: UInt64], _ ids: ClosedRange<UInt64>
    ) throws {
        for id in ids {
            let found = try reader.document(key(id))?.json.copied()
            if found != model[id].map({ json(id, $0) }) {
                Issue.record("document \(id) of commit \(reader.transactionID)")
            }
        }
    }

    @Test("Readers that follow at different speeds never see a document of another commit.")
    func following() throws {
        let store = try Store.inMemory()
        var random = SplitMix(state: 4)
        var model: [UInt64: UInt64] = [:]
        var version: UInt64 = 0
        var quick = try store.makeReader()
        var slow = try store.makeReader()
        var slowModel = model
        for round in 0..<600 {
            try store.write { (transaction) throws(StoreError) in
                for _ in 0..<Int.random(in: 1...8, using: &random) {
                    version += 1
                    let id = UInt64.random(in: 1...200, using: &random)
                    if version % 5 == 0 {
                        try transaction.deleteDocument(key(id))
                        model[id] = nil
                    } else {
                        try transaction.putDocument(
                            key(id), json: json(id, version).span.bytes, version: version)
                        model[id] = version
                    }
                }
            }
            try expect(slow, slowModel, 1...200)
            try quick.renewIfStale()
            try expect(quick, model, 1...200)
            if round % 17 == 0 {
                try slow.renewIfStale()
                slowModel = model
                try expect(slow, slowModel, 1...200)
            }
        }
    }

    @Test("A commit that moves more than can be listed makes readers forget everything.")
    func tooMany() throws {
        let store = try Store.inMemory()
        let count = UInt64(Limits.movedDocuments) + 10
        var model: [UInt64: UInt64] = [:]
        var reader = try store.makeReader()
        for version in UInt64(1)...4 {
            try store.write { (transaction) throws(StoreError) in
                for id in 1...(version % 2 == 1 ? count : 50) {
                    try transaction.putDocument(
                        key(id), json: json(id, version).span.bytes, version: version)
                    model[id] = version
                }
            }
            try reader.renewIfStale()
            try expect(reader, model, 1...100)
        }
    }

    @Test("A transaction that changes nothing takes no number and vouches for none.")
    func nothingChanged() throws {
        let store = try Store.inMemory()
        try put(into: store, 1...1, version: 1)
        let reader = try store.makeReader()
        let before = reader.transactionID
        // As a group of refused commands leaves it.
        try store.write { (_: inout StoreTransaction) throws(StoreError) in }
        var place = store.core.moved.place(at: before)
        if case .behind = store.core.moved.follow(to: before + 1, from: &place, { _ in }) {
        } else {
            Issue.record("commit \(before + 1) has not happened, and readers believe that it has")
        }
        #expect(store.core.environment.lastTransactionID == before)
    }

    @Test("Commits of another process are noticed, whatever it moves.")
    func otherProcess() async throws {
        let directory = TemporaryDirectory()
        setenv("RELAY_TEST_HINTS", directory.store, 1)
        let store = try Store.create(
            at: directory.store, options: StoreOptions(durability: .mayCorruptStore))
        var model: [UInt64: UInt64] = [:]
        try put(into: store, 1...100, version: 1)
        for id in UInt64(1)...100 { model[id] = 1 }
        var reader = try store.makeReader()
        try expect(reader, model, 1...100)

        await #expect(processExitsWith: .success) {
            let path = String(cString: getenv("RELAY_TEST_HINTS"))
            let tests = HintTests()
            try tests.put(into: try Store.open(at: path), 40...60, version: 2)
        }
        for id in UInt64(40)...60 { model[id] = 2 }
        for _ in 0..<3 {
            try reader.renewIfStale()
            try expect(reader, model, 1...100)
        }
        try put(into: store, 50...55, version: 3)
        for id in UInt64(50)...55 { model[id] = 3 }
        for _ in 0..<3 {
            try reader.renewIfStale()
            try expect(reader, model, 1...100)
        }
    }

    private func put(
        into store: Store, _ ids: ClosedRange<UInt64>, version: UInt64
    ) throws {
        try store.write { (transaction) throws(StoreError) in
            for id in ids {
                try transaction.putDocument(
                    key(id), json: json(id, version).span.bytes, version: version)
            }
        }
    }

    @Test("What was moved is published per commit; a gap or an overflow is a loss.")
    func publication() {
        let moved = MovedDocuments()
        var seen: [UInt64] = []
        func follow(to commit: UInt64, from place: inout MovedDocuments.Place) -> String {
            seen = []
            return "\(moved.follow(to: commit, from: &place) { seen.append($0) })"
        }
        var place = moved.place(at: 4)
        #expect(follow(to: 5, from: &place) == "behind")
        moved.publish([1, 2], transaction: 5)
        moved.publish([3], transaction: 6)
        #expect(follow(to: 5, from: &place) == "caughtUp")
        #expect(seen == [1, 2])
        var late = moved.place(at: 5)
        #expect(follow(to: 6, from: &late) == "caughtUp")
        #expect(seen == [3])
        moved.publish([4], transaction: 8)
        #expect(follow(to: 8, from: &place) == "lost")
        place = moved.place(at: 8)
        moved.publish(nil, transaction: 9)
        #expect(follow(to: 9, from: &place) == "lost")
        place = moved.place(at: 9)
        // Out of order: the commit in between is not known.
        moved.publish([6], transaction: 11)
        moved.publish([5], transaction: 10)
        #expect(follow(to: 11, from: &place) == "lost")
        place = moved.place(at: 11)
        moved.publish(Array(0..<UInt64(Limits.movedDocuments)), transaction: 12)
        moved.publish([7], transaction: 13)
        #expect(follow(to: 13, from: &place) == "lost")
        var current = moved.place(at: 12)
        #expect(follow(to: 13, from: &current) == "caughtUp")
        #expect(seen == [7])
        // Overwritten before a reader of an older commit has found its place.
        moved.publish(Array(0..<UInt64(Limits.movedDocuments - 1)), transaction: 14)
        moved.publish([8, 9], transaction: 15)
        var overtaken = moved.place(at: 13)
        #expect(follow(to: 15, from: &overtaken) == "lost")
    }
}
