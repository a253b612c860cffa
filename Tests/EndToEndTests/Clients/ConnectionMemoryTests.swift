import Glibc
import TestSupport
import Testing

/// What relayd holds in anonymous memory, as the kernel counts it (RssAnon).
@Suite("Memory of connections", .serialized)
struct ConnectionMemoryTests {
    private static let connections = 500
    /// Bytes that an idle connection may hold after its first answer: nghttp2's session (2.9 KB), its
    /// map of streams (4.1 KB), HPACK tables and fields; the frame buffer of 16 KB was given back. A
    /// C server over the same library, which keeps that, holds 14 041 by the same measure.
    private static let bytesPerConnection = 11_500
    /// KiB that memory may drift by while requests come and go: pages of the heap that were
    /// touched for the first time by something rare.
    private static let drift = 256

    init() { Self.raiseDescriptorLimit() }

    @Test("500 idle connections that have made a request hold at most 11.5 KB each.")
    func idleConnections() throws {
        let sample = try SampleStore()
        let relayd = try sample.serve()
        let key = try sample.makeKey()
        // What a loop takes once, whatever the number of connections, is taken before.
        let first = try FrameClient(relayd.socket, key: key)
        try first.get(["/v1/orders/1"], count: 1_000)
        let before = relayd.process.anonymousKilobytes
        let clients = try (1...Self.connections).map { number in
            let client = try FrameClient(relayd.socket, key: key)
            try client.get(["/v1/orders/\(number)"], count: 1)
            return client
        }
        // Idle for a second, they give their frame buffers back.
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
        let key = try sample.makeKey()
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

    /// The tests hold the other ends of all the connections.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = min(limit.rlim_max, 4_096)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
