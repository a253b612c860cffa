import TestSupport
import Testing

@testable import RelayStore

/// What the store should hold.
private struct Model {
    struct Document: Equatable {
        var json: [UInt8]
        var privateBytes: [UInt8]
        var version: UInt64
    }

    var documents: [DocumentKey: Document] = [:]
    var random = SplitMix(state: 2)

    mutating func bytes(upTo limit: Int) -> [UInt8] {
        let count = Int.random(in: 0...limit, using: &random)
        let fill = UInt8.random(in: 32...126, using: &random)
        var bytes = [UInt8](repeating: fill, count: count)
        if count > 2 {
            bytes[0] = UInt8(ascii: "{")
            bytes[count - 1] = UInt8(ascii: "}")
        }
        return bytes
    }

    /// Mostly what an order takes, sometimes nothing, sometimes far more than a block.
    mutating func document(version: UInt64) -> Document {
        let sizes = [0, 40, 400, 1_300, 1_300, 1_300, 1_300, 4_000, 20_000]
        return Document(
            json: bytes(upTo: sizes.randomElement(using: &random)!),
            privateBytes: bytes(upTo: [0, 30, 200].randomElement(using: &random)!),
            version: version)
    }

    mutating func key(_ range: UInt64) -> DocumentKey {
        DocumentKey(
            account: UInt32.random(in: 1...2, using: &random),
            resource: UInt8.random(in: 1...2, using: &random),
            id: UInt64.random(in: 1...range, using: &random))
    }
}

@Suite struct DocumentTests {
    private func compare(_ store: Store, _ model: Model) throws {
        let reader = try store.makeReader()
        for (key, document) in model.documents {
            guard let found = try reader.document(key) else {
                Issue.record("\(key) is missing")
                continue
            }
            let same =
                array(found.json) == document.json
                && array(found.privateBytes) == document.privateBytes
                && found.version == document.version && found.isIntact && found.id == key.id
            check(same, true)
        }
        let report = try store.check()
        #expect(report.documents == UInt64(model.documents.count))
        // The counters are not kept here.
        #expect(report.faults.filter { !$0.contains("given out") } == [])
    }

    @Test("120 000 random puts and deletions of 0 to 20 KB agree with a dictionary.")
    func randomOperations() throws {
        let store = try Store.inMemory()
        // What one of the two accounts uses is counted, and compared by `compare`.
        _ = try store.write { (transaction) throws(StoreError) in
            try transaction.setQuota(of: 1, to: nil)
        }
        var model = Model()
        var version: UInt64 = 0
        for (rounds, puts, range) in [
            (60, 80, UInt64(500)), (60, 40, 500), (60, 70, 5_000), (60, 20, 5_000),
        ] {
            for _ in 0..<rounds {
                try store.write { (transaction) throws(StoreError) in
                    for _ in 0..<500 {
                        version += 1
                        let key = model.key(range)
                        if Int.random(in: 0..<100, using: &model.random) < puts {
                            let document = model.document(version: version)
                            try transaction.putDocument(
                                key, json: document.json.span.bytes,
                                privateBytes: document.privateBytes.span.bytes, version: version)
                            model.documents[key] = document
                        } else {
                            let wasThere = model.documents.removeValue(forKey: key) != nil
                            check(try transaction.deleteDocument(key), wasThere)
                        }
                    }
                }
            }
            try compare(store, model)
        }
        try store.write { (transaction) throws(StoreError) in
            for key in model.documents.keys { try transaction.deleteDocument(key) }
        }
        #expect(try store.entries("documents") == 0)
    }

    @Test("Ascending orders of 1.3 KB lie at least two in a block, and stay so after deletions.")
    func density() throws {
        let store = try Store.inMemory()
        let json = [UInt8](repeating: UInt8(ascii: "x"), count: 1_300)
        try store.write { (transaction) throws(StoreError) in
            for id in UInt64(1)...3_000 {
                let key = DocumentKey(account: 1, resource: 1, id: id)
                try transaction.putDocument(key, json: json.span.bytes, version: id)
            }
        }
        #expect(try store.entries("documents") <= 1_500)
        try store.write { (transaction) throws(StoreError) in
            for id in UInt64(1)...3_000 where id % 3 != 0 {
                try transaction.deleteDocument(DocumentKey(account: 1, resource: 1, id: id))
            }
        }
        #expect(try store.entries("documents") <= 700)
    }

    @Test("A document over the limit is refused.")
    func tooLarge() throws {
        let store = try Store.inMemory()
        let json = [UInt8](repeating: 1, count: Limits.documentBytes + 1)
        let key = DocumentKey(account: 1, resource: 1, id: 1)
        checkThrows(.documentFull(key, byteCount: json.count)) { () throws(StoreError) in
            try store.write { (transaction) throws(StoreError) in
                try transaction.putDocument(
                    key, json: json.span.bytes, version: 1)
            }
        }
    }

    @Test("Keys sort by account, resource and id, and give their parts back.")
    func keys() {
        let keys = [
            DocumentKey(account: 1, resource: 1, id: (1 << 38) - 1),
            DocumentKey(account: 1, resource: 2, id: 0),
            DocumentKey(account: 1, resource: 63, id: 5),
            DocumentKey(account: (1 << 20) - 1, resource: 0, id: 1),
        ]
        #expect(keys == keys.sorted())
        #expect(keys[3].account == (1 << 20) - 1)
        #expect(keys[2].resource == 63)
        #expect(keys[0].id == (1 << 38) - 1)
    }
}
