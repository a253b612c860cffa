import HTTP2
import RelayContract
import RelayStore
import Testing

@testable import RelayServer

@Suite("Records by their ids")
struct NamedRecordsTests {
    private func get(_ served: ServedStore, _ target: String) throws -> ClientResponse {
        try served.client.perform(
            ClientRequest("GET", target, fields: served.keys.field(.default)))
    }

    private func create(_ served: ServedStore, _ title: String) throws {
        let fields = [HeaderField("content-type", "application/json")]
        let answer = try served.client.perform(
            ClientRequest(
                "POST", "/v1/orders", fields: served.keys.field(.default) + fields,
                body: NewOrder(title: title, internalId: title).json))
        #expect(answer.status == 201)
    }

    @Test("come in their order when there are a thousand in several portions, absent ones named.")
    func thousand() throws {
        let served = try ServedStore()
        let long = String(repeating: "x", count: 90)
        for index in 1...500 { try create(served, "\(index) \(long)") }
        // Every second one exists; the list is longer than a portion, and names 500 that are missing.
        let ids = (1...500).reversed().flatMap { [$0, 1_000 + $0] }
        let path = "/v1/orders?ids=" + ids.map(String.init).joined(separator: ",")
        let answer = try get(served, path)
        #expect(answer.status == 200)
        #expect(answer["x-total-count"] == "500")
        let missing = (1...500).reversed().map { "\(1_000 + $0)" }.joined(separator: ", ")
        #expect(answer["relay-missing"] == missing)
        var bodies: [String] = []
        for id in (1...500).reversed() { bodies.append(try get(served, "/v1/orders/\(id)").text) }
        #expect(answer.text == "[" + bodies.joined(separator: ",") + "]")
    }

    @Test("are 1 000 at most, and each is an id.")
    func limits() throws {
        let served = try ServedStore()
        func status(_ ids: String) throws -> Int { try get(served, "/v1/orders?ids=\(ids)").status }
        let most = (1...1_000).map(String.init).joined(separator: ",")
        #expect(try status(most) == 200)
        #expect(try status("\(most),1001") == 400)
        for wrong in ["0", "-1", "1,", ",1", "1, 2", "x", "01,x", "9007199254740992"] {
            #expect(try status(wrong.replacing(" ", with: "%20")) == 400, "\(wrong)")
        }
        #expect(try status("9007199254740991") == 200)
    }
}
