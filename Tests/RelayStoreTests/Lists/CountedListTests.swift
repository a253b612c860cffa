import TestSupport
import Testing

@testable import RelayStore

@Suite struct CountedListTests {
    private let list = ListKey(account: 1, kind: 1)

    /// Compares everything that can be asked of a list with a sorted array.
    private func compare(
        _ store: Store, _ model: [UInt64], _ random: inout SplitMix
    ) throws {
        let reader = try store.makeReader()
        let view = reader.view
        let keys = try view.list(list, of: UInt64.self)
        check(try view.count(list), UInt64(model.count))
        check(keys.count, UInt64(model.count))
        for _ in 0..<50 where !model.isEmpty {
            let offset = Int.random(in: 0..<model.count, using: &random)
            check(try keys.key(at: UInt64(offset)), model[offset])
            check(try keys.rank(of: model[offset]), UInt64(offset))
            check(try keys.contains(model[offset]), true)
            let other = UInt64.random(in: 0...model.last! + 10, using: &random)
            let rank = model.partitioningIndex { $0 >= other }
            check(try keys.rank(of: other), UInt64(rank))
            check(try keys.contains(other), rank < model.count && model[rank] == other)
        }
        check(try keys.key(at: UInt64(model.count)), nil)
        var report = CheckReport()
        _ = try view.check(list, &report)
        check(report.faults, [])
    }

    @Test(
        "A node that is deleted leaves its number to the next one, in its own transaction as in another."
    )
    func numbers() throws {
        let (list, other) = (list, ListKey(account: 1, kind: 2))
        func highest(together: Bool) throws -> UInt64? {
            let store = try Store.inMemory()
            let keys = Array(UInt64(1)...5_000)
            func empty(_ transaction: inout StoreTransaction) throws(StoreError) {
                for key in keys.reversed() { check(try transaction.remove(key, from: list), true) }
            }
            func fill(_ transaction: inout StoreTransaction) throws(StoreError) {
                for key in keys { check(try transaction.insert(key, into: other), true) }
            }
            try store.write { (transaction) throws(StoreError) in
                try transaction.append(keys.span, to: list)
            }
            if together {
                try store.write { (transaction) throws(StoreError) in
                    try empty(&transaction)
                    try fill(&transaction)
                }
            } else {
                try store.write { (transaction) throws(StoreError) in try empty(&transaction) }
                try store.write { (transaction) throws(StoreError) in try fill(&transaction) }
            }
            let reader = try store.makeReader()
            let view = reader.view
            let cursor = try view.transaction.cursor(view.databases.listNodes)
            return try cursor.last()?.key
        }
        let apart = try highest(together: false)
        #expect(apart ?? 0 > 1)
        #expect(try highest(together: true) == apart)
    }

    @Test("150 000 random insertions and removals agree with a sorted array.")
    func randomOperations() throws {
        let store = try Store.inMemory()
        var random = SplitMix(state: 1)
        var model: [UInt64] = []
        var operations = 0
        // Phases that grow, shrink and empty the list, over narrow and wide ranges of keys.
        let phases: [(count: Int, insert: Int, range: UInt64)] = [
            (3_000, 60, 2_000), (40_000, 90, 1 << 38), (30_000, 30, 1 << 38),
            (30_000, 95, 60_000), (20_000, 5, 60_000), (27_000, 50, 1 << 20),
        ]
        for phase in phases {
            for _ in 0..<phase.count / 500 {
                try store.write { (transaction) throws(StoreError) in
                    for _ in 0..<500 {
                        operations += 1
                        let inserts = Int.random(in: 0..<100, using: &random) < phase.insert
                        var key = UInt64.random(in: 0..<phase.range, using: &random)
                        if !inserts, !model.isEmpty, Bool.random(using: &random) {
                            key = model.randomElement(using: &random)!
                        }
                        let index = model.partitioningIndex { $0 >= key }
                        let isThere = index < model.count && model[index] == key
                        if inserts {
                            if !isThere { model.insert(key, at: index) }
                            check(try transaction.insert(key, into: list), !isThere)
                        } else {
                            if isThere { model.remove(at: index) }
                            check(try transaction.remove(key, from: list), isThere)
                        }
                    }
                }
            }
            try compare(store, model, &random)
        }
        try store.write { (transaction) throws(StoreError) in
            for key in model.shuffled(using: &random) {
                check(try transaction.remove(key, from: list), true)
            }
        }
        #expect(operations >= 150_000)
        let report = try store.check()
        #expect(report.faults.isEmpty)
        #expect(report.lists == 0)
        #expect(try store.entries("blocks") == 0)
    }

    @Test("A list with moved keys is, node by node, the one that a removal and an insertion make.")
    func moves() throws {
        let (moved, changed) = (try Store.inMemory(), try Store.inMemory())
        var random = SplitMix(state: 5)
        // Ranges so narrow that keys meet others, in lists that are one leaf, and that shrink and grow.
        for (count, range) in [(1, 3), (40, 100), (3_000, 1 << 38), (60_000, 1 << 38)] {
            for _ in 0..<40 {
                let pairs = (0..<max(count / 20, 1)).map { _ in
                    (0...1).map { _ in UInt64.random(in: 0..<UInt64(range), using: &random) }
                }
                try moved.write { (transaction) throws(StoreError) in
                    for pair in pairs { try transaction.move(pair[0], to: pair[1], in: list) }
                }
                try changed.write { (transaction) throws(StoreError) in
                    for pair in pairs {
                        try transaction.remove(pair[0], from: list)
                        try transaction.insert(pair[1], into: list)
                    }
                }
            }
            let ends = try keys(moved)
            for store in [moved, changed] {
                try store.write { (transaction) throws(StoreError) in
                    // Each key goes below all others: the list shrinks at one end and grows at the other.
                    for (index, key) in ends.reversed().enumerated() {
                        let low = UInt64(ends.count - 1 - index)
                        if store === moved {
                            try transaction.move(key, to: low, in: list)
                        } else {
                            try transaction.remove(key, from: list)
                            try transaction.insert(low, into: list)
                        }
                    }
                }
            }
            #expect(try keys(moved) == keys(changed) && !ends.isEmpty)
            #expect(try nodes(moved) == nodes(changed))
            #expect(try moved.check().faults == [])
        }
    }

    private func keys(_ store: Store) throws -> [UInt64] {
        let reader = try store.makeReader()
        var all: [UInt64] = []
        let keys = try reader.view.list(list, of: UInt64.self)
        try keys.forEach(in: keys.offsets) { (key) throws(StoreError) in
            all.append(key)
            return true
        }
        return all
    }

    /// The nodes of all lists but roots, by their numbers.
    private func nodes(_ store: Store) throws -> [UInt64: [UInt8]] {
        let reader = try store.makeReader()
        let view = reader.view
        let cursor = try view.transaction.cursor(view.databases.listNodes)
        var nodes: [UInt64: [UInt8]] = [:]
        if let first = try cursor.first() { nodes[first.key] = first.value.copied() }
        while let next = try cursor.next() { nodes[next.key] = next.value.copied() }
        return nodes
    }

    @Test("Ascending keys fill their leaves, one by one and in bulk.")
    func appending() throws {
        let store = try Store.inMemory()
        let other = ListKey(account: 1, kind: 2, parameter: 7)
        let keys = (0..<200_000).map { UInt64($0) * 3 }
        let more: [UInt64] = [1_000_000, 1_000_001]
        try store.write { (transaction) throws(StoreError) in
            for key in keys { try transaction.insert(key, into: list) }
            try transaction.append(keys.span, to: other)
            try transaction.append(more.span, to: other)
        }
        let report = try store.check()
        check(report.faults, [])
        #expect(report.listKeys == 400_002)
        // Leaves of 504 keys and a handful of inner nodes for each of the two lists.
        #expect(try store.entries("blocks") <= 2 * (200_002 / 504 + 1 + 4))
        let reader = try store.makeReader()
        let view = reader.view
        let inBulk = try view.list(other, of: UInt64.self)
        check(try inBulk.key(at: 199_999), 199_999 * 3)
        check(try inBulk.key(at: 200_001), 1_000_001)
        check(try view.list(list, of: UInt64.self).key(at: 123_456), 123_456 * 3)
    }

    @Test("A small list lives in its root record alone.")
    func smallList() throws {
        let store = try Store.inMemory()
        try store.write { (transaction) throws(StoreError) in
            for key in UInt64(0)..<504 { try transaction.insert(key, into: list) }
        }
        #expect(try store.entries("blocks") == 0)
        try store.write { (transaction) throws(StoreError) in
            try transaction.insert(UInt64(504), into: list)
        }
        #expect(try store.entries("blocks") == 2)
        try store.write { (transaction) throws(StoreError) in
            for key in UInt64(0)..<400 { try transaction.remove(key, from: list) }
        }
        #expect(try store.entries("blocks") == 0)
        check(try store.check().faults, [])
    }

    @Test("Keys are handed over in order from any offset, over the borders of leaves.")
    func forEach() throws {
        let store = try Store.inMemory()
        let all = (UInt64(0)..<2_000).map { $0 }
        try store.write { (transaction) throws(StoreError) in
            try transaction.append(all.span, to: list)
        }
        let reader = try store.makeReader()
        let view = reader.view
        let inOrder = try view.list(list, of: UInt64.self)
        for start in [0, 1, 503, 504, 505, 1_999, 2_000] {
            var keys: [UInt64] = []
            try inOrder.forEach(in: UInt64(start)..<inOrder.count) { (key) throws(StoreError) in
                keys.append(key)
                return keys.count < 700
            }
            #expect(keys == Array(all.dropFirst(start).prefix(700)))
        }
    }
}

extension Store {
    /// Entries of a named database.
    func entries(_ name: String) throws(StoreError) -> UInt64 {
        try statistics().databases.first { $0.name == name }!.statistics.entries
    }
}

extension Array {
    /// Index of the first element for which the predicate holds; the array is partitioned by it.
    func partitioningIndex(_ belongsAfter: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if belongsAfter(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
