import HTTP2
import JSON
import RelayContract
import RelayStore
import TestSupport
import Testing

/// Every vector of every write is first tried with `dryRun=true`: it must answer as the request
/// itself does, and commit nothing at all.
@Suite("A dry run")
struct DryRunTests {
    static let writes = VectorTests.vectors.filter { vector in
        let operation = Operation.allCases.first { "\($0.name)" == vector.operation }
        let isDry = vector.steps.contains { $0.request.path.contains("dryRun=") }
        return operation?.isWrite == true && !isDry
    }

    @Test("answers what the request would, and changes nothing.", arguments: writes)
    func vectors(vector: Vector) throws {
        let fixture = try ServiceFixture()
        func answer(_ request: Vector.Request, dryRun: Bool) -> ClientResponse {
            let fields = request.headers.map { HeaderField($0.name, $0.value) }
            let mark = request.path.contains("?") ? "&" : "?"
            let path = dryRun ? "\(request.path)\(mark)dryRun=true" : request.path
            return fixture.perform(
                ClientRequest(
                    request.method, path, fields: fixture.keys.field(request.key) + fields,
                    body: request.body ?? []))
        }
        var answers: [Vector.Answer] = []
        for request in vector.setup + vector.steps.map(\.request) {
            let request = try request.resolved(after: answers)
            if ["POST", "PATCH", "DELETE"].contains(request.method) {
                // What a deletion left of files is removed behind it.
                while try !fixture.store.makeReader().view.uploads().isEmpty {}
                let sequence = try fixture.sequence()
                let before = try fixture.store.statistics().environment.lastTransactionID
                let tried = answer(request, dryRun: true)
                // Not one byte of the store is another: there was no commit, except for files, which
                // are written and removed again.
                let after = try fixture.store.statistics().environment.lastTransactionID
                #expect(before == after || Self.hasFiles(request), "\(vector)")
                #expect(try fixture.sequence() == sequence, "\(vector)")
                let meant = answer(request, dryRun: false)
                check(tried, meant, vector)
                answers.append(given(meant))
            } else {
                answers.append(given(answer(request, dryRun: false)))
            }
        }
    }

    private static func hasFiles(_ request: Vector.Request) -> Bool {
        request.path.contains("/attachments")
            || request.headers.contains { $0.value.contains("multipart/") }
    }

    private func given(_ response: ClientResponse) -> Vector.Answer {
        Vector.Answer(
            status: response.status,
            headers: response.fields.map { (name: $0.name, value: $0.value) },
            body: response.body)
    }

    private func check(_ tried: ClientResponse, _ meant: ClientResponse, _ vector: Vector) {
        #expect(tried.status == meant.status, "\(vector)")
        #expect(tried["content-type"] == meant["content-type"], "\(vector)")
        // Unless it is the answer of a request that came before, under its Idempotency-Key.
        if tried.status < 300, tried.body != meant.body {
            #expect(tried["location"] == nil, "\(vector)")
            #expect(tried["etag"] == nil, "\(vector)")
        }
        // Of a query that is wrong the detail counts one parameter more.
        if !meant.text.contains("/problems/bad-query") {
            #expect(withoutIDs(tried.body) == withoutIDs(meant.body), "\(vector)")
        }
        #expect(!tried.text.contains("13743895347"), "a provisional id in \(tried.text)")
    }

    /// The body without what two runs cannot have in common: ids and the present time.
    private func withoutIDs(_ body: [UInt8]) -> String {
        func copy(_ value: JSONValue) -> String {
            switch value.kind {
            case .object:
                let members = value.members.map { (String($0.name), $0.value) }.filter {
                    !["id", "addressId", "createdAt", "updatedAt", "statusUpdatedAt"].contains($0.0)
                }
                return "{" + members.map { "\($0.0): \(copy($0.1))" }.joined(separator: ", ") + "}"
            case .array: return "[" + value.elements.map(copy).joined(separator: ", ") + "]"
            // A bare id.
            case .integer, .null: return "0"
            default:
                var writer = JSONWriter()
                writer.value(value)
                return String(decoding: writer.bytes, as: UTF8.self)
            }
        }
        return (try? JSONParser().parse(body) { copy($0) }) ?? ""
    }

    @Test("leaves out the ids that it would have given, and keeps those that are there.")
    func ids() throws {
        let fixture = try ServiceFixture()
        let customer = fixture.perform(
            "POST", "/v1/customers?dryRun=true",
            #"{"customer":{"name":"c","address":{"streetAddress":"s 1","postalCode":"1","locality":"l","country":"DE"}}}"#
        )
        #expect(customer.status == 201)
        #expect(!customer.text.contains("\"id\""))
        #expect(fixture.perform("POST", "/v1/orders?dryRun=true", #"{"title":"t"}"#).text == "{}")
        #expect(fixture.perform("POST", "/v1/orders?dryRun=false", #"{"title":"t"}"#).status == 201)
        let patched = fixture.perform(
            "PATCH", "/v1/orders/1?dryRun=true", #"{"status":"DECLINED"}"#)
        #expect(patched.text == "1")
        #expect(fixture.get("/v1/orders/1").text.contains("OPEN"))
        // No counter was used up.
        #expect(fixture.perform("POST", "/v1/orders", #"{"title":"t"}"#).text == #"{"id":2}"#)
    }

    @Test("sees the changes before it and is held to preconditions.")
    func preconditions() throws {
        let fixture = try ServiceFixture()
        #expect(fixture.perform("POST", "/v1/orders", #"{"title":"t"}"#).status == 201)
        let refused = fixture.perform(
            "PATCH", "/v1/orders/1?dryRun=true", #"{"status":"DECLINED"}"#,
            fields: [("if-match", "\"1-1\"")])
        #expect(refused.status == 412)
        #expect(refused["etag"] != nil)
        let wrong = fixture.perform("POST", "/v1/orders?dryRun=1", #"{"title":"t"}"#)
        #expect(wrong.status == 400)
        #expect(wrong.text.contains("?dryRun"))
    }
}
