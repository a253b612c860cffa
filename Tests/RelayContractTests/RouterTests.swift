import Testing

@testable import RelayContract

@Suite struct RouterTests {
    private func match(_ method: Method, _ path: String) -> RouteMatch {
        Array(path.utf8).withUnsafeBytes { Router.match(method: method, path: $0) }
    }

    @Test("Every operation is found by its own method and path.", arguments: Operation.allCases)
    func operations(operation: Operation) {
        let template = "\(operation.path)"
        // One of a closed set has its place in it.
        let isChoice = operation == .getProblemType
        let path = template.replacing(/{[^}]*}/, with: isChoice ? "not-json" : "4711")
        let parameter: UInt64 = isChoice ? 2 : 4711
        let match = match(operation.method, path)
        #expect(match.outcome == .operation(operation))
        #expect(match.id0 == (template.contains("{") ? parameter : 0))
        #expect(match.id1 == (template.count { $0 == "{" } == 2 ? 4711 : 0))
        #expect(!match.isHead)
    }

    @Test(
        "What is no path of the contract is not found.",
        arguments: [
            "", "/", "//", "v1/orders", "/v1", "/v1/", "/v1/orders/", "/v1//orders", "/v2/orders",
            "/v1/order", "/v1/orders/1/", "/v1/orders/1/2", "/v1/orders/1/comments/2/3",
            "/V1/orders", "/v1/orders%2f1",
            "/openapi.json/", "/v1/units/msc/1", "/a/b/c/d/e/f/g/h/i", "*",
        ])
    func unknown(path: String) {
        #expect(match(.get, path).outcome == .notFound)
        #expect(match(.other, path).outcome == .notFound)
    }

    @Test(
        "What is no id leads to no record.",
        arguments: ["0", "01", "-1", "1.0", "x", "9007199254740992", "99999999999999999999", "1 "])
    func ids(id: String) {
        #expect(match(.get, "/v1/orders/\(id)").outcome == .badId)
    }

    @Test("The smallest and the largest id are ids.")
    func idRange() {
        #expect(match(.get, "/v1/orders/1").id0 == 1)
        #expect(match(.get, "/v1/orders/9007199254740991").id0 == Limits.largestId)
    }

    @Test("HEAD goes where GET goes.")
    func head() {
        let match = match(.head, "/v1/orders/7")
        #expect(match.outcome == .operation(.getOrder))
        #expect(match.isHead)
        #expect(match.id0 == 7)
        guard case .methodNotAllowed = self.match(.head, "/v1/addresses").outcome else {
            Issue.record("HEAD without GET")
            return
        }
    }

    @Test("Another method is told which ones the path takes.")
    func allow() {
        guard case .methodNotAllowed(let allowed) = match(.put, "/v1/orders/7").outcome else {
            Issue.record("PUT was let through")
            return
        }
        #expect(allowed.headerValue == "GET, HEAD, PATCH, DELETE, OPTIONS")
        // The method is wrong whatever the id is.
        guard case .methodNotAllowed = match(.other, "/v1/orders/x").outcome else {
            Issue.record("an unknown method was let through")
            return
        }
        guard case .options(let options) = match(.options, "/v1/addresses").outcome else {
            Issue.record("OPTIONS has no answer")
            return
        }
        #expect(options.headerValue == "POST, OPTIONS")
    }

    @Test("Methods are read exactly.")
    func methods() {
        for method in Method.allCases where method != .other {
            let read = Array("\(method.name)".utf8).withUnsafeBytes { Method($0) }
            #expect(read == method)
        }
        for text in ["", "get", "GETS", "GE", "TRACE"] {
            #expect(Array(text.utf8).withUnsafeBytes { Method($0) } == .other)
        }
    }
}
