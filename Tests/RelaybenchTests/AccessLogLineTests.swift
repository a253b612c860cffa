import Testing

@testable import relaybench

@Suite struct AccessLogLineTests {
    @Test(
        "Reads that were answered can be sent again, from either format.",
        arguments: [
            (
                "time=2026-11-27T21:16:03Z level=info event=access method=GET path=/v1/orders/7 "
                    + "status=200 took_us=9",
                "GET", "/v1/orders/7"
            ),
            (
                #"<6>time=x event=access method=HEAD path="/v1/orders?limit=5" status=304"#,
                "HEAD", "/v1/orders?limit=5"
            ),
            (
                #"{"event":"access","method":"GET","path":"/v1/units/1?a=\"b","status":200}"#,
                "GET", "/v1/units/1?a=\"b"
            ),
        ])
    func requests(line: String, method: String, path: String) throws {
        let content = try #require(AccessLogLine(line[...])).content
        #expect(content == .request(method: method, path: path))
    }

    @Test(
        "What cannot be sent as it was has a reason.",
        arguments: [
            ("method=POST path=/v1/orders status=201", AccessLogLine.Reason.write),
            ("method=GET path=/v1/orders/7 status=404", .failed),
            ("method=GET path=/v1/orders/7 took_us=9", .failed),
            (#"method=GET path="/v1/orders?internalId=*" status=200"#, .veiled),
            (#"method=GET path="/v1/changes?after=x-1&wait=30s" status=200"#, .waiting),
        ])
    func leftOut(fields: String, reason: AccessLogLine.Reason) throws {
        let line = "time=x level=info event=access \(fields)"
        #expect(try #require(AccessLogLine(line[...])).content == .leftOut(reason))
    }

    @Test("Another event is none, and another line is of no log.")
    func others() throws {
        let ready = try #require(AccessLogLine(#"time=x level=info event=ready msg="ready on x""#))
        #expect(ready.content == .none)
        #expect(AccessLogLine("GET /v1/orders/7") == nil)
        #expect(AccessLogLine("{}") == nil)
        #expect(AccessLogLine(#"time=x event=access path="/v1"#) == nil)
    }
}
