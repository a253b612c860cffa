import HTTP2
import JSON
import RelayStore
import Testing

@testable import RelayServer

@Suite("The admin socket")
struct AdminApplicationTests {
    /// The text of a member of a JSON object.
    private func member(_ name: StaticString, _ response: ClientResponse) -> String? {
        let text: String?? = try? JSONParser().parse(response.body) { value in
            value[name].flatMap { $0.string.map { String($0) } }
        }
        return text ?? nil
    }

    @Test("says alive always, and ready only between start and stop.")
    func health() throws {
        let fixture = try ServiceFixture()
        #expect(fixture.admin("GET", "/livez").status == 200)
        let early = fixture.admin("GET", "/readyz")
        #expect(early.status == 503)
        #expect(early["retry-after"] == "1")
        fixture.state.set(ready: true)
        #expect(fixture.admin("GET", "/readyz").status == 200)
        #expect(fixture.admin("HEAD", "/readyz").body.isEmpty)
        fixture.state.set(ready: false)
        #expect(fixture.admin("GET", "/readyz").status == 503)
        #expect(fixture.admin("GET", "/livez").text == "{\"status\":\"alive\"}")
    }

    @Test("makes a key that opens its account, shows it once, lists and revokes it.")
    func keys() throws {
        let fixture = try ServiceFixture()
        let made = fixture.admin(
            "POST", "/admin/keys", "{\"account\":2,\"label\":\"Büro \\\"Nord\\\"\"}")
        #expect(made.status == 201)
        #expect(member("label", made) == "Büro \"Nord\"")
        let key = try #require(member("key", made))
        let field = HeaderField("authorization", "Bearer \(key)")
        let request = ClientRequest("GET", "/v1/orders", fields: [field])
        #expect(fixture.perform(request).status == 200)

        let list = fixture.admin("GET", "/admin/keys")
        #expect(!list.text.contains(key))
        #expect(list.ids(in: "keys")?.count == 4)
        let own = try #require(fixture.admin("GET", "/admin/keys?account=2").ids(in: "keys"))
        #expect(own.count == 2)
        #expect(fixture.admin("GET", "/admin/keys?account=3").ids(in: "keys") == [])

        let id = try #require(own.last)
        #expect(fixture.admin("DELETE", "/admin/keys/\(id)").status == 204)
        #expect(fixture.admin("DELETE", "/admin/keys/\(id)").status == 404)
        #expect(fixture.perform(request).status == 401)
        #expect(fixture.get("/v1/orders", key: .other).status == 200)
    }

    @Test("sets limits of a key, one by one, and refuses what is none.")
    func limits() throws {
        let fixture = try ServiceFixture()
        let made = fixture.admin(
            "POST", "/admin/keys", #"{"account":2,"rate":"2/h","uploads":4,"writeRate":null}"#)
        #expect(made.status == 201 && member("rate", made) == "2/h", "\(made.text)")
        let field = HeaderField("authorization", "Bearer \(try #require(member("key", made)))")
        let request = ClientRequest("GET", "/v1/orders", fields: [field])
        #expect((0..<3).map { _ in fixture.perform(request).status } == [200, 200, 429])
        let id = try #require(fixture.admin("GET", "/admin/keys?account=2").ids(in: "keys")?.last)
        let path = "/admin/keys/\(id)"
        for body in [
            "", "{}", "[]", #"{"rate":"100"}"#, #"{"uploads":0}"#, #"{"account":2,"rate":"1/s"}"#,
            #"{"rate":"1/s","label":"x"}"#, #"{"rate":"1/s","burst":2}"#,
        ] {
            #expect(fixture.admin("PATCH", path, body).status == 422, "\(body)")
        }
        #expect(fixture.admin("PATCH", "/admin/keys/x", #"{"rate":"1/s"}"#).status == 404)
        #expect(fixture.admin("PATCH", "/admin/keys/99", #"{"rate":"1/s"}"#).status == 404)
        #expect(fixture.perform(request).status == 429)
        let set = fixture.admin("PATCH", path, #"{"rate":"1/h:3","writeRate":"5/m"}"#)
        #expect(set.status == 200, "\(set.text)")
        let limits = #""rate":"1/h:3","writeRate":"5/m","uploads":4"#
        #expect(set.text.contains(limits), "\(set.text)")
        #expect((0..<4).map { _ in fixture.perform(request).status } == [200, 200, 200, 429])
        let refused = #","refused":{"requests":3,"writes":0,"uploads":0}"#
        #expect(fixture.admin("GET", "/admin/keys").text.contains(limits + refused))
        let freed = fixture.admin("PATCH", path, #"{"rate":null,"writeRate":null,"uploads":null}"#)
        #expect(freed.status == 200 && !freed.text.contains("ate\":\""), "\(freed.text)")
        for _ in 0..<9 { #expect(fixture.perform(request).status == 200) }
    }

    @Test(
        "refuses a key for what is no account, or with a label that is too long.",
        arguments: [
            "", "{}", "[]", "{\"account\":0}", "{\"account\":-1}", "{\"account\":1048576}",
            "{\"account\":\"1\"}", "{\"account\":1.5}", "{\"account\":1,\"name\":\"x\"}",
            "{\"account\":1,\"label\":5}", "{\"account\":1,\"label\":\"LONG\"}", "{\"account\":1",
            "{\"account\":99999999999999999999}", "{\"label\":\"x\"}",
            "{\"account\":1,\"rate\":100}", "{\"account\":1,\"rate\":\"100\"}",
            "{\"account\":1,\"writeRate\":\"0/s\"}", "{\"account\":1,\"uploads\":0}",
            "{\"account\":1,\"uploads\":513}", "{\"account\":1,\"uploads\":\"4\"}",
        ])
    func refusedKeys(body: String) throws {
        let fixture = try ServiceFixture()
        let long = String(repeating: "l", count: RelayStore.Limits.keyLabelBytes + 1)
        let body = body.replacing("LONG", with: long)
        let answer = fixture.admin("POST", "/admin/keys", body)
        #expect(answer.status == 422)
        #expect(answer["content-type"] == "application/problem+json")
        #expect(fixture.admin("GET", "/admin/keys").ids(in: "keys")?.count == 3)
    }

    @Test("refuses what it does not have, and a body that is too large.")
    func others() throws {
        let fixture = try ServiceFixture()
        for (method, path) in [
            ("GET", "/"), ("GET", "/v1/orders"), ("POST", "/livez"), ("DELETE", "/admin/keys"),
            ("DELETE", "/admin/keys/"), ("DELETE", "/admin/keys/x"), ("DELETE", "/admin/keys/-1"),
            ("DELETE", "/admin/keys/18446744073709551616"),
        ] {
            #expect(fixture.admin(method, path).status == 404, "\(method) \(path)")
        }
        for query in ["account=x", "account=1048576", "account=-1", "account="] {
            let status = fixture.admin("GET", "/admin/keys?\(query)").status
            #expect((400..<500).contains(status), "\(query)")
        }
        let large = String(repeating: " ", count: 5_000)
        #expect(fixture.admin("POST", "/admin/keys", large).status == 413)
    }

    @Test("tells what is in the store.")
    func statistics() throws {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 20)
        let stat = fixture.admin("GET", "/admin/stat")
        #expect(stat.status == 200)
        let sequence: Int64?? = try? JSONParser().parse(stat.body) { value in
            value["sequence"].flatMap { $0.integer }
        }
        #expect(try (sequence ?? nil) == Int64(fixture.sequence()))
        #expect(stat.text.contains("\"queuedWrites\":0"))
        for name in ["requests", "sentBytes", "commits", "pid", "freePages", "readers"] {
            #expect(stat.text.contains("\"\(name)\":"), "\(name)")
        }
        let orders = #"{"account":1,"resource":"order","count":20,"lastId":20,"sequence":"#
        #expect(stat.text.contains(orders))
        #expect(!stat.text.contains(fixture.keys.first))
    }
}
