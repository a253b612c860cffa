import HTTP2
import RelayStore
import Testing

@testable import RelayServer

@Suite("Lists")
struct ListHandlerTests {
    @Test("Walking the links visits each of 1 234 orders once, in ascending order.")
    func walk() throws {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 1_234)
        var target: String? = "/v1/orders?limit=100"
        var seen: [Int64] = []
        var pages = 0
        while let path = target {
            let page = fixture.get(path)
            #expect(page.status == 200)
            #expect(page["x-total-count"] == "1234")
            let ids = try #require(page.ids())
            #expect(ids.count == (pages == 12 ? 34 : 100))
            seen += ids
            pages += 1
            target = page.next
        }
        #expect(pages == 13)
        #expect(seen == Array(1...1_234))
    }

    @Test("A page by offset is a slice of the whole list, with a link unless it is the last.")
    func slices() throws {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 250)
        let all = try #require(fixture.get("/v1/orders").ids())
        #expect(all == Array(1...250))
        for offset in [0, 1, 7, 99, 149, 150, 151, 249, 250, 251, 1_000_000] {
            for limit in [1, 2, 100, 250, 1_000] {
                let page = fixture.get("/v1/orders?limit=\(limit)&offset=\(offset)")
                let slice = Array(all.dropFirst(offset).prefix(limit))
                #expect(page.ids() == slice)
                #expect(page["x-total-count"] == "250")
                let hasMore = offset + limit < 250
                #expect((page.next != nil) == hasMore, "limit \(limit), offset \(offset)")
                guard let next = page.next else { continue }
                let following = Array(all.dropFirst(offset + limit).prefix(limit))
                #expect(fixture.get(next).ids() == following)
            }
        }
        #expect(fixture.get("/v1/orders").next == nil)
        #expect(fixture.get("/v1/orders?offset=200").ids() == Array(201...250))
    }

    @Test("An empty list is whole, of every shape.")
    func empty() throws {
        let fixture = try ServiceFixture()
        for (path, body) in [
            ("/v1/orders", "[]"), ("/v1/customers", "{\"customers\":[]}"),
            ("/v1/properties?limit=1&offset=0", "{\"properties\":[]}"),
            ("/v1/units?limit=1&offset=5", "{\"units\":[]}"),
            ("/v1/units/msc?limit=1&offset=0&customerId=7", "{\"units\":[]}"),
        ] {
            let page = fixture.get(path)
            #expect(page.text == body)
            #expect(page["x-total-count"] == "0")
            #expect(page.next == nil)
        }
    }

    @Test("Pages longer than a portion are whole, and their links go on behind them.")
    func longPages() throws {
        let fixture = try ServiceFixture()
        // 1 000 of these are about 2 MB, a portion is 256 KiB.
        try fixture.store.load(orders: 2_500, titleBytes: 2_000)
        var target = "/v1/orders?limit=1000&offset=0"
        for first in [1, 1_001, 2_001] {
            let page = fixture.get(target)
            #expect(page.body.count > 2 * HTTP2.Limits.portionBytes)
            #expect(page.ids() == Array(Int64(first)...Int64(min(first + 999, 2_500))))
            #expect((page.next != nil) == (first < 2_001))
            if let next = page.next { target = next }
        }
        // The page that ends exactly with the list has no link, though it takes portions.
        #expect(fixture.get("/v1/orders?limit=1000&offset=1500").next == nil)
        #expect(fixture.get("/v1/orders?limit=1000&offset=1499").next != nil)
        #expect(fixture.get("/v1/orders").ids() == Array(1...2_500))
    }

    @Test("A record larger than a portion comes whole, alone and among others.")
    func largeRecords() throws {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 3, titleBytes: HTTP2.Limits.portionBytes + 10)
        #expect(fixture.get("/v1/orders").ids() == [1, 2, 3])
        let page = fixture.get("/v1/orders?limit=2")
        #expect(page.ids() == [1, 2])
        #expect(fixture.get(try #require(page.next)).ids() == [3])
        #expect(fixture.get("/v1/orders/2").body.count > HTTP2.Limits.portionBytes)
    }

    @Test("A list filtered by customer pages with that filter in its links.")
    func filtered() throws {
        let fixture = try ServiceFixture()
        for name in ["a", "b"] {
            #expect(
                fixture.perform("POST", "/v1/customers", "{\"customer\":{\"name\":\"\(name)\"}}")
                    .status == 201)
        }
        let properties = (1...2).map { "{\"name\":\"p\",\"customerId\":\($0)}" }
        #expect(
            fixture.perform(
                "POST", "/v1/properties", "{\"properties\":[\(properties.joined(separator: ","))]}"
            ).status == 200)
        // Odd units belong to customer 1, even ones to customer 2; every third has a number.
        let units = (1...20).map { id in
            let number = id % 3 == 0 ? ",\"unitMscNumber\":\"00\(id)\"" : ""
            return "{\"propertyId\":\(2 - id % 2),\"name\":\"u\(id)\"\(number)}"
        }
        #expect(
            fixture.perform("POST", "/v1/units", "{\"units\":[\(units.joined(separator: ","))]}")
                .status == 200)
        for (path, total) in [
            ("/v1/units?limit=3&offset=0", 20), ("/v1/units?limit=3&offset=0&customerId=1", 10),
            ("/v1/units/msc?limit=3&offset=0", 6),
            ("/v1/units/msc?customerId=2&limit=3&offset=0", 3),
            ("/v1/units?limit=3&offset=0&customerId=3", 0),
        ] {
            var target: String? = path
            var count = 0
            while let page = target.map({ fixture.get($0) }) {
                #expect(page["x-total-count"] == "\(total)")
                count += page.text.ranges(of: "\"propertyId\"").count
                target = page.next
            }
            #expect(count == total, "\(path)")
        }
    }

    @Test("HEAD answers the fields of GET without a body, of a record and of a list.")
    func head() throws {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 10)
        for path in ["/v1/orders/3", "/v1/orders?limit=4", "/v1/orders", "/openapi.json"] {
            let get = fixture.get(path)
            let head = fixture.perform("HEAD", path)
            #expect(head.status == 200)
            #expect(head.fields == get.fields, "\(path)")
            #expect(head.body.isEmpty)
        }
        #expect(fixture.perform("HEAD", "/v1/orders/11").status == 404)
        #expect(fixture.perform("HEAD", "/v1/orders/11").body.isEmpty)
    }

    @Test("If-None-Match gets 304 with the same tag while nothing was changed.")
    func notModified() throws {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 10)
        for path in ["/v1/orders/3", "/v1/orders?limit=4", "/v1/orders"] {
            let tag = try #require(fixture.get(path)["etag"])
            #expect(tag.hasPrefix("W/") == (path != "/v1/orders/3"))
            for method in ["GET", "HEAD"] {
                let same = fixture.perform(method, path, fields: [("if-none-match", tag)])
                #expect(same.status == 304)
                #expect(same.body.isEmpty)
                #expect(same["etag"] == tag)
            }
            let star = fixture.get(path, fields: [("if-none-match", "*")])
            #expect(star.status == 304)
            let other = fixture.get(path, fields: [("if-none-match", "\"1-1\"")])
            #expect(other.status == 200)
        }
    }

    @Test("A page's tag changes with every change of its kind of record, and only then.")
    func pageTags() throws {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 3)
        var tag = try #require(fixture.get("/v1/orders?limit=2")["etag"])
        func expect(change: Bool, _ what: String, _ answer: ClientResponse, _ status: Int) throws {
            #expect(answer.status == status, "\(what): \(answer.text)")
            let now = try #require(fixture.get("/v1/orders?limit=2")["etag"])
            #expect((now != tag) == change, "\(what)")
            tag = now
        }
        let title = "{\"title\":\"t\"}"
        try expect(change: false, "nothing", fixture.get("/v1/orders"), 200)
        try expect(change: true, "a new order", fixture.perform("POST", "/v1/orders", title), 201)
        try expect(
            change: true, "an order that is not on the page",
            fixture.perform("PATCH", "/v1/orders/4", "{\"status\":\"FINISHED\"}"), 200)
        try expect(
            change: false, "a refused change",
            fixture.perform("PATCH", "/v1/orders/9", "{\"status\":\"FINISHED\"}"), 404)
        try expect(
            change: false, "another kind of record",
            fixture.perform("POST", "/v1/customers", "{\"customer\":{\"name\":\"c\"}}"), 201)
        try expect(
            change: false, "another account",
            fixture.perform("POST", "/v1/orders", title, key: .other), 201)
        try expect(
            change: false, "a refused order",
            fixture.perform("POST", "/v1/orders", "{\"title\":\"t\",\"propertyId\":5}"), 422)
    }
}
