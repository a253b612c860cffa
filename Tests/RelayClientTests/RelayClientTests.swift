import CivilTime
import HTTP2
import JSON
import RelayClient
import RelayContract
import TestSupport
import Testing

/// What the client makes of answers, from a real relayd over its socket.
@Suite("The client")
struct RelayClientTests {
    private let directory = TemporaryDirectory()
    private let relayd: Relayd
    private let relay: RelayClient

    init() throws {
        relayd = try Relayd(store: ":memory:", in: directory)
        relay = RelayClient(connection: try relayd.connect(), key: try relayd.makeKey())
    }

    @Test("tells where a record is, and changes it only under the version that it has read.")
    func versions() throws {
        let created = try relay.createOrder(NewOrder(title: "Dach undicht"))
        #expect(created.status == 201)
        #expect(created.location == "/v1/orders/\(created.value.id)")
        let order = try relay.getOrder(created.value.id)
        #expect(order.value.title == "Dach undicht")
        #expect(order.tag == created.tag)
        let changed = try relay.updateOrder(
            order.value.id, OrderPatch(status: .inProgress), ifMatch: order.tag)
        #expect(changed.value == order.value.id)
        #expect(changed.tag != order.tag)
        expect(refusal: 412) {
            try relay.updateOrder(
                order.value.id, OrderPatch(status: .finished), ifMatch: order.tag)
        }
        #expect(try relay.getOrder(order.value.id).value.status == .inProgress)
    }

    @Test("does not read again what it has already.")
    func unchanged() throws {
        try relay.createOrder(NewOrder(title: "Dach undicht"))
        let (order, list) = (try relay.getOrder(1), try relay.getOrders())
        let tags = try #require([order.tag, list.tag] as? [String])
        #expect(try relay.getOrder(1, ifNoneMatch: tags[0]) == nil)
        #expect(try relay.getOrders(ifNoneMatch: tags[1]) == nil)
        try relay.updateOrder(1, OrderPatch(status: .finished))
        #expect(try relay.getOrder(1, ifNoneMatch: tags[0])?.value.status == .finished)
        #expect(try relay.getOrders(ifNoneMatch: tags[1])?.records.count == 1)
    }

    @Test("walks a list page by page, and says how long it is.")
    func pages() throws {
        for number in 1...7 { try relay.createOrder(NewOrder(title: "Nr. \(number)")) }
        var page = try relay.getOrders(limit: 3)
        #expect(page.total == 7)
        #expect(page.records.map(\.id) == [1, 2, 3])
        var ids = page.records.map(\.id)
        while let next = try relay.page(after: page) {
            page = next
            ids += page.records.map(\.id)
        }
        #expect(ids == Array(1...7))
        #expect(page.next == nil)
        var titles: [String] = []
        let count = try relay.forEach(from: relay.getOrders(sort: .idDescending, limit: 2)) {
            titles.append($0.title)
        }
        #expect(count == 7 && titles.first == "Nr. 7" && titles.last == "Nr. 1")
        #expect(try relay.getOrders(limit: 5, offset: 6).records.map(\.id) == [7])
        #expect(try relay.getProperties(limit: 5, offset: 0).records == [])
    }

    @Test("sends any text of a filter as it is.")
    func filters() throws {
        let text = "ä/ö &=+%?#\"\\ ½"
        try relay.createOrder(
            NewOrder(title: "a", internalId: text, isInternal: true, type: text))
        try relay.createOrder(
            NewOrder(title: "b", internalId: "ä/ö", isInternal: false, type: "Rohr, Dach"))
        #expect(try relay.getOrders(internalId: text).records.map(\.title) == ["a"])
        #expect(try relay.getOrders(isInternal: false).records.map(\.title) == ["b"])
        #expect(try relay.getOrders(type: ["Rohr, Dach", text]).records.count == 2)
        #expect(try relay.getOrders(type: ["Rohr, Dach"]).records.map(\.title) == ["b"])
        #expect(try relay.getOrders(type: ["Rohr", " Dach"]).records == [])
        let time = try #require(Timestamp(rfc3339: "2020-01-01T00:00:00+02:00"))
        #expect(try relay.getOrders(status: [.open], updatedSince: time).records.count == 2)
        #expect(try relay.getOrders(status: [.declined]).records == [])
        #expect(try relay.getOrders(status: [.declined, .open]).records.count == 2)
    }

    @Test("tries every write out without a change.")
    func dryRuns() throws {
        let order = NewOrder(title: "Dach undicht")
        let tried = try relay.dryRun.createOrder(order)
        #expect(tried.status == 201)
        #expect(String(decoding: tried.json, as: UTF8.self) == "{}")
        #expect(try relay.getOrders().total == 0)
        try relay.createOrder(order)
        #expect(try relay.dryRun.updateOrder(1, OrderPatch(status: .finished)).status == 200)
        #expect(try relay.getOrder(1).value.status == .open)
        expect(refusal: 422) {
            try relay.dryRun.createOrder(NewOrder(title: "Dach", propertyId: 77))
        }
    }

    @Test("has a request carried out once under its key.")
    func idempotency() throws {
        let first = try relay.createOrder(NewOrder(title: "Dach"), idempotencyKey: "k-1")
        let again = try relay.createOrder(NewOrder(title: "Dach"), idempotencyKey: "k-1")
        #expect(first.value == again.value)
        #expect(try relay.getOrders().total == 1)
        expect(refusal: 422) {
            try relay.createOrder(NewOrder(title: "Keller"), idempotencyKey: "k-1")
        }
    }

    @Test("says why it was refused.")
    func refusals() throws {
        do throws(RelayClientError) {
            _ = try relay.createOrder(NewOrder(title: "", customerId: 4))
            Issue.record("an order without a title")
        } catch {
            guard case .refused(422, let problem) = error else { throw error }
            #expect(problem.contains("\"pointer\":\"/title\""))
            #expect(problem.contains("\"pointer\":\"/customerId\""))
        }
        expect(refusal: 404) { try relay.getOrder(1) }
        let stranger = RelayClient(connection: try relayd.connect(), key: "relay_x")
        expect(refusal: 401) { try stranger.getOrders() }
        #expect(try !stranger.getOpenAPI().value.isEmpty)
    }

    private func expect<Answer>(
        refusal status: Int, _ call: () throws -> Answer,
        location: SourceLocation = #_sourceLocation
    ) {
        do {
            _ = try call()
            Issue.record("no refusal", sourceLocation: location)
        } catch RelayClientError.refused(let given, let problem) {
            #expect(given == status, "\(problem)", sourceLocation: location)
        } catch {
            Issue.record(error, sourceLocation: location)
        }
    }
}
