import RelayClient
import TestSupport
import Testing

/// A GET allocates nothing, once its loop is warm: counted by malloc's own callers, in the process
/// that serves.
@Suite(
    "A GET's allocations", .serialized,
    .enabled(if: Relayd.releaseProgram != nil, "tools/build makes the relayd to count in"))
struct AllocationTests {
    /// Requests of each kind before and while counting, and the connections they come over.
    private static let warmUp = 20_000
    private static let counted = 50_000
    private static let connections = 3
    /// Calls that may happen meanwhile and have nothing to do with requests, such as a list of
    /// free blocks that reaches a new peak, or the look at the reader slots that another thread
    /// takes every second (1 call): a handful, not one in a thousand requests.
    private static let handful = 24

    @Test(
        "Orders, hot orders, pages and revalidations allocate nothing per request, whatever the key.",
        arguments: [[], ["--rate", "1000000/s", "--write-rate", "1/h", "--uploads", "1"]])
    func none(limits: [String]) throws {
        let sample = try SampleStore()
        let counter = try AllocationCounter(in: sample.directory)
        let key = try sample.makeKey(limits)
        // The scrub allocates for each of its steps, beside all requests.
        let relayd = try sample.serve(
            try #require(Relayd.releaseProgram), arguments: ["--scrub-rate", "0"],
            environment: counter.environment)
        try #require(try counter.read().allocations > 0, "the counter is not in relayd")
        let clients = try (0..<Self.connections).map { _ in
            try FrameClient(relayd.socket, key: key)
        }
        let client = RelayClient(connection: try relayd.connect(), key: key)
        let etag = try #require(try client.perform("GET", "/v1/orders/7")["etag"])
        let kinds: [(name: String, paths: [String], tag: String?)] = [
            ("single", (1...SampleStore.orders).map { "/v1/orders/\($0)" }, nil),
            ("hot", (1...50).map { "/v1/orders/\($0 * 7)" }, nil),
            ("page", stride(from: 0, to: 2_000, by: 50).map(Self.page), nil),
            ("revalidation", ["/v1/orders/7"], etag),
        ]
        for kind in kinds {
            func run(_ count: Int) throws {
                for client in clients {
                    try client.get(kind.paths, count: count / clients.count, tag: kind.tag)
                }
            }
            try run(Self.warmUp)
            let counts = try counter.count { try run(Self.counted) }
            let calls = counts.allocations + counts.reallocations
            #expect(calls <= Self.handful, "\(kind.name): \(counts)")
        }
        let answered = clients.reduce(0) { $0 + $1.statuses.ok + $1.statuses.notModified }
        #expect(clients.allSatisfy { $0.statuses.others == 0 })
        #expect(clients.reduce(0) { $0 + $1.answers } == answered)
    }

    @Test("A hundred orders by their ids take ten allocations together at most.")
    func byIDs() throws {
        let sample = try SampleStore()
        let counter = try AllocationCounter(in: sample.directory)
        let key = try sample.makeKey()
        let relayd = try sample.serve(
            try #require(Relayd.releaseProgram), arguments: ["--scrub-rate", "0"],
            environment: counter.environment)
        let client = RelayClient(connection: try relayd.connect(), key: key)
        // Far from each other, and in no order.
        let ids = (0..<100).map { "\(($0 * 37 + 11) % SampleStore.orders + 1)" }
        let path = "/v1/orders?ids=" + ids.joined(separator: ",")
        let requests = 1_000
        for _ in 0..<requests { _ = try client.perform("GET", path) }
        let counts = try counter.count {
            for _ in 0..<requests {
                let total = try client.perform("GET", path)["x-total-count"]
                #expect(total == "100")
            }
        }
        let calls = counts.allocations + counts.reallocations
        #expect(calls <= 10 * requests + Self.handful, "\(counts)")
    }

    private static func page(_ offset: Int) -> String {
        "/v1/orders?limit=50&offset=\(offset)"
    }
}
