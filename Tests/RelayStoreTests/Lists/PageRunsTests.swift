import TestSupport
import Testing

@testable import RelayStore

@Suite struct PageRunsTests {
    private let list = ListKey(account: 1, kind: 1)

    /// A store with the documents 1…count, each `{"id":n}` and some filling, all in one list and
    /// every seventh in another.
    private func makeStore(_ count: UInt64) throws -> (Store, [String]) {
        let store = try Store.inMemory()
        var random = SplitMix(state: 3)
        var documents: [String] = []
        try store.write { (transaction) throws(StoreError) in
            for id in 1...count {
                let size = Int.random(in: 0..<1_000, using: &random)
                let json = "{\"id\":\(id),\"text\":\"\(String(repeating: "x", count: size))\"}"
                documents.append(json)
                let key = DocumentKey(account: 1, resource: 4, id: id)
                try transaction.putDocument(key, json: bytes(json).span.bytes, version: id)
                try transaction.insert(id, into: list)
                if id % 7 == 0 {
                    try transaction.insert(id, into: ListKey(account: 1, kind: 2))
                }
            }
        }
        return (store, documents)
    }

    @Test("A page holds the documents from its offset on, each followed by a comma.")
    func byOffset() throws {
        let (store, documents) = try makeStore(3_000)
        let reader = try store.makeReader()
        for offset in [0, 1, 499, 503, 504, 2_000, 2_960, 2_999, 3_000, 9_000] {
            var text = ""
            var runs = 0
            var total = 0
            let source = try reader.versionedList(list, of: 4)
            let page = try reader.view.appendRuns(
                source, from: .offset(UInt64(offset)), limit: 50, maxBytes: .max
            ) { run, count in
                text += String(decoding: run, as: UTF8.self)
                runs += 1
                total += count
            }
            let wanted = documents.dropFirst(offset).prefix(50)
            #expect(text == wanted.map { $0 + "," }.joined())
            #expect(page.documents == wanted.count)
            #expect(total == wanted.count)
            #expect(page.bytes == text.utf8.count)
            #expect(page.total == 3_000)
            #expect(page.isLast == (offset + 50 >= 3_000))
            #expect(page.lastKey == (wanted.isEmpty ? nil : UInt64(offset + wanted.count)))
            // Neighbours share a run: about seven documents of 500 bytes fit a block.
            #expect(runs <= wanted.count / 3 + 2)
        }
    }

    @Test("Pages that continue after the last key show everything once, whatever is deleted.")
    func byKey() throws {
        let (store, documents) = try makeStore(1_000)
        let reader = try store.makeReader()
        var text = ""
        var start = PageStart.offset(0)
        while true {
            let source = try reader.versionedList(list, of: 4)
            let page = try reader.view.appendRuns(
                source, from: start, limit: 64, maxBytes: 20_000
            ) { run, _ in text += String(decoding: run, as: UTF8.self) }
            #expect(page.bytes <= 20_000)
            if page.isLast { break }
            start = .after(key: page.lastKey!)
        }
        #expect(text == documents.map { $0 + "," }.joined())
    }

    @Test("A list of some of the documents shows just these.")
    func filtered() throws {
        let (store, documents) = try makeStore(1_000)
        let reader = try store.makeReader()
        var text = ""
        let source = try reader.versionedList(ListKey(account: 1, kind: 2), of: 4)
        let page = try reader.view.appendRuns(
            source, from: .offset(3), limit: 500, maxBytes: .max
        ) { run, _ in text += String(decoding: run, as: UTF8.self) }
        let wanted = stride(from: 28, through: 994, by: 7).map { documents[$0 - 1] + "," }
        #expect(text == wanted.joined())
        #expect(page.isLast)
    }

    @Test("The first document is on the page even if it is larger than the page may be.")
    func oneLargeDocument() throws {
        let (store, documents) = try makeStore(10)
        let reader = try store.makeReader()
        let source = try reader.versionedList(list, of: 4)
        let page = try reader.view.appendRuns(
            source, from: .offset(0), limit: 5, maxBytes: 1
        ) { run, _ in #expect(run.count == documents[0].utf8.count + 1) }
        #expect(page.documents == 1)
        #expect(!page.isLast)
    }
}
