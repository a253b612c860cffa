import HTTP2
import RelayContract
import RelayRecords
import RelayStore
import TestSupport
import Testing

@testable import RelayServer

@Suite("Idempotency-Key")
struct IdempotencyTests {
    private func create(
        _ fixture: ServiceFixture, _ key: String, _ body: String = #"{"title":"t"}"#,
        at path: String = "/v1/orders", as account: Vector.Key = .default
    ) -> ClientResponse {
        fixture.perform("POST", path, body, key: account, fields: [("idempotency-key", key)])
    }

    @Test("The same request gets the first answer again, in all its parts, and is done once.")
    func again() throws {
        let fixture = try ServiceFixture()
        let first = create(fixture, "k1")
        let second = create(fixture, "k1")
        #expect(first.status == 201)
        #expect(second.status == 201)
        #expect(second.text == #"{"id":1}"#)
        for name in ["content-type", "location", "etag"] {
            #expect(first[name] != nil && first[name] == second[name], "\(name)")
        }
        #expect(first["idempotency-replayed"] == nil && second["idempotency-replayed"] == "true")
        // Quotes are how the draft writes the same key.
        #expect(create(fixture, "\"k1\"").text == #"{"id":1}"#)
        #expect(create(fixture, "k2").text == #"{"id":2}"#)
        #expect(try fixture.sequence() == 2)
    }

    @Test("Another body, another operation or another path under the key is a mistake: 422.")
    func reused() throws {
        let fixture = try ServiceFixture()
        #expect(create(fixture, "k").status == 201)
        let other = create(fixture, "k", #"{"title":"u"}"#)
        #expect(other.status == 422)
        #expect(other.text.contains("/problems/idempotency-key-reused"))
        #expect(other["idempotency-replayed"] == nil)
        #expect(create(fixture, "k", #"{"title":"t"}"#, at: "/v1/customers").status == 422)
        let units = create(fixture, "k", #"{"customer":{"name":"c"}}"#, at: "/v1/customers")
        #expect(units.text.contains("/problems/idempotency-key-reused"))
        #expect(try fixture.sequence() == 1)
    }

    @Test("A key belongs to its account.")
    func accounts() throws {
        let fixture = try ServiceFixture()
        #expect(create(fixture, "k").text == #"{"id":1}"#)
        #expect(create(fixture, "k", #"{"title":"u"}"#, as: .other).text == #"{"id":1}"#)
    }

    @Test("A refusal is not remembered: the request may be right later.")
    func refusals() throws {
        let fixture = try ServiceFixture()
        let body = #"{"title":"t","customerId":1}"#
        #expect(create(fixture, "k", body).status == 422)
        #expect(
            fixture.perform("POST", "/v1/customers", #"{"customer":{"name":"c"}}"#).status == 201)
        #expect(create(fixture, "k", body).status == 201)
    }

    @Test("While the first is under way the second is told to wait: 409 with Retry-After.")
    func underWay() throws {
        let fixture = try ServiceFixture()
        let claim = try #require(
            fixture.underWay.claim(account: 1, key: Array("k".utf8)))
        let refused = create(fixture, "k")
        #expect(refused.status == 409)
        #expect(refused["retry-after"] == "1")
        #expect(refused.text.contains("/problems/under-way"))
        #expect(create(fixture, "k", as: .other).status == 201)
        claim.release()
        #expect(create(fixture, "k").status == 201)
        // An answer lets its key go.
        #expect(fixture.underWay.claim(account: 1, key: Array("k".utf8)) != nil)
    }

    @Test(
        "A key that is none answers 400.",
        arguments: [
            "", "a b", "ä", "\"", "\"\"", "\"a", "\"a\" ", "\"a\"b", "a\"", "\"a\\b\"",
            String(repeating: "k", count: 256), "\"\(String(repeating: "k", count: 256))\"",
        ])
    func badKeys(key: String) throws {
        #expect(Array(key.utf8).withUnsafeBytes { IdempotencyKey.read($0) } == nil)
        let fixture = try ServiceFixture()
        let refused = create(fixture, key)
        #expect(refused.status == 400)
        #expect(try fixture.sequence() == 0)
    }

    @Test("Quotes and backslashes are escaped in a quoted key.")
    func escapes() {
        let key = Array(#""a \"b\" \\""#.utf8).withUnsafeBytes { IdempotencyKey.read($0) }
        #expect(key == Array(#"a "b" \"#.utf8))
    }

    @Test("A dry run is answered as the request would be, and not remembered.")
    func dryRun() throws {
        let fixture = try ServiceFixture()
        #expect(create(fixture, "k", at: "/v1/orders?dryRun=true").text == "{}")
        #expect(create(fixture, "k").text == #"{"id":1}"#)
        #expect(create(fixture, "k", at: "/v1/orders?dryRun=true").text == #"{"id":1}"#)
        let other = create(fixture, "k", #"{"title":"u"}"#, at: "/v1/orders?dryRun=true")
        #expect(other.status == 422)
        #expect(create(fixture, "a b", at: "/v1/orders?dryRun=true").status == 400)
    }

    @Test("PATCH and DELETE may be repeated anyway: they take no key.")
    func otherMethods() throws {
        let fixture = try ServiceFixture()
        #expect(create(fixture, "k").status == 201)
        for status in ["DECLINED", "OPEN"] {
            let patched = fixture.perform(
                "PATCH", "/v1/orders/1", #"{"status":"\#(status)"}"#,
                fields: [("idempotency-key", "k")])
            #expect(patched.status == 200)
            #expect(fixture.get("/v1/orders/1").text.contains(status))
        }
    }
}
