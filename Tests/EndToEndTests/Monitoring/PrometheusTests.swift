import Glibc
import RelayClient
import RelayContract
import TestSupport
import Testing

/// Debian's own Prometheus, with the configuration and the alerts that Relay ships.
@Suite("Prometheus", .serialized)
struct PrometheusTests {
    private static let monitoring = String(
        "\(#filePath)".prefix(upTo: "\(#filePath)".firstRange(of: "/Tests/")!.lowerBound)
            + "/tools/monitoring")

    private let directory = TemporaryDirectory()

    private func query(_ port: UInt16, _ expression: String) -> String {
        ChildProcess.run(
            "curl",
            [
                "-s", "-G", "--max-time", "5", "--data-urlencode", "query=\(expression)",
                "http://127.0.0.1:\(port)/api/v1/query",
            ]
        ).output
    }

    @Test("scrapes relayd, and an alert fires when it is gone.")
    func scrape() throws {
        let (own, other) = (try TestSocket(ip: "127.0.0.1").port, try freePort())
        let relayd = try Relayd(
            store: ":memory:", in: directory, arguments: ["--metrics", "127.0.0.1:\(own)"])
        let client = RelayClient(connection: try relayd.connect(), key: try relayd.makeKey())
        _ = try client.createOrder(NewOrder(title: "Klingel"))
        try configure(relayd: own)
        let prometheus = ChildProcess(
            "prometheus",
            [
                "--config.file=\(directory.file("prometheus.yml"))",
                "--storage.tsdb.path=\(directory.file("data"))",
                "--web.listen-address=127.0.0.1:\(other)", "--log.level=error",
            ], output: directory.file("prometheus.log"))
        defer {
            prometheus.signal(SIGTERM)
            prometheus.wait()
        }
        let made = #"relay_requests_total{operation="createOrder",status="2xx"}"#
        #expect(wait(other, made) { $0.contains(",\"1\"]}") }, "\(log)")
        #expect(query(other, "up{job=\"relay\"}").contains(",\"1\"]}"))
        #expect(query(other, "relay_commit_duration_seconds_count").contains(",\"2\"]}"))
        #expect(relayd.stop() == 0)
        let alert = #"ALERTS{alertname="RelayDown",alertstate="pending"}"#
        #expect(wait(other, alert) { $0.contains(",\"1\"]}") }, "\(log)")
    }

    @Test("takes the alerts, and operations.md has a line for each.")
    func rules() {
        let file = Self.monitoring + "/alerts.yml"
        let check = ChildProcess.run("promtool", ["check", "rules", file])
        #expect(check.code == 0, "\(check.output)")
        let page = readText(Self.monitoring + "/../docs/operations.md")
        let names = readText(file).split(separator: "\n").compactMap { line -> Substring? in
            line.firstRange(of: "- alert: ").map { line[$0.upperBound...] }
        }
        #expect(names.count > 10)
        for name in names { #expect(page.contains("\n| `\(name)` | "), "\(name)") }
        let tests = ChildProcess.run(
            "promtool", ["test", "rules", Self.monitoring + "/alerts-test.yml"])
        #expect(tests.code == 0, "\(tests.output)")
    }

    private var log: String { readText(directory.file("prometheus.log")) }

    private func wait(
        _ port: UInt16, _ expression: String, until isThere: (String) -> Bool
    ) -> Bool {
        for _ in 0..<300 {
            if isThere(query(port, expression)) { return true }
            usleep(100_000)
        }
        return false
    }

    /// The configuration that is shipped, with this relayd's port and more haste.
    private func configure(relayd port: UInt16) throws {
        let text = readText(Self.monitoring + "/prometheus.yml")
            .replacing("127.0.0.1:9464", with: "127.0.0.1:\(port)")
            .replacing(
                "scrape_interval: 15s", with: "scrape_interval: 1s\n  evaluation_interval: 1s"
            )
            .replacing("alerts.yml", with: Self.monitoring + "/alerts.yml")
        let file = try #require(fopen(directory.file("prometheus.yml"), "we"))
        fputs(text, file)
        fclose(file)
    }

    private func freePort() throws -> UInt16 { try TestSocket(ip: "127.0.0.1").port }
}
