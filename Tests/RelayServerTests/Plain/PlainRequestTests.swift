import Testing

@testable import RelayServer

@Suite struct PlainRequestTests {
    @Test("A request is read once its empty line has come: method, path without query, Accept.")
    func request() {
        let text = "GET /metrics?a=/b HTTP/1.1\r\nHost: x\r\naccept:text/plain\r\n\r\nrest"
        for end in 0..<text.utf8.count - 4 {
            guard case .incomplete = PlainRequest.read(Array(text.utf8.prefix(end))) else {
                Issue.record("complete after \(end)")
                return
            }
        }
        guard case .request(let request) = PlainRequest.read(Array(text.utf8)) else {
            Issue.record("no request")
            return
        }
        #expect(request.method == "GET" && request.path == "/metrics")
        #expect(request.accept == "text/plain")
    }

    @Test(
        "What is no request of HTTP/1 is malformed.",
        arguments: [
            "\r\n\r\n", "GET /\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "GET / HTTP/2.0\r\n\r\n",
            "GET http://x/ HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}\n\n",
        ])
    func malformed(text: String) {
        guard case .malformed = PlainRequest.read(Array(text.utf8)) else {
            Issue.record("\(text.debugDescription)")
            return
        }
    }
}
