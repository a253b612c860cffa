import Glibc
import HTTP2
import RelayContract
import TestSupport
import Testing

/// A client that asks for much and reads nothing costs bounded memory, holds no old pages, and
/// keeps nobody else waiting.
@Suite("A client that reads nothing", .serialized)
struct SlowReaderTests {
    /// What it asks for: 100 pages of 1 000 orders, 1.3 MB each.
    private static let streams = 100
    private static let writes = 5_000
    /// Writes that are under way together: a few share a commit, so there are hundreds of commits.
    private static let writesAtOnce = 10
    /// KiB that such a connection may hold: what may be kept of its answers, a send's worth that
    /// the socket did not take, and a least portion for each stream (see HTTP2's Limits).
    private static let kilobytes = 256 + 256 + 100 * 16 + 512
    /// KiB that 20 such connections may hold, and what of it may stay when they are gone.
    private static let heldTogether = 32 * 1024
    private static let kept = 10 * 1024
    /// Bytes of file that the writes may cost more than they do alone.
    private static let fileSlack = 1 << 20

    /// What writing did to relayd.
    private struct Outcome {
        var fileGrowth: Int
        var kilobytes: Int
        var readsServed: Int
    }

    @Test("It costs neither memory nor file, whether its socket is full or its windows are 0.")
    func costs() throws {
        let alone = try write(besides: nil)
        #expect(alone.readsServed == Self.writes / Self.writesAtOnce)
        for window in [0x7FFF_FFFF, 0] {
            let slow = try write(besides: window)
            #expect(slow.fileGrowth <= alone.fileGrowth + Self.fileSlack, "window \(window)")
            #expect(slow.kilobytes <= alone.kilobytes + Self.kilobytes, "window \(window)")
            #expect(slow.readsServed == alone.readsServed, "window \(window)")
        }
    }

    @Test("Nor do pages that relayd remembers, which it could answer whole at once.")
    func rememberedPages() throws {
        let sample = try SampleStore()
        let key = try sample.makeKey()
        let relayd = try sample.serve()
        // As long as a page may be that is remembered.
        let target = "/v1/orders?limit=120&offset=0"
        let reader = try FrameClient(relayd.socket, key: key)
        try reader.get([target], count: 10)
        let before = relayd.process.anonymousKilobytes
        let silent = try FrameClient(relayd.socket, key: key, window: 0)
        try silent.ask(Array(repeating: target, count: Self.streams))
        // Behind the silent client's requests, on the same loop.
        for _ in 0..<100 { try reader.get([target], count: 1) }
        let grown = relayd.process.anonymousKilobytes - before
        #expect(grown <= Self.kilobytes, "\(grown) KiB")
        withExtendedLifetime(silent) {}
    }

    @Test("20 of them hold at most 32 MB, others are served, and what they held is given back.")
    func many() throws {
        let sample = try SampleStore()
        let key = try sample.makeKey()
        let relayd = try sample.serve()
        let bystander = try FrameClient(relayd.socket, key: key)
        for window in [0x7FFF_FFFF, 0] {
            var silent = try (0..<20).map { _ in
                try FrameClient(relayd.socket, key: key, window: window)
            }
            for client in silent {
                try client.ask(
                    (0..<200).map { "/v1/orders?limit=1000&offset=\($0 * 10)" })
            }
            // Behind all that they ask, on the same loop.
            for _ in 0..<100 { try bystander.get(["/v1/orders/1"], count: 1) }
            let held = relayd.process.anonymousKilobytes
            #expect(held <= Self.heldTogether, "window \(window): \(held) KiB")
            silent = []
            let kept = try settled(relayd, bystander)
            #expect(kept <= Self.kept, "window \(window): \(kept) KiB kept")
        }
        #expect(bystander.statuses.ok == bystander.answers)
    }

    /// KiB that relayd holds once they are few enough, or after 20 seconds; a client is served
    /// meanwhile.
    private func settled(_ relayd: Relayd, _ client: FrameClient) throws -> Int {
        for _ in 0..<200 {
            if relayd.process.anonymousKilobytes <= Self.kept { break }
            try client.get(["/v1/orders/1"], count: 1)
            usleep(100_000)
        }
        return relayd.process.anonymousKilobytes
    }

    @Test("Loops without work hold no old pages either: neither the admin socket's nor the API's.")
    func idleLoops() throws {
        let alone = try write(besides: nil)
        let sample = try SampleStore()
        let relayd = try Relayd(
            store: sample.store, in: sample.directory,
            arguments: ["--loops", "2", "--durability", "synced-commits"])
        // Each loop has seen a commit, and then has a connection that asks nothing more.
        let key = try relayd.makeKey()
        let idle = try (0..<4).map { _ in try FrameClient(relayd.socket, key: key) }
        for client in idle { try client.get(["/v1/orders/1"], count: 1) }
        let writer = try relayd.connect()
        for number in 0..<50 { try change(number, writer, key) }
        let before = sample.fileBytes
        for number in 0..<Self.writes / Self.writesAtOnce { try change(number, writer, key) }
        #expect(sample.fileBytes - before <= alone.fileGrowth + Self.fileSlack)
        #expect(idle.allSatisfy { $0.answers == 1 })
    }

    /// Changes orders durably, and reads some in between.
    ///
    /// - Parameter window: the window of each stream of a client that reads nothing meanwhile;
    ///   nil for no such client.
    private func write(besides window: Int?) throws -> Outcome {
        let sample = try SampleStore()
        let key = try sample.makeKey()
        // Between checkpoints the file grows by itself: here only readers count.
        let relayd = try sample.serve(arguments: ["--durability", "synced-commits"])
        let writer = try relayd.connect()
        // Brings the file to where pages are reused, and the loop to its usual memory.
        for number in 0..<50 { try change(number, writer, key) }
        let reader = try FrameClient(relayd.socket, key: key)
        try reader.get(["/v1/orders?limit=1000&offset=0"], count: 10)
        let fileBefore = sample.fileBytes
        let kilobytesBefore = relayd.process.anonymousKilobytes

        var silent: FrameClient?
        if let window {
            silent = try FrameClient(relayd.socket, key: key, window: window)
            try silent?.ask(
                (0..<Self.streams).map { "/v1/orders?limit=1000&offset=\($0 * 10)" })
        }
        var outcome = Outcome(fileGrowth: 0, kilobytes: 0, readsServed: 0)
        for number in 0..<Self.writes / Self.writesAtOnce {
            try change(number, writer, key)
            try reader.get(["/v1/orders?limit=50&offset=\(number)"], count: 1)
            outcome.readsServed += 1
            outcome.kilobytes = max(
                outcome.kilobytes, relayd.process.anonymousKilobytes - kilobytesBefore)
        }
        outcome.fileGrowth = sample.fileBytes - fileBefore
        #expect(reader.statuses.ok == reader.answers)
        withExtendedLifetime(silent) {}
        return outcome
    }

    /// Changes the next orders and waits until all of them are on the disk.
    private func change(_ number: Int, _ connection: ClientConnection, _ key: String) throws {
        let streams = try (0..<Self.writesAtOnce).map { index in
            let id = (number * Self.writesAtOnce + index) % SampleStore.orders + 1
            return try connection.send(
                ClientRequest(
                    "PATCH", "/v1/orders/\(id)",
                    fields: [
                        HeaderField("authorization", "Bearer \(key)"),
                        HeaderField("content-type", "application/json"),
                    ], body: OrderPatch(internalId: "A-\(id)").json))
        }
        for stream in streams {
            #expect(try connection.run(until: stream).status == 200)
        }
    }
}
