import TestSupport
import Testing

@testable import RelayStore

/// A list whose documents are kept in its order as well.
private struct ModelIndex {
    let list: ListKey
    /// The JSON by order and id.
    var model: [UInt128: [UInt8]] = [:]

    init(account: UInt32) { list = ListKey(account: account, kind: 31) }

    func document(_ key: UInt128) -> DocumentKey {
        DocumentKey(
            account: list.account, resource: 20, id: UInt64(truncatingIfNeeded: key))
    }

    /// Puts a record, or moves the one that has this id.
    mutating func put(
        _ order: UInt64, _ id: UInt64, _ json: [UInt8],
        _ transaction: inout StoreTransaction
    ) throws(StoreError) {
        try remove(id, &transaction)
        let key = UInt128(order) << 64 | UInt128(id)
        try transaction.putDocument(document(key), json: json.span.bytes, version: 1)
        try transaction.insert(key, into: list)
        try transaction.putCoveringEntry(of: document(key), in: list, by: order)
        model[key] = json
    }

    mutating func remove(
        _ id: UInt64, _ transaction: inout StoreTransaction
    ) throws(StoreError) {
        guard let key = model.keys.first(where: { UInt64(truncatingIfNeeded: $0) == id })
        else { return }
        try transaction.deleteDocument(document(key))
        try transaction.remove(key, from: list)
        check(
            try transaction.deleteCoveringEntry(
                of: document(key), in: list, by: UInt64(truncatingIfNeeded: key >> 64)), true)
        model[key] = nil
    }

    /// A range of the list, as far as it goes.
    func range(from place: Int, count: Int) -> CoveringRange? {
        let keys = model.keys.sorted().dropFirst(place).prefix(count)
        return keys.first.map {
            CoveringRange(list: list, resource: 20, first: $0, count: keys.count)
        }
    }
}

@Suite("Copies of documents")
struct CoveringIndexTests {
    private func json(_ random: inout SplitMix) -> [UInt8] {
        // Most are short; some fill a block, some more than one.
        let most = [3, 200, 200, 200, 900, 4_100, 9_000].randomElement(using: &random)!
        let fill = UInt8.random(in: 65...90, using: &random)
        return [UInt8](repeating: fill, count: Int.random(in: 2...most, using: &random))
    }

    @Test("Ranges of a covering index agree with a sorted dictionary through 6 000 random changes.")
    func model() throws {
        let store = try Store.inMemory()
        var random = SplitMix(state: 9)
        // Neighbours in the database, which must never mix.
        var lists = [ModelIndex(account: 1), ModelIndex(account: 2)]
        for (round, puts) in [(0, 90), (1, 50), (2, 15), (3, 70)] {
            for _ in 0..<15 {
                try store.write { (transaction) throws(StoreError) in
                    for _ in 0..<100 {
                        let which = Int.random(in: 0...1, using: &random)
                        let id = UInt64.random(in: 1...400, using: &random)
                        if Int.random(in: 0..<100, using: &random) < puts {
                            // Few moments: many documents have the same one.
                            let order = UInt64.random(in: 0...60, using: &random)
                            try lists[which].put(order, id, json(&random), &transaction)
                        } else {
                            try lists[which].remove(id, &transaction)
                        }
                    }
                }
            }
            for list in lists { try compare(store, list, &random) }
            #expect(try faults(store) == [], "round \(round)")
        }
    }

    /// What a check finds; counters are not kept here.
    private func faults(_ store: Store) throws -> [String] {
        try store.check().faults.filter { !$0.contains("given out") }
    }

    private func compare(_ store: Store, _ list: ModelIndex, _ random: inout SplitMix) throws {
        let reader = try store.makeReader()
        let keys = list.model.keys.sorted()
        for _ in 0..<200 {
            let place = Int.random(in: 0..<max(keys.count, 1), using: &random)
            let count = [1, 2, 50, 1_000].randomElement(using: &random)!
            let room = [0, 500, 8_000, Int.max].randomElement(using: &random)!
            guard let range = list.range(from: place, count: count) else { continue }
            var wanted: [UInt8] = []
            var fitting = 0
            for key in keys[place..<min(place + count, keys.count)] {
                let json = list.model[key]!
                if fitting > 0, wanted.count + json.count + 1 > room { break }
                wanted += json + [UInt8(ascii: ",")]
                fitting += 1
            }
            var found: [UInt8] = []
            let result = try reader.view.appendRuns(range, maxBytes: room) { found += $0 }
            #expect(found == wanted && result.documents == fitting)
            #expect(result.lastKey == keys[place + fitting - 1])
        }
        for (key, json) in list.model {
            let order = UInt64(truncatingIfNeeded: key >> 64)
            let document = list.document(key)
            if let copy = try reader.view.coveringEntry(of: document, in: list.list, by: order) {
                check(array(copy.json) == json && copy.isIntact, true)
            } else {
                Issue.record("no entry of \(document)")
            }
            let other = try reader.view.coveringEntry(of: document, in: list.list, by: order + 99)
            check(other == nil, true)
        }
    }

    @Test("A page without room for anything is empty if it need not have a document.")
    func room() throws {
        let store = try Store.inMemory()
        var list = ModelIndex(account: 1)
        try store.write { (transaction) throws(StoreError) in
            for id in UInt64(1)...40 { try list.put(id, id, bytes("{\"id\":\(id)}"), &transaction) }
        }
        let reader = try store.makeReader()
        let range = list.range(from: 3, count: 30)!
        var found: [UInt8] = []
        let none = try reader.view.appendRuns(range, maxBytes: 8, least: 0) { found += $0 }
        #expect(none == CoveringRuns() && found.isEmpty)
        let one = try reader.view.appendRuns(range, maxBytes: 9, least: 0) { found += $0 }
        #expect(one.documents == 1 && found == bytes("{\"id\":4},"))
    }

    @Test("Copies that come in any order lie as densely as documents that do.")
    func density() throws {
        let store = try Store.inMemory()
        var random = SplitMix(state: 4)
        var list = ModelIndex(account: 1)
        let orders = (UInt64(1)...2_000).shuffled(using: &random)
        try store.write { (transaction) throws(StoreError) in
            for (id, order) in orders.enumerated() {
                let json = [UInt8](repeating: 65, count: 190)
                try list.put(order, UInt64(id + 1), json, &transaction)
            }
        }
        let reader = try store.makeReader()
        var runs = 0
        let range = list.range(from: 0, count: 2_000)!
        _ = try reader.view.appendRuns(range, maxBytes: .max) { _ in runs += 1 }
        // 18 fit a block; of random insertions blocks are two thirds full.
        #expect(runs > 2_000 / 18 && runs < 2_000 / 10, "\(runs) blocks")
    }

    @Test("A check finds a copy that is missing, that is too many, and that is not the document.")
    func damage() throws {
        let store = try Store.inMemory()
        var list = ModelIndex(account: 1)
        try store.write { (transaction) throws(StoreError) in
            for id in UInt64(1)...60 { try list.put(id, id, bytes("{\"id\":\(id)}"), &transaction) }
        }
        #expect(try faults(store) == [])
        let key = list.document(UInt128(7) << 64 | 7)
        try store.write { (transaction) throws(StoreError) in
            try transaction.deleteCoveringEntry(of: key, in: list.list, by: 7)
        }
        #expect(try faults(store) == ["covering index of the \(list.list): 59 entries for 60 keys"])
        try store.write { (transaction) throws(StoreError) in
            try transaction.putCoveringEntry(of: key, in: list.list, by: 8)
        }
        #expect(
            try faults(store) == ["covering index of the \(list.list): 1/20/7 is not in the list"])
        try store.write { (transaction) throws(StoreError) in
            try transaction.deleteCoveringEntry(of: key, in: list.list, by: 8)
            try transaction.putCoveringEntry(of: key, in: list.list, by: 7)
            try transaction.putDocument(key, json: bytes("{}").span.bytes, version: 2)
        }
        #expect(try faults(store) == ["covering index: 1/20/7 is not what the document is"])
    }
}
