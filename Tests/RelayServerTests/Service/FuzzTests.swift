import HTTP2
import RelayContract
import RelayStore
import TestSupport
import Testing

@testable import RelayServer

/// Requests that are nearly right: bodies and paths of the routes, mutated a little or a lot.
private struct RequestSource {
    var random = SplitMix(state: 42)

    private static let bodies = [
        #"{"streetAddress":"Deich 1","postalCode":"20095","locality":"Hamburg","country":"DE"}"#,
        #"{"casaviAccountId":7,"customer":{"internalId":"k1","name":"Nord","telephone":"040"}}"#,
        #"{"customer":{"id":"1","externalId":"x","address":{"id":1,"locality":"Köln"}}}"#,
        #"{"properties":[{"name":"Haus","customerId":1,"mscNumber":"0010","externalId":"12"}]}"#,
        #"{"properties":[{"id":1,"internalId":"p"},{"id":"2","customerId":2},{"name":"x"}]}"#,
        #"{"units":[{"propertyId":1,"name":"WE 1","unitMscNumber":"0010"},{"id":"1"}]}"#,
        #"{"title":"Heizung fällt aus","status":"OPEN","propertyId":1,"customerId":1,"#
            + #""dueDate":"2026-02-06T11:00:00Z","isInternal":true,"casaviOrderId":"#
            + #"9007199254740991,"fields":[{"name":"a","content":"b","position":0}],"#
            + #""contactPersons":[{"name":"n","type":"t","email":"a@b.de"}]}"#,
        #"{"status":"FINISHED","dueDate":"2026-02-06T11:00:00.123+02:00","internalId":"o"}"#,
        #"{"address":{"streetAddress":"a","postalCode":"b","locality":"c","country":"AT"}}"#,
    ]
    private static let pieces = [
        "null", "true", "-1", "0", "1e999", "9223372036854775808", "\"\"", "\"\\u0000\"", "[]",
        "{}", "{\"id\":{}}", ",", ":", "\"", "\\ud800", "\\u00e9", "1.5", "\"1\"", "\"id\":1,",
        "[[[[[[[[[[", "\u{FEFF}", "🏠", "\"NULL\"", "\"2024-02-30T00:00:00Z\"",
        "18446744073709551615",
    ]
    private static let paths = [
        "/v1/addresses", "/v1/addresses/1", "/v1/customers", "/v1/customers/2", "/v1/properties",
        "/v1/properties/1", "/v1/properties/3", "/v1/units", "/v1/units/msc", "/v1/orders",
        "/v1/orders/1", "/v1/orders/40", "/openapi.json", "/v1/orders/0", "/v1/orders/-1", "/",
        "/v1/orders/99999999999999999999", "/v1/orders/1/", "//", "/v1", "/v1/orders/274877906944",
    ]
    private static let parameters = [
        "limit=10", "offset=0", "limit=0", "limit=1000", "offset=99999999999", "cursor=AAAA",
        "customerId=1", "customerId=0", "limit=%31", "x=%zz", "=", "&", "limit", "%", "offset=-1",
        "customerId=9007199254740991", "limit=1&limit=2", "cursor=", "offset=9007199254740992",
    ]
    private static let fields = [
        ("if-match", "*"), ("if-match", "\"1-1\", W/\"2-2\""), ("if-none-match", "W/\"0-0\",,*"),
        ("content-length", "x"), ("if-none-match", "\""), ("if-match", ",,,\"-\""),
        ("if-none-match", "*"), ("content-encoding", "gzip"), ("if-match", "*, \"1-1\""),
        ("idempotency-key", "k"), ("range", "bytes=0-1"), ("accept", "text/html"),
    ]

    private mutating func one<Element>(of elements: [Element]) -> Element {
        elements.randomElement(using: &random)!
    }

    private mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    /// Method, path and body: of one operation mostly, of any three now and then.
    private mutating func route() -> (String, String, [UInt8]) {
        let methods = ["GET", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "X"]
        if chance(15) {
            return (one(of: methods), one(of: Self.paths), Array(one(of: Self.bodies).utf8))
        }
        if chance(25) { return (one(of: ["GET", "HEAD"]), one(of: Self.paths), []) }
        let id = Int.random(in: 1...6, using: &random)
        let routes: [(String, String, [Int])] = [
            ("POST", "/v1/addresses", [0]), ("POST", "/v1/customers", [1, 2]),
            ("POST", "/v1/properties", [3, 4]), ("POST", "/v1/units", [5]),
            ("POST", "/v1/orders", [6]), ("PATCH", "/v1/orders/\(id)", [7, 8]),
            ("DELETE", "/v1/properties/\(id)", []),
        ]
        let (method, path, bodies) = one(of: routes)
        return (method, path, bodies.isEmpty ? [] : Array(Self.bodies[one(of: bodies)].utf8))
    }

    mutating func next(_ keys: TestKeys) -> ClientRequest {
        var (method, target, body) = route()
        if chance(5) { target = String(decoding: mutated(Array(target.utf8)), as: UTF8.self) }
        if chance(method == "GET" ? 50 : 5) {
            let count = Int.random(in: 1...4, using: &random)
            target += "?" + (0..<count).map { _ in one(of: Self.parameters) }.joined(separator: "&")
        }
        var fields = chance(97) ? keys.field(chance(90) ? .default : .other) : []
        if chance(97) { fields.append(HeaderField("content-type", "application/json")) }
        if chance(20) {
            let (name, value) = one(of: Self.fields)
            fields.append(HeaderField(name, value))
        }
        if chance(60) { body = mutated(body) }
        return ClientRequest(method, target, fields: fields, body: body)
    }

    /// Flips, drops, doubles and inserts up to five times.
    private mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...5, using: &random) where !bytes.isEmpty {
            let index = Int.random(in: bytes.indices, using: &random)
            let end = min(bytes.count, index + Int.random(in: 1...12, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.removeSubrange(index..<end)
            case 2: bytes.insert(contentsOf: bytes[index..<end], at: index)
            case 3: bytes.insert(contentsOf: Array(one(of: Self.pieces).utf8), at: index)
            case 4: bytes.replaceSubrange(index..<end, with: Array(one(of: Self.pieces).utf8))
            default: bytes.removeLast(bytes.count - index)
            }
        }
        return bytes
    }
}

@Suite("Random requests")
struct FuzzTests {
    @Test("20 000 of them neither crash it nor get a 5xx, and leave a sound store.")
    func requests() throws {
        let fixture = try ServiceFixture()
        var source = RequestSource()
        var statuses: [Int: Int] = [:]
        for _ in 0..<20_000 {
            let request = source.next(fixture.keys)
            let isWrite = request.method == "POST" || request.method == "PATCH"
            let before = try isWrite ? fixture.sequence() : 0
            let answer = fixture.perform(request)
            statuses[answer.status, default: 0] += 1
            #expect((200..<500).contains(answer.status), "\(request) \(answer.text)")
            guard answer.status >= 400 else { continue }
            #expect(answer["content-type"] == "application/problem+json", "\(request)")
            if isWrite { #expect(try fixture.sequence() == before, "\(request)") }
        }
        // The source would be worth little if hardly any request got past the parser.
        for status in [200, 201, 304, 400, 401, 404, 405, 409, 412, 415, 422] {
            #expect(statuses[status, default: 0] > 0, "\(status) in \(statuses)")
        }
        #expect(try fixture.store.check().faults == [])
    }
}
