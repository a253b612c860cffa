import Glibc
import HTTP2
import RelayClient
import RelayContract
import RelayStore
import TestSupport
import Testing

@Suite("Metrics")
struct MetricsTests {
    private let directory = TemporaryDirectory()

    /// Waits for what is counted when a turn ends.
    private func scrape(
        _ relayd: Relayd, until isThere: (Scrape) -> Bool
    ) throws -> Scrape {
        var scrape = try Scrape(relayd)
        for _ in 0..<500 where !isThere(scrape) {
            usleep(5_000)
            scrape = try Scrape(relayd)
        }
        return scrape
    }

    @Test("Every request is counted once: by operation and status, by key, in time and bytes.")
    func requests() throws {
        let relayd = try Relayd(store: ":memory:", in: directory)
        let connection = try relayd.connect()
        let key = HeaderField("authorization", "Bearer \(try relayd.makeKey())")
        let body = Array(#"{"title":"Klingel defekt"}"#.utf8)
        let json = HeaderField("content-type", "application/json")
        _ = try connection.perform(
            ClientRequest("POST", "/v1/orders", fields: [key, json], body: body))
        var bytes = 0
        for _ in 0..<3 {
            bytes += try connection.perform(
                ClientRequest("GET", "/v1/orders/1", fields: [key])
            ).body.count
        }
        _ = try connection.perform(ClientRequest("HEAD", "/v1/orders/1", fields: [key]))
        for _ in 0..<2 {
            _ = try connection.perform(ClientRequest("GET", "/v1/orders/9", fields: [key]))
        }
        _ = try connection.perform(ClientRequest("GET", "/v1/orders/9"))
        _ = try connection.perform(ClientRequest("GET", "/nowhere", fields: [key]))
        let none = #"relay_requests_total{operation="none",status="4xx"}"#
        let scrape = try scrape(relayd) { $0[none] == 1 }
        func count(_ operation: String, _ status: String) -> Double? {
            let labels = "{operation=\"\(operation)\",status=\"\(status)\"}"
            let times = "relay_request_duration_seconds_count" + labels
            #expect(scrape[times] == scrape["relay_requests_total" + labels], "\(labels)")
            return scrape[times]
        }
        #expect(count("createOrder", "2xx") == 1)
        #expect(count("getOrder", "2xx") == 4)
        #expect(count("getOrder", "4xx") == 3)
        #expect(count("none", "4xx") == 1)
        #expect(count("getOrders", "2xx") == nil)
        #expect(scrape[#"relay_key_requests_total{key="1"}"#] == 7)
        #expect(
            scrape[#"relay_request_body_bytes_total{operation="createOrder"}"#]
                == Double(body.count))
        let sent = scrape[#"relay_response_body_bytes_total{operation="getOrder"}"#] ?? 0
        #expect(sent > Double(bytes))
        let infinite = #"relay_request_duration_seconds_bucket{operation="getOrder",status="2xx","#
        #expect(scrape[infinite + #"le="+Inf"}"#] == 4)
        let sum = #"relay_request_duration_seconds_sum{operation="getOrder",status="2xx"}"#
        #expect((scrape[sum] ?? -1) >= 0 && (scrape[sum] ?? 9) < 4)
    }

    @Test("Writes are counted with their wait, their commit and its size.")
    func writes() throws {
        let relayd = try Relayd(store: directory.file("store"), in: directory)
        let key = try relayd.makeKey()
        let client = RelayClient(connection: try relayd.connect(), key: key)
        for number in 1...5 { _ = try client.createOrder(NewOrder(title: "\(number)")) }
        let scrape = try Scrape(relayd)
        // The key was a write too.
        #expect(scrape["relay_writes_total"] == 6)
        #expect(scrape["relay_commits_total"] == 6)
        #expect(scrape["relay_commit_duration_seconds_count"] == 6)
        #expect(scrape["relay_commit_commands_sum"] == 6)
        #expect(scrape["relay_queue_wait_seconds_count"] == 6)
        #expect(scrape["relay_queue_commands"] == 0)
        #expect((scrape["relay_commit_duration_seconds_sum"] ?? 0) > 0)
        #expect(scrape["relay_store_last_change"] == 5)
        #expect((scrape["relay_store_used_bytes"] ?? 0) > 0)
        #expect(scrape["relay_store_map_bytes"] == Double(1 << 36))
    }

    @Test("The oldest reader is told by its process and since when it reads.")
    func readers() throws {
        let store = directory.file("store")
        let relayd = try Relayd(store: store, in: directory)
        let other = try Store.open(at: store)
        let reader = try other.makeReader()
        let series = "relay_store_oldest_reader_seconds{pid=\"\(getpid())\"}"
        _ = try relayd.makeKey()
        let scrape = try scrape(relayd) { ($0[series] ?? 0) >= 1 }
        #expect((scrape[series] ?? 0) >= 1)
        let lag = scrape["relay_store_reader_lag_commits"] ?? 0
        #expect(lag >= 1)
        #expect(reader.transactionID > 0)
    }

    @Test("promtool finds nothing to blame, and OpenMetrics is given to who asks for it.")
    func formats() throws {
        let relayd = try Relayd(
            store: directory.file("store"), in: directory,
            arguments: [
                "--snapshot-every", "1h", "--snapshot-to", directory.file("snapshots"),
                "--snapshot-verify", "1h",
            ])
        let key = try relayd.makeKey(limits: ",\"rate\":\"1000/s\"")
        _ = try RelayClient(connection: try relayd.connect(), key: key)
            .createOrder(NewOrder(title: "a"))
        let set = try ClientConnection(unix: relayd.adminSocket).perform(
            ClientRequest(
                "PATCH", "/admin/accounts/1", body: Array("{\"quota\":1000000}".utf8)))
        #expect(set.status == 200)
        let taken = try scrape(relayd) { $0["relay_snapshot_verifications_total"] == 1 }
        #expect((taken["relay_snapshot_last_good_timestamp_seconds"] ?? 0) > 1_700_000_000)
        let file = directory.file("metrics")
        let output = fopen(file, "we")
        fputs(taken.text, output)
        fclose(output)
        let check = ChildProcess.run("sh", ["-c", "promtool check metrics < \(file) 2>&1"])
        #expect(check.code == 0 && check.output.isEmpty, "\(check.output)")
        let open = try Scrape(relayd, accept: "application/openmetrics-text;version=1.0.0,*/*")
        #expect(open.text.hasSuffix("\n# EOF\n"))
        #expect(open.families.contains("relay_requests"))
        #expect(taken.families.contains("relay_requests_total"))
        try expectKnown(taken)
    }

    /// Every metric that alerts, dashboard and pages name is there.
    private func expectKnown(_ scrape: Scrape) throws {
        let root = "\(#filePath)".prefix(
            upTo: "\(#filePath)".firstRange(of: "/Tests/")!.lowerBound)
        var named: Set<Substring> = []
        for file in [
            "tools/monitoring/alerts.yml", "tools/monitoring/dashboard.json",
            "tools/docs/operations.md",
        ] {
            let text = readText("\(root)/\(file)")
            let words = text.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
            named.formUnion(words.filter { $0.hasPrefix("relay_") && $0.contains("_") })
        }
        // `relay_VERSION_ARCHITECTURE.deb` is a file.
        named = named.filter { !$0.contains { $0.isUppercase } }
        #expect(named.count > 20)
        // What a store in memory has not: a log of its own, and one that it shares.
        let sources = ["Store+Figures", "LogClient+Figures", "ServiceFigures+Log"].map {
            readText("\(root)/Sources/RelayServer/Service/\($0).swift")
        }
        for name in named {
            let family = ["_bucket", "_count", "_sum"].first { name.hasSuffix($0) }
                .map { name.dropLast($0.count) }
            let isKnown =
                scrape.families.contains(name) || family.map(scrape.families.contains) ?? false
                // Only where there is a reader, or a request with a body.
                || name == "relay_store_oldest_reader_seconds"
                || sources.contains { $0.contains("\"\(name)\"") }
            #expect(isKnown, "nothing is called \(name)")
        }
    }

    @Test("/admin/stat and /metrics say the same.")
    func oneSource() throws {
        let relayd = try Relayd(store: ":memory:", in: directory)
        let key = try relayd.makeKey()
        _ = try RelayClient(connection: try relayd.connect(), key: key)
            .createOrder(NewOrder(title: "a"))
        let admin = try ClientConnection(unix: relayd.adminSocket)
        let scrape = try scrape(relayd) {
            $0[#"relay_requests_total{operation="createOrder",status="2xx"}"#] == 1
        }
        let stat = String(
            decoding: try admin.perform(ClientRequest("GET", "/admin/stat")).body, as: UTF8.self)
        for (member, series) in [
            ("commits", "relay_commits_total"), ("writes", "relay_writes_total"),
            ("connectionsAccepted", "relay_connections_accepted_total"),
            ("receivedBytes", "relay_received_bytes_total"),
            ("cutOffResets", #"relay_connections_cut_off_total{reason="resets"}"#),
            ("connectionsTurnedAway", #"relay_connections_refused_total{reason="room"}"#),
        ] {
            let value = try #require(scrape[series], "\(series)")
            #expect(stat.contains("\"\(member)\":\(Int(value)),"), "\(member)")
        }
        #expect(stat.contains(#""operation":"createOrder","status":"2xx","count":1,"#))
        #expect(stat.contains(#""keyRequests":[{"id":1,"count":1}]"#))
    }
}
