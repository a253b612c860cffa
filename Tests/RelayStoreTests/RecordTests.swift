import Testing

@testable import RelayStore

@Suite struct RecordTests {
    @Test("A text belongs to one record of an account and resource; long ones too.")
    func lookups() throws {
        let store = try Store.inMemory()
        func key(_ text: String, account: UInt32 = 1, kind: UInt8 = 1) -> UniqueKey {
            UniqueKey(account: account, resource: 2, kind: kind, text: text.utf8)
        }
        let long = String(repeating: "ü", count: 400)
        try store.write { (transaction) throws(StoreError) in
            try transaction.setUnique(key("a"), to: 1)
            try transaction.setUnique(key("a"), to: 1)
            try transaction.setUnique(key("a", kind: 2), to: 2)
            try transaction.setUnique(key("a", account: 2), to: 3)
            try transaction.setUnique(key(long), to: 4)
            try transaction.setUnique(key(long + "x"), to: 5)
        }
        checkThrows(.duplicate(id: 4)) { () throws(StoreError) in
            try store.write { (transaction) throws(StoreError) in
                try transaction.setUnique(key(long), to: 9)
            }
        }
        try store.write { (transaction) throws(StoreError) in
            try transaction.replaceUnique(key("a"), with: key("b"), of: 1)
            try transaction.removeUnique(key(long + "x"))
        }
        let reader = try store.makeReader()
        check(try reader.view.record(named: key("a")), nil)
        check(try reader.view.record(named: key("b")), 1)
        check(try reader.view.record(named: key("a", kind: 2)), 2)
        check(try reader.view.record(named: key("a", account: 2)), 3)
        check(try reader.view.record(named: key(long)), 4)
        check(try reader.view.record(named: key(long + "x")), nil)
    }

    @Test("Ids are counted per account and resource and never given out twice.")
    func counters() throws {
        let store = try Store.inMemory()
        try store.write { (transaction) throws(StoreError) in
            check(try transaction.nextID(account: 1, resource: 1), 1)
            check(try transaction.nextID(account: 1, resource: 1), 2)
            check(try transaction.nextID(account: 1, resource: 2), 1)
            check(try transaction.nextID(account: 2, resource: 1), 1)
            try transaction.touch(account: 1, resource: 1, sequence: 9)
        }
        let reader = try store.makeReader()
        check(
            try reader.view.counter(account: 1, resource: 1),
            ResourceCounter(lastID: 2, changeSequence: 9))
        check(try reader.view.counter(account: 3, resource: 1), ResourceCounter())
    }

    @Test("Changes have ascending numbers without gaps and are read from any of them.")
    func changes() throws {
        let store = try Store.inMemory()
        for round in UInt64(0)..<3 {
            try store.write { (transaction) throws(StoreError) in
                for index in UInt64(1)...10 {
                    let number = try transaction.recordChange(
                        account: 7, kind: UInt8(index), time: -5,
                        payload: bytes("change \(index)"))
                    check(number, round * 10 + index)
                }
            }
        }
        // An aborted transaction takes no number.
        checkThrows(.tooLarge) { () throws(StoreError) in
            try store.write { (transaction) throws(StoreError) in
                _ = try transaction.recordChange(account: 1, kind: 1, time: 0)
                throw StoreError.tooLarge
            }
        }
        let reader = try store.makeReader()
        check(try reader.view.lastSequence(), 30)
        var seen: [UInt64] = []
        try reader.view.forEachChange(from: 25) { (change) throws(StoreError) in
            seen.append(change.sequence)
            check(change.account, 7)
            check(change.time, -5)
            check(array(change.payload), bytes("change \(change.kind)"))
            return true
        }
        #expect(seen == [25, 26, 27, 28, 29, 30])
    }

    @Test("An answer is remembered until it is forgotten, the oldest first.")
    func rememberedAnswers() throws {
        let store = try Store.inMemory()
        try store.write { (transaction) throws(StoreError) in
            for index in Int64(0)..<20 {
                try transaction.rememberAnswer(
                    account: 1, key: "key \(index)".utf8, time: index - 5,
                    fingerprint: [UInt8(index)], answer: bytes("answer \(index)"))
            }
            // Again, with a later time: only that counts.
            try transaction.rememberAnswer(
                account: 1, key: "key 0".utf8, time: 100, fingerprint: [], answer: [])
        }
        try store.write { (transaction) throws(StoreError) in
            check(try transaction.forgetAnswers(before: 5, limit: 4), 4)
            check(try transaction.forgetAnswers(before: 5, limit: 100), 5)
        }
        let reader = try store.makeReader()
        check(try reader.view.rememberedAnswer(account: 1, key: "key 9".utf8)?.time, nil)
        check(try reader.view.rememberedAnswer(account: 2, key: "key 10".utf8)?.time, nil)
        check(try reader.view.rememberedAnswer(account: 1, key: "key 0".utf8)?.time, 100)
        let answer = try reader.view.rememberedAnswer(account: 1, key: "key 10".utf8)
        check(answer?.answer.copied(), bytes("answer 10"))
        check(answer?.fingerprint.copied(), [10])
    }
}
