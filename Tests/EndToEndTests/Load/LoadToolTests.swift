import Glibc
import RelayClient
import TestSupport
import Testing

/// relaybench against a real relayd.
@Suite("relaybench")
struct LoadToolTests {
    /// Reads and writes that every relayd has.
    static let scenarios = [
        "order-get", "order-hot", "orders-page", "orders-deep", "orders-far", "orders-walk",
        "units-page", "properties-page", "order-patch", "mixed",
    ]

    @Test("finds no fault with any scenario of a sample store.")
    func scenarios() throws {
        let sample = try SampleStore()
        let key = try sample.makeKey()
        let relayd = try sample.serve()
        for scenario in Self.scenarios {
            let result = ChildProcess.run(
                "relaybench",
                [
                    "run", "--quiet", "--socket", relayd.socket, "--key", key, "-n", "300", "-c",
                    "2", "-m", "4", "--mix", scenario,
                ])
            #expect(result.code == 0, "\(scenario): \(result.output)")
            // Found through the socket: nobody named the process.
            #expect(result.output.contains("Server "), "\(scenario): \(result.output)")
            // What relayd itself counts stands beside it, where anything was written.
            let writes = ["order-patch", "mixed"].contains(scenario)
            #expect(result.output.contains("Writer ") == writes, "\(scenario): \(result.output)")
        }
    }

    @Test(
        "says before the run what this relayd does not have, or runs it.",
        arguments: ["orders-filter", "orders-status", "appointments-window", "comment-post"])
    func newer(scenario: String) throws {
        let sample = try SampleStore()
        let key = try sample.makeKey()
        let relayd = try sample.serve()
        let result = ChildProcess.run(
            "relaybench",
            [
                "run", "--quiet", "--socket", relayd.socket, "--key", key, "-n", "100", "-c", "1",
                "--mix", scenario,
            ])
        let isRefused = result.code == 1 && result.output.contains("\(scenario) cannot run: ")
        #expect(result.code == 0 || isRefused, "\(result.output)")
    }

    @Test("sends the reads of an access log again, and says what it leaves out.")
    func accessLog() throws {
        let sample = try SampleStore()
        let key = try sample.makeKey()
        let relayd = try sample.serve(arguments: ["--access-log", "1"])
        let client = RelayClient(connection: try relayd.connect(), key: key)
        for path in ["/v1/orders/7", "/v1/orders?limit=5&offset=10", "/v1/units/3"] {
            _ = try client.perform("GET", path)
        }
        _ = try client.perform("GET", "/v1/orders?internalId=A-1")
        _ = try? client.perform("GET", "/v1/orders/999999999")
        #expect(relayd.logs("path=/v1/orders/999999999 "), "\(relayd.output)")
        let file = sample.directory.file("access.log")
        try writeBytes(file, Array(relayd.output.utf8))
        let result = ChildProcess.run(
            "relaybench",
            ["run", "--socket", relayd.socket, "--key", key, "-n", "30", "-c", "1"]
                + ["--input-file", file])
        #expect(result.code == 0, "\(result.output)")
        #expect(result.output.contains("Status codes: 200 30\n"), "\(result.output)")
        let note = "left out of the log: 1 with values that a log leaves out, 1 that were answered"
        #expect(result.output.contains(note), "\(result.output)")
    }

    /// The relaybench that tools/build made.
    static let release: String? = {
        let path = ChildProcess.products + "/../release/relaybench"
        return access(path, X_OK) == 0 ? path : nil
    }()

    @Test(
        "allocates nothing per request.",
        .enabled(if: release != nil, "tools/build makes the relaybench to count in"),
        arguments: ["order-get", "orders-page"])
    func allocations(scenario: String) throws {
        let sample = try SampleStore()
        let counter = try AllocationCounter(in: sample.directory)
        let key = try sample.makeKey()
        let relayd = try sample.serve()
        func allocations(of requests: Int) throws -> Int {
            let bench = ChildProcess(
                try #require(Self.release),
                [
                    "run", "--quiet", "--socket", relayd.socket, "--key", key, "-n",
                    "\(requests)", "-c", "2", "-m", "16", "--mix", scenario,
                ], environment: counter.environment)
            #expect(bench.wait() == 0)
            let counts = try counter.read()
            return counts.allocations + counts.reallocations
        }
        let short = try allocations(of: 2_000)
        let long = try allocations(of: 12_000)
        // What differs is the time it took: a few for each look at the server and the clock.
        #expect(long - short < 1_000, "\(long - short) in 10 000 more requests")
    }
}
