import Glibc
import HTTP2
import JSON
import TestSupport
import Testing

/// What the log of a real relayd tells of requests.
@Suite("The access log", .serialized)
struct AccessLogTests {
    private let directory = TemporaryDirectory()

    /// Lines of an event, in either format.
    private func lines(_ relayd: Relayd, _ event: String) -> [Substring] {
        relayd.output.split(separator: "\n").filter { line in
            line.contains(" event=\(event) ") || line.contains("\"event\":\"\(event)\",")
        }
    }

    /// Waits until the log has so many lines of an event.
    private func waitFor(_ count: Int, _ event: String, in relayd: Relayd) -> [Substring] {
        for _ in 0..<2_000 where lines(relayd, event).count < count { usleep(5_000) }
        return lines(relayd, event)
    }

    private func send(
        _ connection: ClientConnection, _ method: String, _ path: String, _ body: String = "",
        key: String? = nil, fields: [HeaderField] = []
    ) throws -> ClientResponse {
        var all = key.map { [HeaderField("authorization", "Bearer \($0)")] } ?? []
        let hasType = fields.contains { $0.name == "content-type" }
        if !body.isEmpty, !hasType {
            all.append(HeaderField("content-type", "application/json"))
        }
        return try connection.perform(
            ClientRequest(method, path, fields: all + fields, body: Array(body.utf8)))
    }

    @Test(
        "tells of every request, and nothing in it is of a person: no key, body, name or address.",
        arguments: ["logfmt", "json"])
    func planted(format: String) throws {
        let relayd = try Relayd(
            store: ":memory:", in: directory,
            arguments: ["--access-log", "1", "--slow", "1ms", "--log-format", format])
        let key = try relayd.makeKey()
        let connection = try relayd.connect()
        let word = "PLANTED"
        let json = HeaderField("idempotency-key", "\(word)-key")
        let address =
            #"{"streetAddress":"PLANTED 1","postalCode":"1","locality":"PLANTED","country":"DE"}"#
        var count = 0
        func send(
            _ method: String, _ path: String, _ body: String = "",
            key: String?, fields: [HeaderField] = []
        ) throws {
            count += 1
            _ = try self.send(connection, method, path, body, key: key, fields: fields)
        }
        let order = #"{"title":"PLANTED","internalId":"PLANTED-7"}"#
        try send("POST", "/v1/orders", order, key: key, fields: [json])
        try send("POST", "/v1/addresses", address, key: key)
        try send("POST", "/v1/customers", #"{"customer":{"name":"PLANTED"}}"#, key: key)
        let form =
            "--b\r\ncontent-disposition: form-data; name=\"text\"\r\n\r\nPLANTED\r\n--b\r\n"
            + "content-disposition: form-data; name=\"authorName\"\r\n\r\nPLANTED\r\n--b\r\n"
            + "content-disposition: form-data; name=\"files\"; filename=\"PLANTED.txt\"\r\n\r\n"
            + "PLANTED\r\n--b--\r\n"
        try send(
            "POST", "/v1/orders/1/comments", form, key: key,
            fields: [HeaderField("content-type", "multipart/form-data; boundary=b")])
        for query in [
            "externalId=PLANTED", "internalId=PLANTED", "type=PLANTED", "status=PLANTED",
            "PLANTED=1", "limit=PLANTED", "limit=1&offset=0&cursor=PLANTED", "=PLANTED",
            "PLANTED", "sort=PLANTED&sort=PLANTED", "internalId=%50LANTED", "ids=1,PLANTED",
        ] { try send("GET", "/v1/orders?\(query)", key: key) }
        for path in [
            "/PLANTED", "/v1/orders/PLANTED", "/v1/PLANTED/1", "/problems/PLANTED",
            "/v1/orders/1/comments/PLANTED", "/PLANTED?PLANTED", "/v1/orders/\(key)",
        ] { try send("GET", path, key: key) }
        try send("GET", "/v1/orders/1", key: "PLANTED")
        try send("GET", "/v1/orders/1", key: nil)
        for field in ["if-match", "range", "accept", "traceparent", "user-agent", "x-planted"] {
            try send("GET", "/v1/orders/1", key: key, fields: [HeaderField(field, word)])
        }
        #expect(waitFor(count, "access", in: relayd).count == count)
        #expect(relayd.stop() == 0)
        let output = relayd.output
        #expect(!output.contains(word) && !output.contains("LANTED") && !output.contains(key))
        #expect(!output.contains(key.suffix(12)))
    }

    @Test(
        "says what a request was, so that it can be sent again: method, path, status, time, bytes.")
    func line() throws {
        let relayd = try Relayd(
            store: ":memory:", in: directory, arguments: ["--access-log", "1"])
        let key = try relayd.makeKey(account: 7)
        let connection = try relayd.connect()
        let trace = "0af7651916cd43dd8448eb211c80319c"
        let field = HeaderField("traceparent", "00-\(trace)-b7ad6b7169203331-01")
        _ = try send(connection, "POST", "/v1/orders", #"{"title":"a"}"#, key: key)
        _ = try send(
            connection, "GET", "/v1/orders?limit=2&offset=0&status=OPEN", key: key,
            fields: [field])
        _ = try send(connection, "HEAD", "/v1/orders/1", key: key)
        _ = try send(connection, "GET", "/v1/orders/2", key: key, fields: [field])
        _ = try send(connection, "GET", "/v1/orders?internalId=x", key: key)
        _ = try send(connection, "GET", "/nothing")
        let said = waitFor(6, "access", in: relayd).map { line in
            line[line.firstRange(of: "method=")!.lowerBound...].split(separator: " ")
                .filter { !$0.hasPrefix("took_us=") }.joined(separator: " ")
        }
        let tail = "key=1 account=7"
        #expect(
            said.map { String($0.prefix { $0 != "\n" }) } == [
                "method=POST path=/v1/orders operation=createOrder status=201 bytes=8 \(tail)",
                "method=GET path=\"/v1/orders?limit=2&offset=0&status=OPEN\" operation=getOrders "
                    + "status=200 bytes=\(bytes(said, 1)) \(tail) traceId=\(trace)",
                "method=HEAD path=/v1/orders/1 operation=getOrder status=200 bytes=0 \(tail)",
                "method=GET path=/v1/orders/2 operation=getOrder status=404 "
                    + "bytes=\(bytes(said, 3)) \(tail) traceId=\(trace)",
                "method=GET path=\"/v1/orders?internalId=*\" operation=getOrders status=200 "
                    + "bytes=2 \(tail)",
                "method=GET path=* operation=none status=404 bytes=\(bytes(said, 5))",
            ])
        #expect(bytes(said, 1) > 100 && bytes(said, 3) > 100)
    }

    private func bytes(_ lines: [String], _ index: Int) -> Int {
        guard index < lines.count, let start = lines[index].firstRange(of: "bytes=") else {
            return -1
        }
        return Int(lines[index][start.upperBound...].prefix { $0.isNumber }) ?? -1
    }

    @Test("of one in N has that many, and a long answer is told with all of its bytes.")
    func sampled() throws {
        let sample = try SampleStore()
        let relayd = try Relayd(
            store: sample.store, in: sample.directory,
            arguments: ["--access-log", "10", "--loops", "1"])
        let key = try relayd.makeKey()
        let connection = try relayd.connect()
        for _ in 0..<99 { _ = try send(connection, "GET", "/v1/orders/1", key: key) }
        let whole = try send(connection, "GET", "/v1/orders", key: key)
        let lines = waitFor(10, "access", in: relayd)
        #expect(lines.count == 10)
        let last = try #require(lines.last)
        #expect(last.contains("path=/v1/orders "))
        #expect(last.contains(" bytes=\(whole.body.count) "), "\(last) \(whole.body.count)")
    }

    @Test("--slow tells of what took long, and what a write spent its time on.")
    func slow() throws {
        let relayd = try Relayd(
            store: directory.file("store"), in: directory, arguments: ["--slow", "1ms"])
        let key = try relayd.makeKey()
        let connection = try relayd.connect()
        _ = try send(connection, "POST", "/v1/customers", #"{"customer":{"name":"a"}}"#, key: key)
        let properties = (1...2_000).map {
            #"{"name":"\#($0)","internalId":"\#($0)","customerId":1}"#
        }
        let body = "{\"properties\":[\(properties.joined(separator: ","))]}"
        // Applying thousands of records takes longer than a millisecond on any machine.
        let answer = try send(connection, "POST", "/v1/properties", body, key: key)
        #expect(answer.status == 200)
        // On a slow disk the customer was slow, too.
        #expect(relayd.logs("operation=createProperties"))
        let line = try #require(lines(relayd, "slow").last)
        #expect(line.contains("level=warning") && line.contains("method=POST path=/v1/properties"))
        func figure(_ name: String) -> Int? {
            line.firstRange(of: " \(name)=").flatMap { start in
                Int(line[start.upperBound...].prefix { $0.isNumber })
            }
        }
        let phases = ["queue_us", "commit_us", "send_us"].compactMap(figure)
        let took = try #require(figure("took_us"))
        #expect(phases.count == 3 && took >= 1_000, "\(line)")
        #expect(abs(phases.reduce(0, +) - took) <= 1, "\(line)")
        #expect(try #require(figure("commit_us")) > 0, "\(line)")
        #expect(lines(relayd, "access").isEmpty)
        // The slowest are there without any option, too.
        let stat = ChildProcess.run(
            "relayctl", ["stat", "--json", "--admin-socket", relayd.adminSocket])
        #expect(stat.output.contains("\"operation\":\"createProperties\""), "\(stat.output)")
    }

    @Test("tells of a client that went before its answer came.")
    func cancelled() throws {
        let relayd = try Relayd(
            store: ":memory:", in: directory, arguments: ["--access-log", "1"])
        let key = try relayd.makeKey()
        let run = ChildProcess.run(
            "curl",
            [
                "-s", "--http2-prior-knowledge", "--unix-socket", relayd.socket, "--max-time",
                "1", "-H", "Authorization: Bearer \(key)", "http://localhost/v1/changes?wait=60s",
            ])
        #expect(run.code == 28)
        let line = try #require(waitFor(1, "access", in: relayd).first)
        #expect(line.contains("operation=getChanges took_us="), "\(line)")
    }

    @Test("that nobody reads keeps no request waiting, and what was lost is said later.")
    func unread() throws {
        let fifo = directory.file("log")
        try #require(mkfifo(fifo, 0o600) == 0)
        // Held open for both, so that relayd finds somebody who reads, and nobody does.
        let reader = open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        defer { close(reader) }
        let (socket, admin) = (directory.file("relay.sock"), directory.file("admin.sock"))
        let relayd = ChildProcess(
            "relayd",
            [
                "--store", ":memory:", "--socket", socket, "--admin-socket", admin,
                "--access-log", "1",
            ], output: fifo)
        let wait = ChildProcess.run("relayctl", ["wait", "--admin-socket", admin])
        try #require(wait.code == 0, "\(wait.output)")
        let connection = try ClientConnection(unix: socket)
        for _ in 0..<12_000 {
            let answer = try send(connection, "GET", "/v1/orders/1")
            #expect(answer.status == 401)
        }
        let metrics = ChildProcess.run(
            "curl",
            [
                "-s", "--http2-prior-knowledge", "--unix-socket", admin,
                "http://localhost/metrics",
            ])
        let lost = metrics.output.split(separator: "\n")
            .first { $0.hasPrefix("relay_log_lines_lost_total ") }
        #expect(lost != "relay_log_lines_lost_total 0", "\(metrics.output)")
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 65_536)
        for _ in 0..<2_000 where !text.contains("event=log_lines_lost lines=") {
            let count = read(reader, &buffer, buffer.count)
            if count > 0 {
                text += String(decoding: buffer.prefix(count), as: UTF8.self)
            } else {
                usleep(5_000)
            }
        }
        #expect(text.contains("event=log_lines_lost lines="))
        relayd.signal(SIGTERM)
        #expect(relayd.wait() == 0)
    }
}
