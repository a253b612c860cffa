import HTTP2
import RelayClient
import RelayContract
import TestSupport
import Testing

/// Reads beside writes, in counts. How long they take is for tools/bench to say.
@Suite(
    "Reads beside writes", .serialized,
    .enabled(if: Relayd.releaseProgram != nil, "tools/build makes the relayd to count in"))
struct MixedLoadTests {
    private static let writes = 2_000
    /// Reads for each write: orders, most of them asked for while the write is under way.
    private static let readsPerWrite = 10
    /// Calls of malloc that the writes may make more or less with reads beside them than alone:
    /// groups of commits form differently.
    private static let slack = writes / 10

    @Test("Every read is answered, sees the last acknowledged write, and allocates nothing.")
    func counts() throws {
        let sample = try SampleStore()
        let counter = try AllocationCounter(in: sample.directory)
        let relayd = try sample.serve(
            try #require(Relayd.releaseProgram),
            // How many checkpoints there are depends on the time that it takes.
            arguments: ["--durability", "synced-commits"], environment: counter.environment)
        let key = try relayd.makeKey()
        let client = RelayClient(connection: try relayd.connect(), key: key)
        let reader = try FrameClient(relayd.socket, key: key)
        let orders = (1...SampleStore.orders).map { "/v1/orders/\($0)" }

        try reader.get(orders, count: 20_000)
        try write(client, key, "warm-up", beside: nil, orders)
        let alone = try counter.count { try write(client, key, "alone", beside: nil, orders) }
        let mixed = try counter.count { try write(client, key, "mixed", beside: reader, orders) }
        #expect(reader.answers == 20_000 + Self.writes * Self.readsPerWrite)
        #expect(reader.statuses.ok == reader.answers)
        #expect(abs(mixed.allocations - alone.allocations) <= Self.slack)
    }

    private func write(
        _ client: RelayClient, _ key: String, _ text: String, beside reader: FrameClient?,
        _ orders: [String]
    ) throws {
        for number in 0..<Self.writes {
            let id = UInt64(number % SampleStore.orders + 1)
            let patch = OrderPatch(internalId: "\(text)-\(number)")
            let request = ClientRequest(
                "PATCH", "/v1/orders/\(id)",
                fields: [
                    HeaderField("authorization", "Bearer \(key)"),
                    HeaderField("content-type", "application/json"),
                ], body: patch.json)
            let stream = try client.connection.send(request)
            try client.connection.flush()
            if let reader {
                let first = number * Self.readsPerWrite
                try reader.get(
                    (first..<first + Self.readsPerWrite).map { orders[$0 % orders.count] },
                    count: Self.readsPerWrite)
            }
            #expect(try client.connection.run(until: stream).status == 200)
            if number % 100 == 0 {
                #expect(try client.getOrder(id).value.internalId == "\(text)-\(number)")
            }
        }
    }
}
