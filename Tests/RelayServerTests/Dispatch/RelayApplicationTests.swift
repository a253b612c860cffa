import HTTP2
import RelayContract
import RelayStore
import Testing

@testable import RelayServer

@Suite("The application")
struct RelayApplicationTests {
    @Test("OPTIONS needs no key and answers what a path allows, HEAD wherever GET.")
    func options() throws {
        let fixture = try ServiceFixture()
        for operation in Operation.allCases {
            let path = "\(operation.path)".split(separator: "/", omittingEmptySubsequences: false)
                .map { $0 == "{name}" ? "conflict" : $0.hasPrefix("{") ? "1" : $0 }
                .joined(separator: "/")
            let answer = fixture.perform("OPTIONS", path, key: .none)
            #expect(answer.status == 204)
            #expect(answer.body.isEmpty)
            let allowed = Set(try #require(answer["allow"]).split(separator: ", ").map(String.init))
            #expect(allowed.contains("\(operation.method)".uppercased()))
            #expect(allowed.contains("OPTIONS"))
            #expect(allowed.contains("GET") == allowed.contains("HEAD"))
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"]
            where !allowed.contains(method) {
                let refused = fixture.perform(method, path)
                #expect(refused.status == 405, "\(method) \(path)")
                #expect(refused["allow"] == answer["allow"])
            }
        }
        #expect(fixture.perform("OPTIONS", "/v1/nothing", key: .none).status == 404)
    }

    @Test("Writes get 503 with Retry-After once the writer has stopped; reads go on.")
    func stopped() throws {
        let fixture = try ServiceFixture()
        #expect(fixture.perform("POST", "/v1/orders", "{\"title\":\"t\"}").status == 201)
        fixture.writer.stop()
        let refused = fixture.perform("POST", "/v1/orders", "{\"title\":\"t\"}")
        #expect(refused.status == 503)
        #expect(refused["retry-after"] == "1")
        #expect(refused["content-type"] == "application/problem+json")
        #expect(fixture.admin("POST", "/admin/keys", "{\"account\":1}").status == 503)
        #expect(fixture.get("/v1/orders").ids() == [1])
    }

    @Test("Any number of spaces may stand between `Bearer` and the key.")
    func spacesBeforeKey() throws {
        let fixture = try ServiceFixture()
        for (scheme, status) in [
            ("Bearer ", 200), ("Bearer  ", 200), ("bearer    ", 200), ("BEARER ", 200),
            ("Bearer", 401), ("Basic ", 401), (" ", 401), ("Bearer\t", 401),
        ] {
            let field = ("authorization", scheme + fixture.keys.first)
            // Once verified, and once remembered.
            for _ in 0..<2 {
                let answer = fixture.get("/v1/orders", key: .none, fields: [field])
                #expect(answer.status == status, "\(scheme.debugDescription)")
            }
        }
        let alone = fixture.get("/v1/orders", key: .none, fields: [("authorization", "Bearer   ")])
        #expect(alone.status == 401)
    }

    @Test("A created record is at its Location, with the tag that its creation answered.")
    func locations() throws {
        let fixture = try ServiceFixture()
        let address =
            #"{"streetAddress":"Deich 1","postalCode":"20095","locality":"Hamburg","country":"DE"}"#
        for (path, body) in [
            ("/v1/addresses", address), ("/v1/customers", #"{"customer":{"name":"c"}}"#),
            ("/v1/orders", #"{"title":"t"}"#),
        ] {
            let made = fixture.perform("POST", path, body)
            #expect(made.status == 201)
            #expect(made["location"] == "\(path)/1")
            let read = fixture.get("\(path)/1")
            #expect(read.status == 200)
            #expect(read["etag"] == made["etag"])
        }
        // An update creates nothing.
        let update = fixture.perform("POST", "/v1/customers", #"{"customer":{"id":1}}"#)
        #expect(update.status == 200)
        #expect(update["location"] == nil)
    }

    @Test("If-Match lets a change pass with the present tag only, and 412 tells that tag.")
    func preconditions() throws {
        let fixture = try ServiceFixture()
        #expect(fixture.perform("POST", "/v1/orders", "{\"title\":\"t\"}").status == 201)
        let old = try #require(fixture.get("/v1/orders/1")["etag"])
        func patch(_ match: String) -> ClientResponse {
            fixture.perform(
                "PATCH", "/v1/orders/1", "{\"status\":\"FINISHED\"}",
                fields: [("if-match", match)])
        }
        #expect(patch("\"x\", \(old)").status == 200)
        let now = try #require(fixture.get("/v1/orders/1")["etag"])
        #expect(now != old)
        for stale in [old, "W/\(now)", "\"0-0\"", "nonsense", ""] {
            let refused = patch(stale)
            #expect(refused.status == 412, "\(stale)")
            #expect(refused["etag"] == now)
        }
        #expect(fixture.get("/v1/orders/1")["etag"] == now)
        #expect(patch("*").status == 200)
        let missing = fixture.perform(
            "DELETE", "/v1/properties/1", fields: [("if-match", "*")])
        #expect(missing.status == 404)
    }

    @Test("A body where none belongs, of another type or too large is refused unread.")
    func bodies() throws {
        let fixture = try ServiceFixture()
        #expect(fixture.perform("GET", "/v1/orders", "{}").status == 400)
        let plain = ClientRequest(
            "POST", "/v1/orders",
            fields: fixture.keys.field(.default) + [HeaderField("content-type", "text/plain")],
            body: Array("{\"title\":\"t\"}".utf8))
        #expect(fixture.perform(plain).status == 415)
        let announced = fixture.perform(
            "POST", "/v1/orders", "{}", fields: [("content-length", "99999999")])
        #expect(announced.status == 413)
        let absurd = fixture.perform(
            "POST", "/v1/orders", "{}", fields: [("content-length", "99999999999999999999999")])
        #expect(absurd.status == 413)
        #expect(try fixture.sequence() == 0)
    }
}
