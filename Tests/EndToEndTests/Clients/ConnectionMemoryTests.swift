import Glibc
import HTTP2
import TestSupport
import Testing

/// What relayd holds in anonymous memory, as the kernel counts it (RssAnon).
@Suite("Memory of connections", .serialized)
struct ConnectionMemoryTests {
    private static let connections = 500
    /// Bytes that an idle connection may hold after its first answer: what relayd knows of it (3 KB), and the
    /// table of its client's fields. A C server over nghttp2's sessions, with their buffers of
    /// 16 KB, holds 14 041 by the same measure.
    private static let bytesPerConnection = 5_000
    /// KiB that memory may drift by while requests come and go: pages of the heap that were
    /// touched for the first time by something rare.
    private static let drift = 256

    init() { Self.raiseDescriptorLimit() }

    @Test("500 idle connections that have made a request hold at most 5 KB each.")
    func idleConnections() throws {
        let sample = try SampleStore()
        let relayd = try sample.serve()
        let key = try relayd.makeKey()
        // What a loop takes once, whatever the number of connections, is taken before.
        let first = try FrameClient(relayd.socket, key: key)
        try first.get(["/v1/orders/1"], count: 1_000)
        let before = relayd.process.anonymousKilobytes
        let clients = try (1...Self.connections).map { number in
            let client = try FrameClient(relayd.socket, key: key)
            try client.get(["/v1/orders/\(number)"], count: 1)
            return client
        }
        // What a loop gives back, it gives back once a second.
        sleep(3)
        let grown = (relayd.process.anonymousKilobytes - before) * 1_024
        #expect(clients.allSatisfy { $0.statuses.ok == 1 })
        let each = grown / Self.connections
        #expect(each <= Self.bytesPerConnection, "\(each) bytes")
    }

    @Test("Anonymous memory stays flat over 200 000 GETs.")
    func flat() throws {
        let sample = try SampleStore()
        let relayd = try sample.serve()
        let key = try relayd.makeKey()
        let client = try FrameClient(relayd.socket, key: key)
        let orders = (1...SampleStore.orders).map { "/v1/orders/\($0)" }
        let pages = stride(from: 0, to: 2_000, by: 50).map { "/v1/orders?limit=50&offset=\($0)" }
        try client.get(orders, count: 20_000)
        try client.get(pages, count: 1_000)
        let before = relayd.process.anonymousKilobytes
        try client.get(orders, count: 190_000)
        try client.get(pages, count: 10_000)
        let grown = relayd.process.anonymousKilobytes - before
        #expect(grown <= Self.drift, "\(grown) KiB")
        #expect(client.statuses.ok == client.answers)
    }

    /// KiB that may stay of large bodies. Most of it is LMDB's, which keeps the pages that its largest
    /// commit has changed.
    private static let kept = 10 * 1024
    private static let secondsToGiveBack = 20

    @Test(
        "What a batch of 10 000 and a file of 16 MB took is given back, beside a client that goes on."
    )
    func largeBodies() throws {
        let sample = try SampleStore()
        let relayd = try sample.serve()
        let key = try relayd.makeKey()
        let writer = try relayd.connect()
        let bystander = try FrameClient(relayd.socket, key: key)
        let unit = "{\"propertyId\":1,\"name\":\"\(String(repeating: "x", count: 60))\"}"
        let units = "{\"units\":[\(Array(repeating: unit, count: 10_000).joined(separator: ","))]}"
        #expect(try post("/v1/units", "application/json", Array(units.utf8), key, writer) == 200)
        #expect(try settled(relayd, bystander) <= Self.kept)
        let form =
            Self.part("text", "hello") + Self.part("authorName", "me")
            + "--B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.pdf\"\r\n"
            + "Content-Type: application/pdf\r\n\r\n%PDF-1.4"
        let body =
            Array(form.utf8) + [UInt8](repeating: 0, count: 16 << 20) + Array("\r\n--B--\r\n".utf8)
        let type = "multipart/form-data; boundary=B"
        #expect(try post("/v1/orders/1/comments", type, body, key, writer) == 201)
        #expect(try settled(relayd, bystander) <= Self.kept)
        #expect(bystander.statuses.ok == bystander.answers)
    }

    private static func part(_ name: String, _ value: String) -> String {
        "--B\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
    }

    private func post(
        _ path: String, _ type: String, _ body: [UInt8], _ key: String,
        _ connection: ClientConnection
    ) throws -> Int {
        try connection.perform(
            ClientRequest(
                "POST", path,
                fields: [
                    HeaderField("authorization", "Bearer \(key)"),
                    HeaderField("content-type", type),
                ], body: body)
        ).status
    }

    /// KiB that relayd holds once they are few enough, or after 20 seconds; a client is served all the
    /// while, so that its loop never rests.
    private func settled(_ relayd: Relayd, _ client: FrameClient) throws -> Int {
        for _ in 0..<Self.secondsToGiveBack * 200 {
            if relayd.process.anonymousKilobytes <= Self.kept { break }
            try client.get(["/v1/orders/1"], count: 1)
            usleep(5_000)
        }
        return relayd.process.anonymousKilobytes
    }

    /// The tests hold the other ends of all the connections.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = min(limit.rlim_max, 4_096)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
