import TestSupport
import Testing

@testable import RelayStore

@Suite struct WideListTests {
    private let list = ListKey(account: 1, kind: 3)

    private func compare(
        _ store: Store, _ model: [UInt128], _ random: inout SplitMix
    ) throws {
        let reader = try store.makeReader()
        let view = reader.view
        check(try view.count(list), UInt64(model.count))
        let keys = try view.list(list, of: UInt128.self)
        check(keys.count, UInt64(model.count))
        var some = InlineArray<8, UInt128>(repeating: 0)
        for _ in 0..<50 {
            let offset = Int.random(in: 0...model.count, using: &random)
            let known = offset < model.count ? model[offset] : nil
            check(try keys.key(at: UInt64(offset)), known)
            // Of the key itself, of what is just behind it, and of what is behind all.
            for wanted in [known ?? 0, (known ?? 0) + 1, .max] {
                let rank = model.partitioningIndex { $0 >= wanted }
                let there = rank < model.count ? model[rank] : nil
                check(try keys.rank(of: wanted), UInt64(rank))
                check(try keys.contains(wanted), there == wanted)
                let found = try keys.place(atOrAfter: wanted)
                check(found?.key, there)
                check(found?.offset, there == nil ? nil : UInt64(rank))
            }
            let count = try keys.read(&some, at: UInt64(offset))
            #expect(count > 0 || offset == model.count)
            for index in 0..<count { #expect(some[index] == model[offset + index]) }
            let end = Int.random(in: offset...model.count + 1, using: &random)
            let ends = try keys.ends(of: UInt64(offset)..<UInt64(end))
            let isThere = offset < end && end <= model.count
            check(ends?.first, isThere ? model[offset] : nil)
            check(ends?.last, isThere ? model[end - 1] : nil)
        }
        try compareWalks(keys, model, &random)
    }

    /// Ranges of every kind: empty ones, within a leaf, over many, beyond the end; and walks that end early.
    private func compareWalks(
        _ keys: borrowing CountedList<UInt128>, _ model: [UInt128], _ random: inout SplitMix
    ) throws {
        for _ in 0..<20 {
            let start = Int.random(in: 0...model.count, using: &random)
            let end = Int.random(in: start...model.count + 10, using: &random)
            let most = Int.random(in: 1...1_200, using: &random)
            let expected = model[start..<min(end, model.count)]
            var up: [UInt128] = []
            try keys.forEach(in: UInt64(start)..<UInt64(end)) { (key) throws(StoreError) in
                up.append(key)
                return up.count < most
            }
            #expect(up == Array(expected.prefix(most)))
            var down: [UInt128] = []
            try keys.forEachDescending(in: UInt64(start)..<UInt64(end)) {
                (key) throws(StoreError) in
                down.append(key)
                return down.count < most
            }
            #expect(down == Array(expected.reversed().prefix(most)))
        }
    }

    @Test("Keys of 128 bits agree with a sorted array, and tell both of their words apart.")
    func randomOperations() throws {
        let store = try Store.inMemory()
        var random = SplitMix(state: 1)
        var model: [UInt128] = []
        // Phases that grow, shrink and refill the list; few high words, so that low ones decide.
        for (count, inserts, range) in [(6_000, 90, UInt64(40)), (3_000, 30, 40), (2_000, 60, 3)] {
            for _ in 0..<count / 500 {
                try store.write { (transaction) throws(StoreError) in
                    for _ in 0..<500 {
                        let high = UInt64.random(in: 0..<range, using: &random) << 40
                        let low = UInt64.random(in: 0..<2_000, using: &random)
                        var key = UInt128(high) << 64 | UInt128(low)
                        let isInsertion = Int.random(in: 0..<100, using: &random) < inserts
                        if !isInsertion, let known = model.randomElement(using: &random) {
                            key = known
                        }
                        let index = model.partitioningIndex { $0 >= key }
                        let isThere = index < model.count && model[index] == key
                        if isInsertion {
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
            check(try store.check().faults, [])
        }
        try store.write { (transaction) throws(StoreError) in
            for key in model { check(try transaction.remove(key, from: list), true) }
        }
        check(try store.check().lists, 0)
        #expect(try store.entries("blocks") == 0)
    }

    @Test("Ascending keys fill leaves of 252; a list of one width is not read as the other.")
    func appending() throws {
        let store = try Store.inMemory()
        let keys = (0..<100_000).map { UInt128($0) << 60 }
        try store.write { (transaction) throws(StoreError) in
            try transaction.append(keys.span, to: list)
        }
        #expect(try store.entries("blocks") <= 100_000 / 252 + 1 + 6)
        let reader = try store.makeReader()
        check(try reader.view.list(list, of: UInt128.self).key(at: 77_777), keys[77_777])
        #expect(try reader.view.isWide(list))
        let other = StoreError.corrupted(
            what: "the list of account 1, kind 3, parameter 0 (the root: its header is not that of "
                + "a node with keys of this width)")
        #expect(throws: other) { try reader.view.list(list, of: UInt64.self).count }
        check(try store.check().faults, [])
    }

    @Test("Keys that go to the end come to the same bytes in bulk as one by one.")
    func bytes() throws {
        // Hosts of one log are compared by what is on their disks, and need not be of one version.
        let (single, bulk) = (try Store.inMemory(), try Store.inMemory())
        var random = SplitMix(state: 5)
        var last: UInt128 = 1 << 70
        for _ in 0..<40 {
            let between = UInt128.random(in: 0..<last, using: &random)
            let keys = (0..<Int.random(in: 1...900, using: &random)).map { _ in
                last += UInt128.random(in: 1...1 << 66, using: &random)
                return last
            }
            try single.write { (transaction) throws(StoreError) in
                try transaction.insert(between, into: list)
                for key in keys { try transaction.insert(key, into: list) }
            }
            try bulk.write { (transaction) throws(StoreError) in
                try transaction.insert(between, into: list)
                try transaction.append(keys.span, to: list)
            }
            let digests = try [single, bulk].map { try $0.makeReader().view.digest() }
            #expect(digests[0] == digests[1])
        }
    }
}
