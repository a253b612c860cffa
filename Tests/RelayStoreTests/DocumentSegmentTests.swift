import TestSupport
import Testing

@testable import RelayStore

@Suite("Segments of documents")
struct DocumentSegmentTests {
    private static let list = ListKey(account: 1, kind: 1)
    private static let orders: UInt8 = 1
    private static let segments: UInt8 = 2

    /// What a document should be: its head around the seam, and the texts of its segments.
    private struct Model {
        var before: [UInt8] = []
        var after: [UInt8] = []
        var parts: [[UInt8]] = []
        var stored: [DocumentSegment] = []
        var own: [UInt8] = []

        var json: [UInt8] { before + parts.flatMap { $0 + [UInt8(ascii: ",")] } + after }
    }

    private static func key(_ id: UInt64) -> DocumentKey {
        DocumentKey(account: 1, resource: orders, id: id)
    }

    private static func text(_ sizes: ClosedRange<Int>, _ random: inout SplitMix) -> [UInt8] {
        let letter = UInt8.random(in: 97...122, using: &random)
        return [UInt8](repeating: letter, count: Int.random(in: sizes, using: &random))
    }

    private static func put(
        _ model: Model, _ id: UInt64, _ version: UInt64, _ transaction: inout StoreTransaction
    ) throws(StoreError) {
        let head = model.before + model.after
        if model.stored.isEmpty {
            return try transaction.putDocument(
                key(id), json: head.span.bytes, privateBytes: model.own.span.bytes,
                version: version)
        }
        try transaction.putDocument(
            key(id), json: head.span.bytes, seam: model.before.count, model.stored,
            privateBytes: model.own.span.bytes, version: version)
    }

    private func compare(_ store: Store, _ models: [UInt64: Model]) throws {
        let reader = try store.makeReader()
        var all: [UInt8] = []
        for (id, model) in models.sorted(by: { $0.key < $1.key }) {
            guard let document = try reader.document(Self.key(id)) else {
                Issue.record("document \(id) is missing")
                continue
            }
            check(try reader.view.withJSON(of: document) { Array($0) } == model.json, true)
            check(document.jsonBytes, model.json.count)
            check(array(document.privateBytes) == model.own, true)
            check(try reader.view.isIntact(document), true)
            all += model.json + [UInt8(ascii: ",")]
        }
        var page: [UInt8] = []
        let source = try reader.versionedList(Self.list, of: Self.orders)
        let result = try reader.view.appendRuns(
            source, from: .offset(0), limit: .max, maxBytes: .max
        ) { run, _ in page += run }
        #expect(page == all && result.bytes == all.count && result.documents == models.count)
        var selected: [UInt8] = []
        let keys = models.keys.sorted().map { UInt128($0) }
        let count = try reader.appendRuns(
            of: keys.span, account: 1, resource: Self.orders, maxBytes: .max, isChecked: true
        ) { selected += $0 }
        #expect(selected == all && count == keys.count)
        // The counters are not kept here.
        let faults = try store.check().faults.filter { !$0.contains("given out") }
        #expect(faults == [])
        let documents = try reader.view.documentCounts()
        let wanted = models.values.reduce(0) { $0 + $1.parts.count }
        #expect(
            documents.first { $0.resource == Self.segments }?.documents ?? 0 == UInt64(wanted))
    }

    @Test("come and go with their document, whatever its size; no other one is left.")
    func randomPuts() throws {
        let store = try Store.inMemory()
        // What the account uses is counted, and compared by `compare`.
        _ = try store.write { (transaction) throws(StoreError) in
            try transaction.setQuota(of: 1, to: nil)
        }
        var random = SplitMix(state: 5)
        var models: [UInt64: Model] = [:]
        var next: UInt64 = 1
        for round in UInt64(1)...400 {
            let id = UInt64.random(in: 1...30, using: &random)
            try store.write { (transaction) throws(StoreError) in
                if Int.random(in: 0..<10, using: &random) == 0 {
                    let wasThere = models.removeValue(forKey: id) != nil
                    check(try transaction.deleteDocument(Self.key(id)), wasThere)
                    if wasThere { try transaction.remove(id, from: Self.list) }
                    return
                }
                var model = models[id] ?? Model()
                if models[id] == nil { try transaction.insert(id, into: Self.list) }
                model.before = Self.text(1...300, &random)
                let size = [10, 500, 9_000].randomElement(using: &random)!
                model.after = Self.text(1...size, &random)
                model.own = Self.text(0...20, &random)
                for _ in 0..<Int.random(in: 0...3, using: &random) where !model.parts.isEmpty {
                    let place = model.parts.indices.randomElement(using: &random)!
                    model.parts.remove(at: place)
                    model.stored.remove(at: place)
                }
                for _ in 0..<Int.random(in: 0...2, using: &random) {
                    let size = [30, 3_000, 70_000].randomElement(using: &random)!
                    let text = Self.text(1...size, &random)
                    model.parts.append(text)
                    model.stored.append(
                        try transaction.putSegment(
                            DocumentKey(account: 1, resource: Self.segments, id: next),
                            json: text.span.bytes, elements: 1, version: round))
                    next += 1
                }
                try Self.put(model, id, round, &transaction)
                models[id] = model
            }
            if round % 50 == 0 { try compare(store, models) }
        }
        try store.write { (transaction) throws(StoreError) in
            for id in models.keys { try transaction.deleteDocument(Self.key(id)) }
        }
        #expect(try store.entries("documents") == 0)
    }

    /// A document with two segments.
    private func filled() throws -> (store: Store, segments: [DocumentSegment]) {
        let store = try Store.inMemory()
        var model = Model(before: bytes("["), after: bytes("3]"))
        try store.write { (transaction) throws(StoreError) in
            for id in UInt64(1)...2 {
                model.stored.append(
                    try transaction.putSegment(
                        DocumentKey(account: 1, resource: Self.segments, id: id),
                        json: bytes("\(id)").span.bytes, elements: 1, version: 1))
            }
            try Self.put(model, 1, 1, &transaction)
        }
        return (store, model.stored)
    }

    private func json(_ store: Store) throws -> String? {
        let reader = try store.makeReader()
        guard let document = try reader.document(Self.key(1)) else { return nil }
        var json: [UInt8] = []
        try reader.forEachPiece(of: document) { json += $0 }
        return String(decoding: json, as: UTF8.self)
    }

    @Test("that are missing or others are found by a check, and nobody is answered without them.")
    func broken() throws {
        let (store, segments) = try filled()
        #expect(try json(store) == "[1,2,3]")
        try store.write { (transaction) throws(StoreError) in
            try transaction.deleteDocument(segments[0].key)
            let other = bytes("7")
            try transaction.putDocument(segments[1].key, json: other.span.bytes, version: 1)
        }
        let faults = try store.check().faults
        #expect(faults.contains("document 1/1/1: its segment 1/2/1 is missing"))
        #expect(faults.contains("document 1/1/1: its segment 1/2/2 is another one"))
        #expect(throws: StoreError.corrupted(what: "document 1/2/1")) { try json(store) }
    }

    @Test("and their head have together at most what one document may have.")
    func full() throws {
        let (store, segments) = try filled()
        var model = Model(before: bytes("["), after: bytes("3]"))
        model.stored = segments
        func put(_ byteCount: Int) throws(StoreError) {
            let long = [UInt8](repeating: 65, count: byteCount)
            try store.write { (transaction) throws(StoreError) in
                let large = try transaction.putSegment(
                    DocumentKey(account: 1, resource: Self.segments, id: 3),
                    json: long.span.bytes, elements: 1, version: 2)
                var model = model
                model.stored.append(large)
                try Self.put(model, 1, 2, &transaction)
            }
        }
        let before = try json(store)
        do throws(StoreError) {
            try put(Limits.documentBytes - 100)
            Issue.record("nothing was thrown")
        } catch {
            guard case .documentFull(Self.key(1), let byteCount) = error else { throw error }
            #expect(byteCount > Limits.documentBytes)
        }
        #expect(try json(store) == before && store.check().documents == 3)
        try put(Limits.documentBytes - 5_000)
        #expect(try json(store)?.utf8.count == Limits.documentBytes - 5_000 + 8)
    }
}
