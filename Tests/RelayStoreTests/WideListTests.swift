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
        for _ in 0..<50 where !model.isEmpty {
            let offset = Int.random(in: 0..<model.count, using: &random)
            check(try view.wideKey(at: UInt64(offset), in: list), model[offset])
            check(try view.rank(ofWide: model[offset], in: list), UInt64(offset))
            check(try view.contains(wide: model[offset], in: list), true)
            let other = model[offset] + 1
            let rank = model.partitioningIndex { $0 >= other }
            check(try view.rank(ofWide: other, in: list), UInt64(rank))
            let isThere = rank < model.count && model[rank] == other
            check(try view.contains(wide: other, in: list), isThere)
        }
        try compare(view, try view.wideList(list), model, &random)
        check(try view.wideKey(at: UInt64(model.count), in: list), nil)
        let start = model.count / 3
        var up: [UInt128] = []
        try view.forEachWideKey(in: list, from: UInt64(start)) { (key) throws(StoreError) in
            up.append(key)
            return up.count < 600
        }
        #expect(up == Array(model.dropFirst(start).prefix(600)))
        var down: [UInt128] = []
        try view.forEachWideKeyDescending(in: list, before: UInt64(start)) {
            (key) throws(StoreError) in
            down.append(key)
            return down.count < 600
        }
        #expect(down == Array(model.prefix(start).reversed().prefix(600)))
    }

    /// What is asked of a list whose root was looked up once.
    private func compare(
        _ view: borrowing StoreView, _ list: borrowing WideList, _ model: [UInt128],
        _ random: inout SplitMix
    ) throws {
        check(list.count, UInt64(model.count))
        var keys = InlineArray<8, UInt128>(repeating: 0)
        for _ in 0..<50 {
            let offset = Int.random(in: 0...model.count, using: &random)
            let known = offset < model.count ? model[offset] : nil
            check(try view.key(at: UInt64(offset), in: list), known)
            // Of the key itself, of what is just behind it, and of what is behind all.
            for wanted in [known ?? 0, (known ?? 0) + 1, .max] {
                let rank = model.partitioningIndex { $0 >= wanted }
                check(try view.rank(of: wanted, in: list), UInt64(rank))
                let found = try view.place(atOrAfter: wanted, in: list)
                check(found?.key, rank < model.count ? model[rank] : nil)
                check(found?.offset, rank < model.count ? UInt64(rank) : nil)
            }
            let count = try view.read(&keys, at: UInt64(offset), in: list)
            #expect(count > 0 || offset == model.count)
            for index in 0..<count { #expect(keys[index] == model[offset + index]) }
            let end = Int.random(in: offset...model.count + 1, using: &random)
            let ends = try view.ends(of: UInt64(offset)..<UInt64(end), in: list)
            let isThere = offset < end && end <= model.count
            check(ends?.first, isThere ? model[offset] : nil)
            check(ends?.last, isThere ? model[end - 1] : nil)
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
                            check(try transaction.insert(wide: key, into: list), !isThere)
                        } else {
                            if isThere { model.remove(at: index) }
                            check(try transaction.remove(wide: key, from: list), isThere)
                        }
                    }
                }
            }
            try compare(store, model, &random)
            check(try store.check().faults, [])
        }
        try store.write { (transaction) throws(StoreError) in
            for key in model { check(try transaction.remove(wide: key, from: list), true) }
        }
        check(try store.check().lists, 0)
        #expect(try store.entries("blocks") == 0)
    }

    @Test("Ascending keys fill leaves of 252; a list of one width is not read as the other.")
    func appending() throws {
        let store = try Store.inMemory()
        let keys = (0..<100_000).map { UInt128($0) << 60 }
        try store.write { (transaction) throws(StoreError) in
            try transaction.append(wide: keys.span, to: list)
        }
        #expect(try store.entries("blocks") <= 100_000 / 252 + 1 + 6)
        let reader = try store.makeReader()
        check(try reader.view.wideKey(at: 77_777, in: list), keys[77_777])
        #expect(try reader.view.isWide(list))
        #expect(throws: StoreError.self) { try reader.view.contains(5, in: list) }
        check(try store.check().faults, [])
    }
}
