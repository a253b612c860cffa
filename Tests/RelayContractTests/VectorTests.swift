import Foundation
import JSON
import RelayContract
import Testing

@testable import TestSupport

@Suite struct VectorTests {
    @Test("Every vector follows the format, and every operation has at least three.")
    func loading() throws {
        let vectors = try Vector.all()
        for operation in Operation.allCases {
            let own = vectors.filter { $0.operation == "\(operation.name)" }
            #expect(own.count >= 3, "\(operation.name)")
        }
        let operations = Set(Operation.allCases.map { "\($0.name)" })
        #expect(vectors.allSatisfy { operations.contains($0.operation) })
        #expect(Set(vectors.map { "\($0.operation) \($0.name)" }).count == vectors.count)
        // A name is a sentence.
        for vector in vectors { #expect(vector.name.hasSuffix("."), "\(vector)") }
    }

    @Test("The README names vectors that exist.")
    func rules() throws {
        let text = try #require(
            try? String(contentsOfFile: "\(Vector.directory)/README.md", encoding: .utf8))
        let files = Set(try Vector.all().map { "\($0.operation)/\($0.file)" })
        let table = text.split(separator: "## Rules").last ?? ""
        let named = table.matches(of: /`(\w+\/[\w-]+)`/).map { String($0.1) }
        #expect(named.count > 50)
        for name in named { #expect(files.contains(name), "\(name)") }
    }

    @Test(
        "A vector with a typo is refused.",
        arguments: [
            #"{"name": "A.", "request": {"method": "GET", "path": "/"}, "expects": {"status": 200}}"#,
            #"{"name": "A.", "request": {"method": "GET"}, "expect": {"status": 200}}"#,
            #"{"name": "A.", "request": {"method": "GET", "path": "/"}, "expect": {"state": 200}}"#,
            #"{"name": "A.", "request": {"method": "GET", "path": "/"}, "expect": {"status": 200}, "key": "x"}"#,
        ])
    func typos(text: String) {
        #expect(throws: VectorFault.self) { try Vector("o", "f", Array(text.utf8)) }
    }

    private func expectation(_ text: String) throws -> VectorExpectation {
        try VectorExpectation(try JSONParser().parse(Array(text.utf8)) { VectorTree($0) })
    }

    private func differences(_ expected: String, _ body: String) throws -> [String] {
        try expectation(#"{"status": 200, "body": \#(expected)}"#).differences(
            from: Vector.Answer(status: 200, headers: [], body: Array(body.utf8)))
    }

    @Test("Bodies are compared whole, with placeholders.")
    func bodies() throws {
        let expected = #"{"id": "<<integer>>", "t": "<<time>>", "a": [1, {"b": "x"}], "c": true}"#
        let body = #"{"c":true,"a":[1,{"b":"x"}],"t":"2026-02-06T11:00:00.000Z","id":7}"#
        #expect(try differences(expected, body).isEmpty)
        for wrong in [
            #"{"c":true,"a":[1,{"b":"x"}],"t":"2026-02-06T11:00:00Z","id":7}"#,
            #"{"c":true,"a":[1,{"b":"x"}],"t":"2026-02-06T11:00:00.000Z","id":"7"}"#,
            #"{"c":true,"a":[1,{"b":"y"}],"t":"2026-02-06T11:00:00.000Z","id":7}"#,
            #"{"c":true,"a":[1],"t":"2026-02-06T11:00:00.000Z","id":7}"#,
            #"{"c":true,"a":[1,{"b":"x"}],"t":"2026-02-06T11:00:00.000Z","id":7,"d":null}"#,
            #"{"a":[1,{"b":"x"}],"t":"2026-02-06T11:00:00.000Z","id":7}"#,
        ] {
            #expect(try differences(expected, wrong).count == 1, "\(wrong)")
        }
    }

    @Test("The faults of a problem are compared as a set.")
    func faults() throws {
        let expected =
            #"{"errors": [{"pointer": "/a", "code": "x"}, {"pointer": "/b", "code": "y"}]}"#
        let a = #"{"pointer": "/a", "code": "x", "detail": "d"}"#
        let b = #"{"pointer": "/b", "code": "y", "detail": "d"}"#
        #expect(try differences(expected, #"{"errors": [\#(b), \#(a)]}"#).isEmpty)
        #expect(try differences(expected, #"{"errors": [\#(a)]}"#).count == 1)
        #expect(try differences(expected, #"{"errors": [\#(a), \#(b), \#(b)]}"#).count == 1)
    }

    @Test("Fields are exact, described, or absent.")
    func fields() throws {
        let expected = try expectation(
            #"{"status": 304, "headers": {"ETag": "<<etag>>", "Link": "<<absent>>", "a": "b"}, "emptyBody": true}"#
        )
        let good = Vector.Answer(status: 304, headers: [("etag", "\"1-2\""), ("a", "b")], body: [])
        #expect(expected.differences(from: good).isEmpty)
        let bad = Vector.Answer(
            status: 200, headers: [("etag", "W/\"1-2\""), ("link", "x")], body: [1])
        #expect(expected.differences(from: bad).count == 5)
    }

    @Test("Requests take entity tags and cursors from the setup.")
    func resolving() throws {
        let text = #"""
            {"name": "A.", "setup": [{"method": "GET", "path": "/a"}],
             "request": {"method": "GET", "path": "/a?limit=1&cursor=<<cursor of setup 0>>",
                         "headers": {"If-None-Match": "<<etag of setup 0>>"}}, "expect": {"status": 200}}
            """#
        let request = try Vector("o", "f", Array(text.utf8)).steps[0].request
        let answer = Vector.Answer(
            status: 200,
            headers: [("etag", "W/\"1\""), ("link", "</a?limit=1&cursor=AB_c>; rel=\"next\"")],
            body: [])
        let resolved = try request.resolved(after: [answer])
        #expect(resolved.path == "/a?limit=1&cursor=AB_c")
        #expect(resolved.headers.first?.value == "W/\"1\"")
        #expect(throws: VectorFault.self) { try request.resolved(after: []) }
    }
}
