import HTTP2
import RelayStore
import TestSupport
import Testing

@testable import RelayServer

/// Pages that outlive commits: how long, and that they are never stale.
@Suite("Pages that commits have not changed")
struct UnchangedPagesTests {
    /// Asked for often enough to be copied.
    private static let times = 2 * Limits.timesAskedForCopy + 2

    /// Bytes that the service has lent so far. Its turn is published when it ends, which may be after the
    /// answer came.
    private func lentBytes(_ served: ServedStore) throws -> UInt64 {
        for _ in 0..<2 { _ = try get("/v1/orders/1", served) }
        return served.lentBytes
    }

    private func get(_ target: String, _ served: ServedStore) throws -> ClientResponse {
        try served.client.perform(
            ClientRequest("GET", target, fields: served.keys.field(.default)))
    }

    private func change(_ id: Int, _ text: String, _ served: ServedStore) throws {
        let response = try served.client.perform(
            ClientRequest(
                "PATCH", "/v1/orders/\(id)",
                fields: served.keys.field(.default)
                    + [HeaderField("content-type", "application/json")],
                body: Array("{\"internalId\":\"\(text)\"}".utf8)))
        #expect(response.status == 200)
    }

    @Test("A page is lent from the same copy as long as commits change other records of its list.")
    func outlives() throws {
        let served = try ServedStore()
        try served.store.load(orders: 3_000, titleBytes: 1_000)
        let target = "/v1/orders?limit=50&offset=100"
        for _ in 0..<Self.times { _ = try get(target, served) }
        let page = try get(target, served)
        for round in 0..<100 {
            // Far from the page, so that no neighbour of it moves.
            try change(1_000 + round * 19, "other \(round)", served)
            let before = try lentBytes(served)
            let again = try get(target, served)
            #expect(again.body == page.body)
            // Of the list's version, which has changed.
            #expect(again["etag"] != page["etag"])
            #expect(again["link"] == page["link"])
            #expect(try lentBytes(served) - before >= UInt64(page.body.count))
        }
        try change(120, "on the page", served)
        let before = try lentBytes(served)
        #expect(try get(target, served).text.contains("on the page"))
        #expect(try lentBytes(served) == before, "made anew, from the map")
    }

    @Test("Eighty pages that are asked for in turns do not push each other out.")
    func inTurns() throws {
        let served = try ServedStore()
        try served.store.load(orders: 4_000, titleBytes: 600)
        let targets = stride(from: 0, to: 4_000, by: 50).map { "/v1/orders?limit=50&offset=\($0)" }
        for _ in 0..<Self.times { for target in targets { _ = try get(target, served) } }
        let before = try lentBytes(served)
        var bytes = 0
        for target in targets { bytes += try get(target, served).body.count }
        // All of them, with what lies between their pieces.
        #expect(try lentBytes(served) - before >= UInt64(bytes))
    }

    @Test("A page that shifted, grew or shrank is made anew.")
    func shifted() throws {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 190, titleBytes: 500)
        let targets = [
            "/v1/orders?limit=50&offset=150", "/v1/orders?limit=60&offset=20",
            "/v1/orders?status=OPEN&limit=60&offset=20",
            "/v1/orders?status=OPEN&limit=50&offset=150",
        ]
        for round in 0..<20 {
            for target in targets {
                for _ in 0..<Self.times { _ = fixture.get(target) }
                #expect(fixture.get(target).body == fresh(target, fixture).body)
            }
            let answer =
                round % 2 == 0
                ? fixture.perform("POST", "/v1/orders", "{\"title\":\"new \(round)\"}")
                : fixture.perform("PATCH", "/v1/orders/\(round)", "{\"status\":\"FINISHED\"}")
            #expect(answer.status < 300, "\(answer.text)")
            for target in targets {
                let (page, again) = (fixture.get(target), fresh(target, fixture))
                #expect(page.body == again.body && fields(page) == fields(again), "\(target)")
            }
        }
    }

    @Test("Under random writes no page is ever stale: not its records, not its fields.")
    func oracle() throws {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 600, titleBytes: 300)
        var random = SystemRandomNumberGenerator()
        var writes = RandomWrites(fixture)
        let targets =
            (0..<12).map { "/v1/orders?limit=50&offset=\($0 * 50)" } + [
                "/v1/orders?limit=7&offset=590", "/v1/orders?limit=30&status=OPEN",
                "/v1/orders?limit=30&status=FINISHED&offset=2",
                "/v1/orders?limit=30&status=OPEN&type=DAMAGE",
                "/v1/orders?limit=20&sort=-updatedAt", "/v1/customers?limit=20&offset=0",
                "/v1/appointments?limit=20", "/v1/properties?limit=10&offset=0",
            ]
        for round in 0..<400 {
            // Bursts of writes, and stretches without any, in which pages are copied.
            if round % 3 != 0 {
                for _ in 0..<Int.random(in: 1...3, using: &random) { writes.next(&random) }
            }
            for _ in 0..<12 {
                let target = targets.randomElement(using: &random)!
                let (page, again) = (fixture.get(target), fresh(target, fixture))
                #expect(page.status == 200 && page.body == again.body, "\(round): \(target)")
                #expect(fields(page) == fields(again), "\(round): \(target)")
            }
        }
        #expect(writes.done > 300 && writes.kinds.count == 8, "\(writes.kinds)")
    }

    /// The page as it is made from the store: what has a condition is not answered from memory.
    private func fresh(_ target: String, _ fixture: ServiceFixture) -> ClientResponse {
        fixture.get(target, fields: [("if-none-match", "W/\"none\"")])
    }

    private func fields(_ response: ClientResponse) -> [String?] {
        ["content-type", "content-length", "etag", "x-total-count", "link"].map { response[$0] }
    }
}

/// Changes of every kind that a page could show, one after the other.
private struct RandomWrites {
    private let fixture: ServiceFixture
    private(set) var done = 0
    private(set) var kinds: Set<String> = []

    init(_ fixture: ServiceFixture) {
        self.fixture = fixture
        // For what has to name one.
        _ = fixture.perform("POST", "/v1/customers", "{\"customer\":{\"name\":\"c\"}}")
    }

    mutating func next(_ random: inout SystemRandomNumberGenerator) {
        let id = Int.random(in: 1...700, using: &random)
        // Longer and shorter, so that blocks split and merge.
        let text = String(repeating: "t", count: Int.random(in: 1...90, using: &random))
        let status = ["OPEN", "FINISHED", "IN_PROGRESS"].randomElement(using: &random)!
        let type = ["DAMAGE", "OTHER"].randomElement(using: &random)!
        let (method, target, body): (String, String, String) =
            switch Int.random(in: 0..<14, using: &random) {
            case 0..<4: ("PATCH", "/v1/orders/\(id)", "{\"internalId\":\"\(done)\(text)\"}")
            case 4, 5: ("PATCH", "/v1/orders/\(id)", "{\"status\":\"\(status)\"}")
            case 6: ("POST", "/v1/orders", "{\"title\":\"\(done)\",\"type\":\"\(type)\"}")
            case 7: ("POST", "/v1/customers", "{\"customer\":{\"name\":\"\(done)\"}}")
            case 8:
                (
                    "POST", "/v1/orders/\(id)/comments",
                    "{\"text\":\"\(String(repeating: text, count: 9))\",\"authorName\":\"a\"}"
                )
            case 9:
                (
                    "POST", "/v1/contact-persons",
                    "{\"name\":\"\(done)\",\"type\":\"T\",\"email\":\"e@example.org\","
                        + "\"orderId\":\(id)}"
                )
            case 10:
                (
                    "POST", "/v1/appointments",
                    "{\"title\":\"\(done)\",\"dateStart\":\"2031-02-06 11:00:00\","
                        + "\"dateEnd\":\"2031-02-06 12:00:00\",\"location\":\"K\",\"customerId\":1}"
                )
            case 11: ("DELETE", "/v1/appointments/\(id % 40)", "")
            case 12:
                (
                    "POST", "/v1/properties",
                    "{\"properties\":[{\"name\":\"\(done)\",\"customerId\":1}]}"
                )
            default: ("DELETE", "/v1/properties/\(id % 40)", "")
            }
        let answer = fixture.perform(method, target, body)
        if answer.status < 300 {
            done += 1
            kinds.insert("\(method) \(target.split(separator: "/")[1])")
        }
    }
}
