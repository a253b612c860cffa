import HTTP2
import JSON
import RelayContract
import RelayRecords
import RelayStore
import TestSupport
import Testing

@testable import RelayServer

@Suite("Following changes") struct FeedHandlerTests {
    private let service: ServiceFixture

    init() throws { service = try ServiceFixture() }

    private func create(_ title: String) {
        let made = service.perform("POST", "/v1/orders", "{\"title\":\"\(title)\"}")
        #expect(made.status == 201)
    }

    /// A stream as far as it goes without waiting.
    private func stream(
        _ target: String, fields: [(String, String)] = []
    ) -> ClientResponse {
        service.get(target, fields: [("accept", "text/event-stream")] + fields)
    }

    /// The ids and the kinds of a stream's events.
    private func events(_ response: ClientResponse) -> [(event: String, id: String)] {
        response.text.split(separator: "\n\n").compactMap { block in
            let lines = block.split(separator: "\n")
            guard let event = lines.first(where: { $0.hasPrefix("event: ") }),
                let id = lines.first(where: { $0.hasPrefix("id: ") })
            else { return nil }
            return (String(event.dropFirst(7)), String(id.dropFirst(4)))
        }
    }

    @Test("Positions are read as they are written, and nothing else is one.")
    func positions() {
        for position in [
            ChangePosition(after: 0), ChangePosition(after: 4_711),
            ChangePosition(after: 9, passed: 1), ChangePosition(after: 0, passed: 9_999),
        ] {
            let text = PositionText(epoch: 0x0123_4567_89ab_cdef, position).text
            let read = PositionText.read(text.utf8)
            #expect(read?.epoch == 0x0123_4567_89ab_cdef, "\(text)")
            #expect(read?.position == position, "\(text)")
        }
        #expect(PositionText(epoch: 255, sequence: 27).text == "00000000000000ff-27")
        #expect(
            PositionText(epoch: 255, ChangePosition(after: 26, passed: 3)).text
                == "00000000000000ff-27.3")
        for text in [
            "", "27", "ff-27", "00000000000000FF-27", "00000000000000ff-", "00000000000000ff-027",
            "00000000000000ff--1", "00000000000000ff-27.", "00000000000000ff-27.0",
            "00000000000000ff-0.1", "00000000000000ff-27 ", "00000000000000ff-27.1.1",
            "00000000000000ff-99999999999999999999",
        ] {
            #expect(PositionText.read(text.utf8) == nil, "\(text)")
        }
    }

    @Test("Every answer says which commit it shows: reads, writes, refusals and dry runs.")
    func everyAnswer() throws {
        let before = try #require(service.get("/v1/orders")["relay-seq"])
        create("a")
        let made = service.perform("POST", "/v1/orders", "{\"title\":\"b\"}")
        #expect(made["relay-seq"] == before.dropLast() + "2")
        for (method, target, body) in [
            ("GET", "/v1/orders/1", ""), ("HEAD", "/v1/orders/1", ""), ("GET", "/v1/orders", ""),
            ("GET", "/v1/orders/9", ""), ("GET", "/v1/orders?limit=x", ""),
            ("POST", "/v1/orders", "{"), ("POST", "/v1/orders", "{}"),
            ("PATCH", "/v1/orders/9", "{\"status\":\"OPEN\"}"),
            ("POST", "/v1/orders?dryRun=true", "{\"title\":\"c\"}"),
        ] {
            let answer = service.perform(method, target, body)
            #expect(answer["relay-seq"] == before.dropLast() + "2", "\(method) \(target)")
            let lines = answer.fields.filter { $0.name == "relay-seq" }
            #expect(lines.count == 1, "\(method) \(target)")
        }
    }

    @Test("Who has no key is not told how much is written.")
    func noKey() {
        create("a")
        for (method, target) in [
            ("GET", "/v1/orders"), ("POST", "/v1/orders"), ("GET", "/openapi.json"),
            ("OPTIONS", "/v1/orders"), ("GET", "/v1/nothing"),
        ] {
            for key in [Vector.Key.none, .revoked] {
                let answer = service.perform(
                    method, target, method == "POST" ? "{}" : "", key: key)
                #expect(answer["relay-seq"] == nil, "\(method) \(target)")
            }
        }
    }

    @Test("A remembered page says the commit that it is of.")
    func rememberedPage() {
        create("a")
        let pages = (0..<4).map { _ in service.get("/v1/orders?limit=1&offset=0") }
        #expect(Set(pages.map { $0["relay-seq"] ?? "" }).count == 1)
        create("b")
        let later = service.get("/v1/orders?limit=1&offset=0")
        #expect(later["relay-seq"] != pages[0]["relay-seq"])
    }

    @Test("A stream begins with a bookmark, then tells what came and what comes, each once.")
    func stream() {
        create("a")
        create("b")
        let all = stream("/v1/changes?after=oldest")
        #expect(all["content-type"] == "text/event-stream")
        let told = events(all)
        #expect(told.map(\.event) == ["bookmark", "change", "change"])
        create("c")
        let rest = events(
            stream("/v1/changes?after=oldest", fields: [("last-event-id", told[1].id)]))
        #expect(rest.map(\.event) == ["bookmark", "change", "change"])
        #expect(rest[0].id == told[1].id)
        #expect(rest[1].id == told[2].id)
    }

    @Test("A stream from an id that is gone, or is none, is refused.")
    func refusedStream() {
        create("a")
        let gone = stream("/v1/changes", fields: [("last-event-id", "00000000000000ff-1")])
        #expect(gone.status == 410)
        let wrong = stream("/v1/changes", fields: [("last-event-id", "soon")])
        #expect(wrong.status == 400)
    }

    @Test("A change of many records is told whole in portions, each record once.")
    func portions() throws {
        let name = String(repeating: "x", count: 80)
        let customer = service.perform(
            "POST", "/v1/customers", "{\"customer\":{\"name\":\"\(name)\"}}")
        #expect(customer.status == 201)
        let properties = (0..<3_000).map { "{\"customerId\":1,\"name\":\"\(name) \($0)\"}" }
        let made = service.perform(
            "POST", "/v1/properties", "{\"properties\":[\(properties.joined(separator: ","))]}")
        #expect(made.status == 200)
        let told = events(stream("/v1/changes?after=oldest&resource=property&include=document"))
        #expect(told.count == 3_001)
        #expect(Set(told.map(\.id)).count == 3_001)
        // All but the last one lie inside the change.
        #expect(told.dropFirst().dropLast().allSatisfy { $0.id.contains(".") })
        #expect(told.last?.id.hasSuffix("-2") == true)
        var next: String? = "oldest"
        var ids: [Int64] = []
        while let after = next {
            let page = service.get(
                "/v1/changes?after=\(after)&resource=property&limit=1000&include=document")
            #expect(page.status == 200)
            let found = try #require(page.ids(in: "changes"))
            ids += found
            #expect(page.body.count < 2 * Limits.feedPageBytes)
            next = try JSONParser().parse(page.body) { root in
                let next = root["next"].flatMap { $0.string }.map { String($0) }
                let newest = root["newest"].flatMap { $0.string }.map { String($0) }
                return next == newest ? nil : next
            }
        }
        #expect(ids == Array(1...3_000))
    }

    @Test("A wait for nothing ends in time, and with nothing.")
    func wait() throws {
        create("a")
        let answer = service.get("/v1/changes?wait=1s")
        #expect(answer.status == 200)
        #expect(answer.ids(in: "changes") == [])
        #expect(answer.fields.filter { $0.name == "relay-seq" }.count == 1)
    }

    @Test("What a load changed is told.")
    func load() throws {
        try service.store.load(orders: 1_500)
        let told = events(stream("/v1/changes?after=oldest"))
        #expect(told.count == 1_501)
    }
}
