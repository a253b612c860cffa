import HTTP2
import RelayContract
import Testing

@testable import RelayServer

@Suite("What a request says of itself")
struct RequestRulesTests {
    private let order = #"{"title":"t"}"#

    @Test(
        "A body with a Content-Encoding is refused, whatever it is, and said what is taken.",
        arguments: ["gzip", "zstd", "br", "identity, gzip", "GZIP", "x", "\"identity\""])
    func encodings(coding: String) throws {
        let fixture = try ConditionTests.filled()
        for (method, path, body) in [
            ("POST", "/v1/orders", order), ("PATCH", "/v1/orders/1", #"{"status":"OPEN"}"#),
            ("POST", "/v1/orders/1/comments", ConditionTests.comment),
            ("POST", "/v2/documents/1/attachments", ConditionTests.attachment),
        ] {
            let before = try fixture.sequence()
            let refused = fixture.perform(
                method, path, body, fields: [("content-encoding", coding)])
            #expect(refused.status == 415, "\(path)")
            #expect(refused["accept-encoding"] == "identity")
            #expect(refused.text.contains("Content-Encoding"))
            #expect(try fixture.sequence() == before)
        }
        // Without a body there is nothing that could be encoded.
        #expect(fixture.get("/v1/orders/1", fields: [("content-encoding", coding)]).status == 200)
    }

    @Test(
        "A Content-Encoding that says that nothing was done is let through, and so is an empty one."
    )
    func identity() throws {
        let fixture = try ServiceFixture()
        for coding in ["identity", "IDENTITY", "identity, identity", ""] {
            let made = fixture.perform(
                "POST", "/v1/orders", order, fields: [("content-encoding", coding)])
            #expect(made.status == 201, "\(coding)")
        }
        let two = fixture.perform(
            "POST", "/v1/orders", order,
            fields: [("content-encoding", "identity"), ("content-encoding", "gzip")])
        #expect(two.status == 415)
    }

    @Test("A field that has one line is refused with two, equal ones included, and named.")
    func repeatedFields() throws {
        let fixture = try ConditionTests.filled()
        let key = "Bearer \(fixture.keys.first)"
        for (name, value) in [
            ("content-type", "application/json"), ("authorization", key),
            ("idempotency-key", "k"), ("range", "bytes=0-1"), ("if-range", "\"x\""),
        ] {
            let twice = ["content-type", "authorization"].contains(name) ? 1 : 2
            for (method, path, body) in [
                ("POST", "/v1/orders", order), ("GET", "/v1/attachments/1", ""),
            ] where name != "content-type" || method == "POST" {
                let before = try fixture.sequence()
                let refused = fixture.perform(
                    method, path, body,
                    fields: Array(repeating: (name, value), count: twice))
                #expect(refused.status == 400, "\(name)")
                #expect(refused["content-type"] == "application/problem+json")
                #expect(
                    refused.text.contains("`\(name)`") || refused.text.contains("field \(name)"))
                #expect(try fixture.sequence() == before)
            }
        }
    }

    @Test("The same over a socket, where each line comes in a field of its own.")
    func repeatedOverSocket() throws {
        let served = try ServedStore()
        func status(_ fields: [(String, String)], _ body: String = "") throws -> Int {
            try served.client.perform(
                ClientRequest(
                    body.isEmpty ? "GET" : "POST", "/v1/orders",
                    fields: fields.map { HeaderField($0.0, $0.1) }, body: Array(body.utf8))
            ).status
        }
        let good = ("authorization", "Bearer \(served.keys.first)")
        let other = ("authorization", "Bearer \(served.keys.second)")
        let json = ("content-type", "application/json")
        #expect(try status([good]) == 200)
        #expect(try status([good, other]) == 400)
        #expect(try status([other, good]) == 400)
        #expect(try status([good, json], order) == 201)
        #expect(try status([good, json, json], order) == 400)
        #expect(
            try status([good, json, ("idempotency-key", "a"), ("idempotency-key", "b")], order)
                == 400)
        #expect(try status([good, json, ("content-encoding", "zstd")], order) == 415)
        #expect(try status([good]) == 200)
    }

    @Test("Of two faults of a request the same one is told, whether a body comes or not.")
    func orderOfChecks() throws {
        let fixture = try ServiceFixture()
        let plain = HeaderField("content-type", "text/plain")
        for body in ["", order] {
            func status(_ path: String, _ key: [HeaderField]) -> Int {
                fixture.perform(
                    ClientRequest("POST", path, fields: key + [plain], body: Array(body.utf8))
                ).status
            }
            let key = fixture.keys.field(.default)
            #expect(status("/v1/nothing?x=%zz", []) == 404)
            #expect(status("/v1/orders?x=%zz", []) == 401)
            #expect(status("/v1/orders?x=%zz", key) == 400)
            #expect(status("/v1/orders", key) == 415)
        }
    }

    @Test(
        "Escapes of unreserved characters mean the characters, anywhere in a path.",
        arguments: [
            "/v1/orders/%31", "/%761/orders/1", "/v1/%6frders/1", "/v1/%6Frders/%31",
            "/%76%31/%6F%72%64%65%72%73/%31",
        ])
    func escapedPaths(path: String) throws {
        let fixture = try ConditionTests.filled()
        let plain = fixture.get("/v1/orders/1")
        let read = fixture.get(path)
        #expect(read.status == 200)
        #expect(read.body == plain.body)
        #expect(fixture.perform("HEAD", path).status == 200)
        #expect(fixture.perform("OPTIONS", path).status == 204)
        #expect(fixture.perform("PATCH", path, #"{"status":"OPEN"}"#).status == 200)
        #expect(fixture.perform("PUT", path).status == 405)
    }

    @Test("The same path in two spellings is one request under an Idempotency-Key.")
    func escapedReplay() throws {
        let fixture = try ConditionTests.filled()
        let key = [("idempotency-key", "k")]
        let first = fixture.perform(
            "POST", "/v1/orders/1/comments", ConditionTests.comment, fields: key)
        let second = fixture.perform(
            "POST", "/v1/orders/%31/comments", ConditionTests.comment, fields: key)
        #expect(first.status == 201)
        #expect(second.status == 201)
        #expect(first.text == second.text)
    }

    @Test(
        "Escapes of other characters name nothing here.",
        arguments: [
            "/v1%2Forders/1", "/v1/orders/1%20", "/v1/orders/%00", "/v1/orders/%C3%A4",
            "/v1/orders/1/%2E%2E", "/v1/orders/%2531", "/v1/orders/1%3Flimit=1",
        ])
    func otherEscapes(path: String) throws {
        let fixture = try ConditionTests.filled()
        let missing = fixture.get(path)
        #expect(missing.status == 404)
    }

    @Test(
        "A percent sign without two hexadecimal digits is answered 400, wherever it stands.",
        arguments: [
            "/v1/orders?internalId=%zz", "/v1/orders?internalId=%", "/v1/orders?internalId=a%4",
            "/v1/orders?%zz=1", "/v1/orders?limit=1&%", "/v1/orders?internalId=%%34",
            "/v1/orders/%zz", "/v1/orders/1%", "/v1/orders/1%3", "/%/orders", "/v1/nothing/%g1",
            "/v1/orders/1?%", "/openapi.json?%zz",
        ])
    func malformedEscapes(target: String) throws {
        let fixture = try ConditionTests.filled()
        let refused = fixture.get(target)
        #expect(refused.status == 400)
        #expect(refused.text.contains("percent sign"), "\(refused.text)")
        guard target.contains("orders?") else { return }
        let before = try fixture.sequence()
        #expect(fixture.perform("POST", target, order).status == 400)
        #expect(try fixture.sequence() == before)
    }

    @Test("Names and values of a query may be escaped, also where they need not be.")
    func escapedQueries() throws {
        let fixture = try ConditionTests.filled()
        for query in ["limit=1", "%6Cimit=1", "limit=%31", "%6c%69mit=%31"] {
            let page = fixture.get("/v1/orders?\(query)")
            #expect(page.status == 200, "\(query)")
            #expect(page.ids() == [1])
        }
        let twice = fixture.get("/v1/orders?limit=1&%6Cimit=1")
        #expect(twice.status == 400)
        #expect(twice.text.contains("duplicate_parameter"))
    }

    @Test(
        "A link to the next page has no character that a URI has not, and leads on.",
        arguments: [
            ("a>b", "a%3Eb"), ("a b", "a%20b"), ("a\"b", "a%22b"), ("<a>", "%3Ca%3E"),
            ("a\\b", "a%5Cb"), ("{a}|^`", "%7Ba%7D%7C%5E%60"), ("[a]#", "%5Ba%5D%23"),
            ("ä", "%C3%A4"), ("a+b", "a+b"), ("a%3Eb", "a%3Eb"), ("a;b", "a;b"),
        ])
    func links(raw: String, escaped: String) throws {
        let fixture = try ServiceFixture()
        let name = raw.replacing("+", with: " ").replacing("%3E", with: ">")
        var json = name.replacing("\\", with: "\\\\")
        json = json.replacing("\"", with: "\\\"")
        for _ in 0..<2 {
            let made = fixture.perform(
                "POST", "/v1/orders", "{\"title\":\"t\",\"internalId\":\"\(json)\"}")
            #expect(made.status == 201)
        }
        let page = fixture.get("/v1/orders?limit=1&internalId=\(raw)")
        #expect(page.ids() == [1])
        let next = try #require(page.next)
        #expect(next.contains("internalId=\(escaped)&cursor="))
        #expect(
            next.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"<>\"\\^`{|}[]#".utf8.contains($0) })
        let rest = fixture.get(next)
        #expect(rest.ids() == [2])
        #expect(rest.next == nil)
    }

    @Test("The instance of a problem is a URI reference, whatever the path was.")
    func instances() throws {
        let fixture = try ServiceFixture()
        for (path, instance) in [
            ("/v1/a>b", "/v1/a%3Eb"), ("/v1/a b\"", "/v1/a%20b%22"), ("/v1/ä", "/v1/%C3%A4"),
            ("/v1/%zz", "/v1/%25zz"), ("/v1/%41%2F", "/v1/A%2F"), ("/v1/a[1]", "/v1/a%5B1%5D"),
        ] {
            #expect(fixture.get(path).text.contains("\"instance\":\"\(instance)\""), "\(path)")
        }
    }

    @Test("An unknown parameter is answered with the known ones of the operation.")
    func knownParameters() throws {
        let fixture = try ConditionTests.filled()
        let orders = fixture.get("/v1/orders?stauts=OPEN").text
        #expect(orders.contains("status, type, propertyId"))
        #expect(orders.contains("cursor"))
        #expect(fixture.get("/v1/orders/1?x=1").text.contains("takes no parameters"))
        let write = fixture.perform("POST", "/v1/orders?dryrun=true", order)
        #expect(write.status == 400)
        #expect(write.text.contains("the operation takes dryRun"))
    }

    @Test(
        "An offset whose plus sign became a space is told from other faults.",
        arguments: [
            ("/v1/orders?updatedSince=2026-01-01T00:00:00+01:00", true),
            ("/v1/orders?dueFrom=2026-01-01T00:00:00.5+01:00", true),
            ("/v1/orders?dueTo=2026-01-01T00%3A00%3A00+01%3A00", true),
            ("/v1/appointments?from=2026-01-01T00:00:00+01:00", true),
            ("/v1/appointments?to=2026-01-01+00:00:00+01:00", true),
            ("/v1/orders?updatedSince=2026-01-01+00:00:00", false),
            ("/v1/orders?updatedSince=yesterday", false),
            ("/v1/appointments?from=a+b", false),
        ])
    func plusSigns(target: String, isHinted: Bool) throws {
        let fixture = try ServiceFixture()
        let refused = fixture.get(target)
        #expect(refused.status == 400)
        #expect(refused.text.contains("%2B") == isHinted, "\(refused.text)")
    }

    @Test("A time in a query is read in each of its forms when its plus sign is escaped.")
    func times() throws {
        let fixture = try ServiceFixture()
        for target in [
            "/v1/orders?updatedSince=2026-01-01T00:00:00%2B01:00",
            "/v1/appointments?from=2026-01-01+00:00:00",
            "/v1/appointments?from=2026-01-01T00:00:00",
            "/v1/appointments?from=2026-01-01T00:00:00%2B01:00",
        ] {
            #expect(fixture.get(target).status == 200, "\(target)")
        }
    }
}
