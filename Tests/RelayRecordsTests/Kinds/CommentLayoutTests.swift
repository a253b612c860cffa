import CivilTime
import JSON
import RelayContract
import RelayStore
import TestSupport
import Testing

@testable import RelayRecords

@Suite("Orders with many comments")
struct CommentSegmentsTests {
    private static func order(_ id: UInt64) -> Order {
        Order(
            id: id, title: "t", status: .open, createdAt: RecordFixture.time,
            updatedAt: RecordFixture.time, fields: [], attachments: [], comments: [],
            contactPersons: [])
    }

    private func findings(_ fixture: RecordFixture) throws -> [String] {
        let reader = try fixture.store.makeReader()
        return try RecordCheck(reader.view).findings + fixture.store.check().faults
    }

    private func json(_ fixture: RecordFixture, _ id: UInt64) throws -> [UInt8]? {
        let reader = try fixture.store.makeReader()
        guard let document = try reader.document(Resource.order.key(1, id)) else { return nil }
        return try reader.view.withJSON(of: document) { Array($0) }
    }

    private func segments(_ fixture: RecordFixture, _ id: UInt64) throws -> [DocumentSegment] {
        let reader = try fixture.store.makeReader()
        return try reader.document(Resource.order.key(1, id))?.segments ?? []
    }

    private func add(_ size: Int, to id: UInt64, _ fixture: RecordFixture) throws {
        let text = String(repeating: "x", count: size)
        try fixture.must(CreateComment(id, NewComment(text: text, authorName: "a"), []))
    }

    /// An order with so many comments, and its fixture.
    private func filled(_ sizes: [Int]) throws -> RecordFixture {
        let fixture = try RecordFixture()
        try fixture.must(CreateOrder(NewOrder(title: "t")))
        for size in sizes { try add(size, to: 1, fixture) }
        return fixture
    }

    /// Orders as they should be, and random changes of their comments.
    private struct Book {
        var orders = (UInt64(1)...3).map { CommentSegmentsTests.order($0) }
        var random = SplitMix(state: 11)
        private var comments: UInt64 = 0

        private mutating func text() -> String {
            let sizes = [40, 400, 3_000, 30_000, 100_000]
            let size = Int.random(in: 1...sizes.randomElement(using: &random)!, using: &random)
            return String(repeating: ["x", "\"", "ä"].randomElement(using: &random)!, count: size)
        }

        /// A change, and makes it in the model.
        mutating func next() -> any RecordChange {
            let index = Int.random(in: 0..<orders.count, using: &random)
            let id = orders[index].id
            let place = orders[index].comments.indices.randomElement(using: &random)
            switch (Int.random(in: 0..<10, using: &random), place) {
            case (0..<2, let place?):
                let text = text()
                orders[index].comments[place].text = text
                let comment = orders[index].comments[place].id
                return UpdateComment(id, comment, CommentPatch(text: text), .none)
            case (2..<5, let place?):
                let comment = orders[index].comments.remove(at: place)
                return DeleteComment(id, comment.id, .none)
            case (5, _):
                let title = "t\(comments)"
                orders[index].title = title
                return UpdateOrder(id, OrderPatch(title: title), .none)
            default:
                comments += 1
                let text = text()
                orders[index].comments.append(
                    Comment(
                        id: comments, text: text, orderId: id, author: "a", attachments: [],
                        createdAt: RecordFixture.time))
                return CreateComment(id, NewComment(text: text, authorName: "a"), [])
            }
        }
    }

    @Test("are answered as if they were one document, whatever becomes of their comments.")
    func randomChanges() throws {
        let directory = TemporaryDirectory()
        let options = StoreOptions(durability: .mayCorruptStore)
        let path = directory.file("store")
        // A store may be open once in a process: each lap closes it.
        _ = try Store.create(at: path, options: options)
        var book = Book()
        var most = 0
        for lap in 0..<10 {
            let fixture = RecordFixture(try Store.open(at: path, options: options))
            if lap == 0 {
                for _ in 1...3 { try fixture.must(CreateOrder(NewOrder(title: "t"))) }
            }
            for _ in 0..<60 { try fixture.must(book.next()) }
            for order in book.orders {
                #expect(try json(fixture, order.id) == order.json)
                let segments = try segments(fixture, order.id)
                most = max(most, segments.count)
                // Crumbs are written with their neighbours.
                #expect(segments.count <= 2 + order.json.count / Limits.leastSegmentBytes)
            }
            #expect(try findings(fixture) == [])
        }
        #expect(most > 5)
        let fixture = RecordFixture(try Store.open(at: path, options: options))
        try loaded(fixture)
        for order in book.orders { try fixture.must(DeleteOrder(order.id, .none)) }
        let reader = try fixture.store.makeReader()
        #expect(try reader.view.documentCounts() == [])
        #expect(try findings(fixture) == [])
    }

    /// Loads a dump of a store elsewhere, and once more where it is from.
    private func loaded(_ fixture: RecordFixture) throws {
        let dump = try DumpedLines(fixture.store)
        #expect(dump.documents == 3)
        let other = try RecordFixture()
        #expect(try dump.load(into: other).created == 3)
        #expect(try DumpedLines(other.store).records == dump.records)
        #expect(try findings(other) == [])
        #expect(try !segments(other, 1).isEmpty)
        #expect(try dump.load(into: fixture).unchanged == 3)
        #expect(try dump.dryRun(in: other).unchanged == 3)
    }

    @Test("are written as far as a comment changes them: a few pages, however many there are.")
    func flat() throws {
        let fixture = try filled([])
        /// Bytes of the head and of the segments that a comment wrote.
        func written() throws -> Int {
            let sequence = try fixture.sequence()
            let reader = try fixture.store.makeReader()
            guard let head = try reader.document(Resource.order.key(1, 1)) else { return 0 }
            var bytes = head.json.byteCount + 24 * head.segments.count
            for segment in head.segments {
                let stored = try reader.view.document(segment.key)
                if stored?.version == sequence { bytes += segment.byteCount }
            }
            return bytes
        }
        var first = 0
        var last = 0
        for round in 0..<200 {
            try add(30_000, to: 1, fixture)
            if (10..<20).contains(round) { first += try written() }
            if round >= 190 { last += try written() }
        }
        #expect(first / 10 < 2 * 65_536)
        #expect(abs(last - first) / 10 < 24 * 200)
        #expect(try segments(fixture, 1).count <= 100)
        // Pages that the last change wrote are those that the next may use again.
        let free = try fixture.store.statistics().freeBytes
        #expect(free < 1 << 20)
    }

    @Test("keep their segments when another part of them, or one comment, changes.")
    func kept() throws {
        let fixture = try filled(Array(repeating: 10_000, count: 40))
        let before = try segments(fixture, 1)
        #expect(before.count == 6)
        try fixture.must(UpdateOrder(1, OrderPatch(status: .finished), .none))
        let field = OrderFieldAddition(name: "n", content: "c", position: 3, orderId: 1)
        try fixture.must(CreateOrderField(field))
        #expect(try segments(fixture, 1) == before)
        try fixture.must(UpdateComment(1, 8, CommentPatch(text: "short"), .none))
        let patched = try segments(fixture, 1)
        #expect(patched.count == 6 && patched.filter { !before.contains($0) }.count == 1)
        try fixture.must(DeleteComment(1, 20, .none))
        let deleted = try segments(fixture, 1)
        #expect(deleted.count == 6 && deleted.filter { !patched.contains($0) }.count == 1)
        // The newest comments are those of the head: the last segment becomes a part of it.
        for id in UInt64(37)...40 { try fixture.must(DeleteComment(1, id, .none)) }
        #expect(try segments(fixture, 1) == Array(deleted.dropLast()))
        #expect(try findings(fixture) == [])
    }

    @Test("of which a file in a segment is deleted lose it there.")
    func files() throws {
        let fixture = try filled([])
        let file = try fixture.upload([1, 2, 3])
        try fixture.must(CreateComment(1, NewComment(text: "t", authorName: "a"), [file]))
        for _ in 0..<4 { try add(30_000, to: 1, fixture) }
        #expect(try segments(fixture, 1).count == 1)
        try fixture.must(DeleteAttachment(1, .none))
        let order = try #require(try fixture.model(Order.self, .order, 1))
        #expect(order.attachments == [] && order.comments[0].attachments == [])
        #expect(try fixture.files().owned == 0)
        #expect(try findings(fixture) == [])
        let other = try fixture.upload([1, 2])
        try fixture.must(CreateComment(1, NewComment(text: "t", authorName: "a"), [other]))
        for _ in 0..<4 { try add(30_000, to: 1, fixture) }
        try fixture.must(DeleteOrder(1, .none))
        #expect(try fixture.files().owned == 0)
        #expect(try findings(fixture) == [])
    }

    @Test("are refused when they have too many, with all that there is to say.")
    func full() throws {
        let fixture = try filled(Array(repeating: 1_000_000, count: 16))
        #expect(throws: StoreError.self) {
            do throws(StoreError) {
                try fixture.store.write { (transaction) throws(StoreError) in
                    let text = String(repeating: "x", count: 1_000_000)
                    _ = try RecordApplier().apply(
                        CreateComment(1, NewComment(text: text, authorName: "a"), []),
                        account: 1, time: RecordFixture.time, to: &transaction)
                }
            } catch {
                guard case .documentFull(Resource.order.key(1, 1), _) = error else {
                    Issue.record("\(error)")
                    throw error
                }
                throw error
            }
        }
        let before = try json(fixture, 1)
        try add(500_000, to: 1, fixture)
        #expect(try json(fixture, 1) != before)
        #expect(try findings(fixture) == [])
    }

    @Test("have a segment that is lost or that nobody has found by a check.")
    func broken() throws {
        let fixture = try filled(Array(repeating: 30_000, count: 6))
        let segment = try #require(try segments(fixture, 1).first)
        try fixture.store.write { (transaction) throws(StoreError) in
            try transaction.deleteDocument(segment.key)
            let id = try transaction.nextID(
                account: 1, resource: Resource.commentSegment.rawValue)
            let json = Array("{}".utf8)
            try transaction.putDocument(
                Resource.commentSegment.key(1, id), json: json.span.bytes, version: 1)
        }
        let found = try findings(fixture)
        #expect(found.count == 2, "\(found)")
        #expect(found[0].contains("no order has it"))
        #expect(found[1].contains("is missing"))
    }
}

@Suite("The layout of comments")
struct CommentLayoutTests {
    private func texts(_ sizes: [Int]) -> CommentTexts {
        CommentTexts(
            sizes.enumerated().map { index, size in
                Comment(
                    id: UInt64(index + 1), text: String(repeating: "x", count: size), orderId: 1,
                    author: "a", attachments: [], createdAt: RecordFixture.time)
            })
    }

    @Test("leaves the newest comment in the head, however long it is.")
    func newest() {
        let one = CommentLayout(texts([900_000]), behind: [])
        #expect(one.runs == [] && one.inline == 0..<1)
        let two = CommentLayout(texts([900_000, 900_000]), behind: [])
        #expect(two.runs == [.new(0..<1)] && two.inline == 1..<2)
        let hundred = texts(Array(repeating: 1_000, count: 100))
        let many = CommentLayout(hundred, behind: [])
        let end = many.inline.lowerBound
        #expect(many.runs == [.new(0..<end)] && many.inline.upperBound == 100)
        #expect(hundred.byteCount(0..<end) <= Limits.segmentBytes)
        #expect(hundred.byteCount(0..<end + 1) > Limits.segmentBytes)
    }
}
