import HTTP2
import RelayContract
import RelayRecords
import RelayStore
import Testing

@testable import RelayServer

@Suite("Selections")
struct SelectionHandlerTests {
    @Test("A selection longer than a portion is whole, as a page and as a list.")
    func longSelections() throws {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 700, titleBytes: 1_000)
        let descending = Array((1...700).reversed().map { Int64($0) })
        let all = fixture.get("/v1/orders?sort=-id")
        #expect(all.body.count > 2 * HTTP2.Limits.portionBytes)
        #expect(all.ids() == descending)
        #expect(fixture.get("/v1/orders?sort=-id&limit=1000&offset=0").ids() == descending)
        let page = fixture.get("/v1/orders?sort=-id&limit=600")
        #expect(page.ids() == Array(descending.prefix(600)))
        #expect(fixture.get(try #require(page.next)).ids() == Array(descending.suffix(100)))
        #expect(fixture.get("/v1/orders?sort=dueDate").ids() == Array(1...700))
    }

    /// 4 550 of 24 000: the walk of the first page is used up between them.
    private func scattered() throws -> (ServiceFixture, [Int64]) {
        let fixture = try ServiceFixture()
        let finished = { (id: Int) in id <= 250 || id > 19_700 }
        try fixture.store.load(orders: 24_000, titleBytes: 600) { finished($0) ? .finished : .open }
        return (fixture, (1...24_000).filter(finished).map { Int64($0) })
    }

    @Test("A page that ends short in a second portion has no record of the page behind its link.")
    func shortPages() throws {
        let (fixture, finished) = try scattered()
        var target: String? = "/v1/orders?status=FINISHED&sort=updatedAt&limit=1000"
        var seen: [Int64] = []
        while let path = target {
            let page = fixture.get(path)
            seen += try #require(page.ids())
            if seen.count == 550 { #expect(page.body.count > HTTP2.Limits.portionBytes) }
            target = page.next
        }
        #expect(seen == finished)
    }

    @Test("A list without a limit passes over its offset even where one portion cannot.")
    func longOffset() throws {
        let (fixture, finished) = try scattered()
        let list = fixture.get("/v1/orders?status=FINISHED&sort=updatedAt&offset=1000")
        #expect(list.ids() == Array(finished.dropFirst(1_000)))
    }

    @Test("A cursor that no page has had is refused, though its check byte is right.")
    func madeUpCursors() throws {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 3)
        let next = try #require(fixture.get("/v1/orders?sort=-id&limit=1").next)
        let text = Array(next.split(separator: "=").last!.utf8)
        var cursor = try #require(text.withUnsafeBytes { SelectionCursor($0) })
        for (after, skip, status) in [
            (UInt128(3), UInt64(0), 200), (UInt128(2), (1 << 53) - 1, 200),
            // Past any id, the next one cannot be counted to; past any offset, nor can the next place.
            (UInt128(UInt64.max), 0, 400), (UInt128.max - 1, 0, 400), (UInt128(1) << 38, 0, 400),
            (UInt128(0), 0, 400), (UInt128(2), 1 << 53, 400), (UInt128.max, .max, 400),
        ] {
            cursor.start = SelectionStart(after: after, skip: skip)
            var made = [UInt8](repeating: 0, count: SelectionCursor.characters)
            made.withUnsafeMutableBytes { cursor.write(to: $0.baseAddress!) }
            let text = String(decoding: made, as: UTF8.self)
            let answer = fixture.get("/v1/orders?sort=-id&limit=1&cursor=\(text)")
            #expect(answer.status == status, "after \(after), skip \(skip)")
        }
    }

    @Test("Whatever stands in a cursor, it is refused or leads to a page.")
    func edgesOfCursors() throws {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 4)
        func post(_ path: String, _ body: String) {
            #expect(fixture.perform("POST", path, body).status / 100 == 2, "\(path)")
        }
        post("/v1/customers", #"{"customer":{"name":"c"}}"#)
        post("/v1/properties", #"{"properties":[{"name":"p","customerId":1}]}"#)
        for day in 1...4 {
            post("/v1/units", #"{"units":[{"name":"u\#(day)","propertyId":1}]}"#)
            post(
                "/v1/appointments",
                #"{"title":"t","dateStart":"2026-01-0\#(day) 00:00:00","#
                    + #""dateEnd":"2026-01-08 00:00:00","location":"","customerId":1}"#)
        }
        for target in [
            "/v1/orders?limit=1&sort=-dueDate", "/v1/orders?limit=1&sort=updatedAt",
            "/v1/orders?limit=1&status=OPEN", "/v1/appointments?limit=1&customerId=1",
            "/v1/appointments?limit=1&from=2026-01-03+00:00:00",
            "/v1/eed/missing?limit=1&offset=0&period=2026-01",
        ] {
            let next = try #require(fixture.get(target).next, "\(target)")
            let start = try #require(next.firstRange(of: "cursor=")).upperBound
            let text = Array(next[start...].utf8)
            // Lists by id have a cursor without a word to sort by, which other tests look at.
            guard var cursor = text.withUnsafeBytes({ SelectionCursor($0) }) else { continue }
            let real = cursor.start.after ?? 0
            let edges: [UInt64] = [0, 1, 1 << 38 - 1, 1 << 40, 1 << 53 - 1, 1 << 63, .max]
            for order in edges + [UInt64(real >> 64)] {
                for id in edges {
                    for skip: UInt64 in [0, 1, 1 << 53 - 1, .max] {
                        let after = UInt128(order) << 64 | UInt128(id)
                        cursor.start = SelectionStart(after: after, skip: skip)
                        var made = [UInt8](repeating: 0, count: SelectionCursor.characters)
                        made.withUnsafeMutableBytes { cursor.write(to: $0.baseAddress!) }
                        let path = next[..<start] + String(decoding: made, as: UTF8.self)
                        let status = fixture.get(String(path)).status
                        #expect(status == 200 || status == 400, "\(path)")
                    }
                }
            }
        }
    }

    @Test("A link replaces limit and offset however they were spelled.")
    func escapedNames() throws {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 3)
        let page = fixture.get("/v1/orders?%6cimit=1&o%66fset=1")
        #expect(page.ids() == [2])
        #expect(fixture.get(try #require(page.next)).ids() == [3])
    }
}
