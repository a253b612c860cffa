import HTTP2
import RelayStore
import TestSupport
import Testing

@testable import RelayServer

@Suite("Remembered pages")
struct RememberedPagesTests {
    /// Asked for often enough to be remembered, and then once from memory.
    private static let times = 4

    private func fields(_ response: ClientResponse) -> [String?] {
        ["content-type", "content-length", "etag", "x-total-count", "link"].map { response[$0] }
    }

    @Test("A page that is asked for again is the same, byte for byte and field for field.")
    func same() throws {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 500)
        for target in [
            "/v1/orders?limit=50", "/v1/orders?limit=50&offset=450", "/v1/orders?limit=1&offset=7",
            "/v1/orders?offset=600&limit=2", "/v1/orders?limit=20&status=OPEN&type=DAMAGE",
            "/v1/orders?limit=20&sort=-updatedAt", "/v1/appointments?limit=3",
            // Of more pieces than are remembered, and of more than a portion.
            "/v1/orders?limit=400", "/v1/orders?offset=0",
        ] {
            let first = fixture.get(target)
            #expect(first.status == 200, "\(target)")
            for _ in 0..<Self.times {
                let again = fixture.get(target)
                #expect(again.status == 200)
                #expect(again.body == first.body, "\(target)")
                #expect(fields(again) == fields(first), "\(target)")
            }
        }
    }

    @Test("A change to a record of a remembered page is on the page that is asked for next.")
    func changes() throws {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 10)
        let target = "/v1/orders?limit=5"
        for round in 1...20 {
            for _ in 0..<Self.times { _ = fixture.get(target) }
            let before = fixture.get(target)
            let due = "2031-01-\(round + 10)"
            #expect(
                fixture.perform("PATCH", "/v1/orders/3", "{\"dueDate\":\"\(due)T00:00:00Z\"}")
                    .status == 200)
            let after = fixture.get(target)
            #expect(after["etag"] != before["etag"])
            #expect(after.text.contains(due))
            #expect(after.text == fixture.get("/v1/orders?offset=0&limit=5").text)
        }
        for _ in 0..<Self.times { _ = fixture.get(target) }
        #expect(
            fixture.perform("POST", "/v1/customers", "{\"customer\":{\"name\":\"c\"}}").status
                == 201)
        #expect(fixture.get(target).ids() == [1, 2, 3, 4, 5])
    }

    @Test("A remembered page is its account's alone, and its key's as long as that is good.")
    func accounts() throws {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 10)
        let target = "/v1/orders?limit=5"
        for _ in 0..<Self.times { #expect(fixture.get(target).ids() == [1, 2, 3, 4, 5]) }
        for _ in 0..<Self.times { #expect(fixture.get(target, key: .other).text == "[]") }
        #expect(fixture.get(target).ids() == [1, 2, 3, 4, 5])
        for key in [Vector.Key.none, .revoked] {
            #expect(fixture.get(target, key: key).status == 401)
        }
    }

    @Test("Only a GET without a condition is answered from memory.")
    func otherRequests() throws {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 10)
        let target = "/v1/orders?limit=5"
        for _ in 0..<Self.times { _ = fixture.get(target) }
        let page = fixture.get(target)
        let tag = try #require(page["etag"])
        #expect(fixture.get(target, fields: [("if-none-match", tag)]).status == 304)
        let head = fixture.perform("HEAD", target)
        #expect(head.body.isEmpty)
        #expect(fields(head) == fields(page))
        // The same target, another method: parameters of the list are none of its own.
        #expect(fixture.perform("POST", target, "{\"title\":\"x\"}").status == 400)
        #expect(fixture.perform("DELETE", target).status == 405)
        #expect(fixture.perform("OPTIONS", target).status == 204)
        #expect(fixture.get(target).body == page.body)
    }

    @Test("More pages than there are places for are all right, in any order and between changes.")
    func many() throws {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 3_000)
        var random = SystemRandomNumberGenerator()
        for round in 0..<4 {
            for _ in 0..<2_000 {
                let offset = Int.random(in: 0..<1_500, using: &random)
                let page = fixture.get("/v1/orders?limit=2&offset=\(offset)")
                #expect(page.ids() == [Int64(offset + 1), Int64(offset + 2)])
            }
            let id = round * 100 + 1
            #expect(
                fixture.perform(
                    "PATCH", "/v1/orders/\(id)", "{\"dueDate\":\"2031-01-10T00:00:00Z\"}"
                ).status
                    == 200)
            #expect(fixture.get("/v1/orders?limit=2&offset=\(id - 1)").text.contains("2031-01-10"))
        }
    }

    @Test("Remembered pages on many streams at once come whole, also to a client that reads late.")
    func streams() throws {
        let served = try ServedStore()
        try served.store.load(orders: 500, titleBytes: 1_000)
        let fields = served.keys.field(.default)
        let targets = (0..<200).map { "/v1/orders?limit=50&offset=\($0 % 5 * 100)" }
        for _ in 0..<3 {
            let requests = try targets.map {
                try served.client.send(ClientRequest("GET", $0, fields: fields))
            }
            try served.client.flush()
            let answers = try requests.map { try served.client.run(until: $0) }
            for (target, answer) in zip(targets, answers) {
                let offset = Int64(target.split(separator: "=").last.flatMap { Int($0) } ?? -1)
                #expect(answer.ids() == Array(offset + 1...offset + 50))
            }
        }
    }
}
