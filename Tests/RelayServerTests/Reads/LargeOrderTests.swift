import HTTP2
import JSON
import RelayContract
import RelayRecords
import RelayStore
import Testing

@testable import RelayServer

/// An order whose older comments are in segments is answered as any other.
@Suite("An order with many comments")
struct LargeOrderTests {
    private static let comments = 30
    private let fixture: ServiceFixture

    /// Orders 1 to 5, of which 3 has 30 comments of 10 KB.
    init() throws {
        fixture = try ServiceFixture()
        try fixture.store.load(orders: 5)
        for number in 1...Self.comments {
            let text = "\(number) " + String(repeating: "x", count: 9_900)
            let answer = fixture.perform(
                "POST", "/v1/orders/3/comments", "{\"text\":\"\(text)\",\"authorName\":\"a\"}")
            #expect(answer.status == 201)
        }
        #expect(try segments().count == 4)
    }

    private func segments() throws -> [DocumentSegment] {
        let reader = try fixture.store.makeReader()
        return try reader.document(Resource.order.key(1, 3))?.segments ?? []
    }

    /// The order as the contract's model writes it.
    private func written(_ text: String) throws -> String {
        let order = try JSONParser().parse(Array(text.utf8)) { root in
            var faults = Faults()
            return Order(decoding: root, into: &faults)
        }
        let found = try #require(order)
        #expect(found.comments.map(\.id) == (1...UInt64(Self.comments)).map { $0 })
        return String(decoding: found.json, as: UTF8.self)
    }

    @Test("is a part of each answer that has orders, in the same bytes.")
    func answers() throws {
        let answer = fixture.get("/v1/orders/3")
        #expect(answer.status == 200)
        let text = answer.text
        #expect(try written(text) == text)
        #expect(answer["content-length"] == "\(text.utf8.count)")
        let others = (1...5).map { $0 == 3 ? text : fixture.get("/v1/orders/\($0)").text }
        let list = "[\(others.joined(separator: ","))]"
        for target in [
            "/v1/orders", "/v1/orders?limit=5", "/v1/orders?status=OPEN",
            "/v1/orders?ids=1,2,3,4,5", "/v1/orders?status=OPEN&sort=id&limit=5",
            "/v1/orders?status=OPEN,FINISHED&limit=5",
        ] {
            #expect(fixture.get(target).text == list, "\(target)")
            // As a page that is remembered as well.
            for _ in 0..<20 { _ = fixture.get(target) }
            #expect(fixture.get(target).text == list, "\(target)")
        }
        #expect(fixture.get("/v1/orders?limit=1&offset=2").text == "[\(text)]")
        #expect(fixture.get("/v1/orders?ids=3").text == "[\(text)]")
        let head = fixture.perform("HEAD", "/v1/orders/3")
        #expect(head["content-length"] == answer["content-length"] && head.body.isEmpty)
        let feed = fixture.get("/v1/changes?after=oldest&limit=1000&include=document")
        #expect(feed.text.contains(text))
        #expect(!feed.text.contains("commentSegment"))
    }

    @Test("shows its comments by pages, and has a new tag with each.")
    func comments() throws {
        let all = fixture.get("/v1/orders/3/comments")
        #expect(all.ids() == (1...Int64(Self.comments)).map { $0 })
        let page = fixture.get("/v1/orders/3/comments?limit=3&offset=9")
        #expect(page.ids() == [10, 11, 12] && page["x-total-count"] == "\(Self.comments)")
        let tag = try #require(fixture.get("/v1/orders/3")["etag"])
        let patch = { (tag: String) in
            fixture.perform(
                "PATCH", "/v1/orders/3/comments/2", "{\"text\":\"new\"}",
                fields: [("if-match", tag)]
            ).status
        }
        #expect(patch(tag) == 200)
        #expect(patch(tag) == 412)
        let changed = fixture.get("/v1/orders/3")
        #expect(changed["etag"] != tag && changed.text.contains("\"id\":2,\"text\":\"new\""))
        #expect(try written(changed.text) == changed.text)
        let deleted = fixture.perform("DELETE", "/v1/orders/3")
        #expect(deleted.text == changed.text)
        #expect(fixture.get("/v1/orders/3").status == 404)
    }

    @Test("is answered with 500 when a segment is damaged; a list with it breaks off.")
    func damaged() throws {
        let segment = try #require(try segments().first)
        try fixture.store.write { (transaction) throws(StoreError) in
            let json = Array("{}".utf8)
            try transaction.putDocument(segment.key, json: json.span.bytes, version: 1)
        }
        for target in ["/v1/orders?ids=3", "/v1/orders?limit=5"] {
            #expect(fixture.get(target).status == 0, "\(target)")
        }
        for target in [
            "/v1/orders/3", "/v1/orders/3/comments", "/v1/changes?after=oldest&include=document",
        ] {
            let answer = fixture.get(target)
            #expect(answer.status == 500, "\(target)")
            #expect(answer.text.contains("/problems/internal-fault"), "\(target)")
        }
        #expect(
            fixture.perform("PATCH", "/v1/orders/3", "{\"title\":\"t\"}").status == 500)
        #expect(fixture.get("/v1/orders/2").status == 200)
        #expect(fixture.get("/v1/orders?limit=2").status == 200)
    }
}
