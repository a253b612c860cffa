import HTTP2
import RelayContract
import Testing

@testable import RelayServer

/// If-Match and If-None-Match on every operation, against RFC 9110 as it is written.
@Suite("Conditional fields")
struct ConditionTests {
    /// A tag as §8.8.3 has it.
    struct Tag: Equatable {
        var opaque: String
        var isWeak: Bool

        /// Reads `W/"…"` or `"…"`; nil for anything else.
        init?(_ text: some StringProtocol) {
            isWeak = text.hasPrefix("W/")
            let rest = isWeak ? text.dropFirst(2) : text[...]
            guard rest.count >= 2, rest.first == "\"", rest.last == "\"",
                rest.dropFirst().dropLast().unicodeScalars.allSatisfy({
                    $0.value == 0x21 || (0x23...0x7E).contains($0.value) || $0.value >= 0x80
                })
            else { return nil }
            opaque = String(rest)
        }
    }

    /// §5.6.1 and §8.8.3: what stands between commas that are in no quotes.
    static func tags(_ value: String) -> [Tag] {
        var elements = [""]
        var isQuoted = false
        for character in value {
            if character == "\"" { isQuoted.toggle() }
            if character == ",", !isQuoted {
                elements.append("")
            } else {
                elements[elements.count - 1].append(character)
            }
        }
        return elements.compactMap { element in
            Tag(
                element.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed().map { "\($0)" }
                    .joined())
        }
    }

    /// §13.2.2 in its order; nil to perform the method.
    static func outcome(
        _ method: String, ifMatch: [String]?, ifNoneMatch: [String]?, present: Tag?
    ) -> Int? {
        if let lines = ifMatch {
            let value = lines.joined(separator: ", ")
            // §13.1.1
            let isTrue =
                value == "*"
                ? present != nil
                : tags(value).contains {
                    !$0.isWeak && present?.isWeak == false && $0.opaque == present?.opaque
                }
            if !isTrue { return 412 }
        }
        if let lines = ifNoneMatch {
            let value = lines.joined(separator: ", ")
            // §13.1.2
            let isFalse =
                value == "*"
                ? present != nil : tags(value).contains { $0.opaque == present?.opaque }
            if isFalse { return method == "GET" || method == "HEAD" ? 304 : 412 }
        }
        return nil
    }

    /// Lines that a field may have, given the present tag: matching, other, star, lists, several
    /// lines, weak and strong forms, and what is no tag.
    static func lines(_ present: String) -> [[String]] {
        let opaque = present.hasPrefix("W/") ? String(present.dropFirst(2)) : present
        let bare = String(opaque.dropFirst().dropLast())
        return [
            [present], [opaque], ["W/\(opaque)"], ["\"x\""], ["W/\"x\""], ["*"], [""],
            ["\"x\", \(present)"], ["\(present),\"x\""], ["\"a,b\", \(opaque)"],
            [",, \(present) , "], ["\"x\"", present], [present, "\"x\""],
            ["\"x\"", "\"y\"", present],
            [bare], ["\"\(bare)"], ["w/\(opaque)"], ["\(opaque)x"], ["\"x\", *"], ["*", "*"],
            ["nonsense, \(opaque)"], ["\"\(bare),x\""], ["\"x\(opaque)"],
        ]
    }

    static let few: Set<Int> = [0, 3, 5, 12]

    @Test("count on every operation as RFC 9110 §13.2.2 says, alone and together.")
    func matrix() throws {
        let fixture = try Self.filled()
        var count = 0
        for target in Self.targets {
            let present = target.tagged.flatMap { fixture.get($0)["etag"] }
            #expect((present == nil) == (target.tagged == nil), "\(target.path)")
            let plain = fixture.perform(target.method, target.path, target.body).status
            #expect(plain / 100 == 2, "\(target.method) \(target.path)")
            let lines = Self.lines(present ?? "\"x-y\"")
            var cases: [([String]?, [String]?)] = []
            for line in lines { cases += [(line, nil), (nil, line)] }
            for one in Self.few {
                for other in Self.few { cases.append((lines[one], lines[other])) }
            }
            let before = try fixture.sequence()
            for (ifMatch, ifNoneMatch) in cases {
                count += 1
                let fields =
                    (ifMatch ?? []).map { ("if-match", $0) }
                    + (ifNoneMatch ?? []).map { ("if-none-match", $0) }
                let given = fixture.perform(
                    target.method, target.path, target.body, fields: fields)
                let wanted =
                    Self.outcome(
                        target.method, ifMatch: ifMatch, ifNoneMatch: ifNoneMatch,
                        present: present.flatMap { Tag($0) })
                #expect(
                    given.status == wanted ?? plain, "\(target.method) \(target.path) \(fields)")
                if wanted != nil { #expect(given["etag"] == present, "\(target.path) \(fields)") }
                if wanted == 304 { #expect(given.body.isEmpty) }
            }
            #expect(try fixture.sequence() == before)
        }
        #expect(count > 3_000)
    }

    @Test("are tried on every operation that there is.")
    func complete() {
        let tried = Set(
            Self.targets.compactMap { target -> RelayContract.Operation? in
                var path = String(target.path.prefix { $0 != "?" })
                let method = RelayContract.Method.allCases.first { "\($0.name)" == target.method }!
                // SAFETY: the router reads the text during this call.
                let match = path.withUTF8 {
                    Router.match(method: method, path: UnsafeRawBufferPointer($0))
                }
                if case .operation(let operation) = match.outcome { return operation }
                return nil
            })
        #expect(tried == Set(RelayContract.Operation.allCases))
    }

    @Test("come after what would not have succeeded anyway, and dates and OPTIONS ignore them.")
    func precedence() throws {
        let fixture = try Self.filled()
        let any = [("if-none-match", "*"), ("if-match", "\"x\"")]
        #expect(fixture.get("/v1/orders/9", fields: any).status == 404)
        #expect(fixture.get("/v1/orders/1", key: .none, fields: any).status == 401)
        #expect(fixture.get("/v1/orders?limit=0", fields: any).status == 400)
        #expect(fixture.get("/v1/orders?cursor=AA", fields: any).status == 400)
        #expect(
            fixture.perform("PATCH", "/v1/orders/9", "{\"status\":\"OPEN\"}", fields: any).status
                == 404)
        #expect(fixture.perform("DELETE", "/v1/appointments/9", fields: any).status == 404)
        #expect(fixture.perform("POST", "/v1/orders", "{", fields: any).status == 400)
        #expect(fixture.perform("POST", "/v1/orders", "{}", fields: any).status == 422)
        #expect(fixture.perform("PUT", "/v1/orders/1", fields: any).status == 405)
        #expect(fixture.perform("OPTIONS", "/v1/orders/1", fields: any).status == 204)
        let dates = [
            ("if-modified-since", "Sat, 29 Oct 2044 19:43:31 GMT"),
            ("if-unmodified-since", "Sat, 29 Oct 1994 19:43:31 GMT"),
        ]
        #expect(fixture.get("/v1/orders/1", fields: dates).status == 200)
        let patch = fixture.perform("PATCH", "/v1/orders/1", "{\"status\":\"OPEN\"}", fields: dates)
        #expect(patch.status == 200)
    }

    @Test("keep a POST from being carried out twice in the first place, and replays go before.")
    func replays() throws {
        let fixture = try Self.filled()
        let tag = try #require(fixture.get("/v1/orders")["etag"])
        let fields = [("if-none-match", "\"0-0\""), ("idempotency-key", "k")]
        let first = fixture.perform("POST", "/v1/orders", "{\"title\":\"n\"}", fields: fields)
        #expect(first.status == 201)
        // Now the list has another tag: the same request has succeeded already all the same.
        let second = fixture.perform("POST", "/v1/orders", "{\"title\":\"n\"}", fields: fields)
        #expect(second.status == 201)
        #expect(second.text == first.text)
        #expect(fixture.get("/v1/orders")["etag"] != tag)
    }

    @Test("go before Range, and If-Range lets a range pass with the present tag alone.")
    func ranges() throws {
        let fixture = try Self.filled()
        let tag = try #require(fixture.get("/v1/attachments/1")["etag"])
        func status(_ method: String = "GET", _ fields: (String, String)...) -> Int {
            fixture.perform(
                method, "/v1/attachments/1", fields: [("range", "bytes=0-3")] + fields
            ).status
        }
        #expect(status() == 206)
        #expect(status("GET", ("if-range", tag)) == 206)
        #expect(status("HEAD", ("if-range", tag)) == 200)
        for other in ["W/\(tag)", "\"x\"", "Sat, 29 Oct 2044 19:43:31 GMT", "*", "\(tag), \"x\""] {
            #expect(status("GET", ("if-range", other)) == 200, "\(other)")
        }
        #expect(status("GET", ("if-range", tag), ("if-none-match", tag)) == 304)
        #expect(status("GET", ("if-range", tag), ("if-match", "\"x\"")) == 412)
        #expect(status("GET", ("if-match", tag), ("if-none-match", "\"x\"")) == 206)
    }

    @Test("are one list when they come in several lines over a socket.")
    func overSocket() throws {
        let served = try ServedStore()
        try served.store.load(orders: 1)
        func perform(_ method: String, _ lines: [String], _ field: String) throws -> ClientResponse
        {
            try served.client.perform(
                ClientRequest(
                    method, "/v1/orders/1",
                    fields: served.keys.field(.default) + lines.map { HeaderField(field, $0) }
                        + (method == "PATCH"
                            ? [HeaderField("content-type", "application/json")] : []),
                    body: method == "PATCH" ? Array("{\"status\":\"OPEN\"}".utf8) : []))
        }
        let tag = try #require(try perform("GET", [], "if-match")["etag"])
        #expect(try perform("GET", ["\"x\"", tag], "if-none-match").status == 304)
        #expect(try perform("GET", [tag, "\"x\""], "if-none-match").status == 304)
        #expect(try perform("GET", ["\"x\"", "\"y\""], "if-match").status == 412)
        #expect(try perform("PATCH", ["*"], "if-none-match").status == 412)
        #expect(try perform("PATCH", ["\"x\"", tag], "if-match").status == 200)
    }

    @Test("may come in as many lines as fit a request, interleaved.")
    func manyLines() throws {
        let fixture = try Self.filled()
        let tag = try #require(fixture.get("/v1/orders/1")["etag"])
        var fields: [(String, String)] = []
        for index in 0..<20 {
            fields += [("if-none-match", "\"n\(index)\""), ("if-match", "\"m\(index)\"")]
        }
        #expect(fixture.get("/v1/orders/1", fields: fields).status == 412)
        #expect(fixture.get("/v1/orders/1", fields: fields + [("if-match", tag)]).status == 200)
        let all = fields + [("if-match", tag), ("if-none-match", tag)]
        #expect(fixture.get("/v1/orders/1", fields: all).status == 304)
        let lines = (0..<90).map { ("if-none-match", "\"a rather long tag, number \($0)\"") }
        #expect(fixture.get("/v1/orders/1", fields: lines + [("if-none-match", tag)]).status == 304)
    }
}
