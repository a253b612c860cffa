import Glibc
import HTTP2
import JSON
import RelayClient
import RelayContract
import RelayStore
import Synchronization
import TestSupport
import Testing

@Suite("A poller that asks for what is newer than the newest it has seen", .serialized)
struct TimeOrderTests {
    private static let orders: UInt64 = 100

    /// A relayd whose clock can be set, with some orders.
    private struct Site {
        let directory = TemporaryDirectory()
        let clock: ShiftedClock
        let store: String
        private(set) var relayd: Relayd
        let key: String
        private(set) var client: RelayClient

        init() throws {
            clock = try ShiftedClock(in: directory)
            store = directory.file("store")
            relayd = try Relayd(
                store: store, in: directory, arguments: ["--loops", "2"],
                environment: clock.environment)
            key = try relayd.makeKey()
            client = RelayClient(connection: try relayd.connect(), key: key)
            for number in 1...TimeOrderTests.orders {
                #expect(try client.createOrder(NewOrder(title: "\(number)")).value.id == number)
            }
        }

        mutating func restart(on store: String) throws {
            #expect(relayd.stop() == 0)
            relayd = try Relayd(
                store: store, in: directory, arguments: ["--loops", "2"],
                environment: clock.environment)
            client = RelayClient(connection: try relayd.connect(), key: key)
        }

        func poller() throws -> UpdatePoller { UpdatePoller(try relayd.connect(), key: key) }

        func update(_ id: UInt64, _ text: String) throws {
            let patch = OrderPatch(internalId: text)
            _ = try client.updateOrder(id, patch)
        }
    }

    @Test("misses nothing of 64 clients that write through two loops.")
    func race() throws {
        let site = try Site()
        site.clock.pause = 2_000
        let poller = try site.poller()
        let writing = Writing()
        Task.detached { [socket = site.relayd.socket, key = site.key] in
            do {
                try writing.run(socket, key: key)
            } catch {
                Issue.record(error)
            }
            writing.isDone.store(true, ordering: .releasing)
        }
        while !writing.isDone.load(ordering: .acquiring) { try poller.poll() }
        try poller.poll()
        let missed = (1...64).filter { poller.orders[$0]?.internalId != "\(Writing.rounds - 1)" }
        #expect(missed == [])
        #expect(site.relayd.stop() == 0)
    }

    @Test("misses nothing after a load of an older dump, and a second load changes nothing.")
    func load() throws {
        let site = try Site()
        let dump = site.directory.file("older.jsonl")
        let made = ChildProcess.run("relayctl", ["dump", "--store", site.store, "--to", dump])
        #expect(made.code == 0, "\(made.output)")
        for id in 1...Self.orders { try site.update(id, "newer") }
        let poller = try site.poller()
        try poller.poll()
        let place = [
            "--store", site.store, "--admin-socket", site.relayd.adminSocket, "--json",
        ]
        let loaded = ChildProcess.run("relayctl", ["load", dump] + place)
        #expect(loaded.output.contains("\"updated\":\(Self.orders),"), "\(loaded.output)")
        #expect(try poller.poll().count == Int(Self.orders))
        #expect(poller.orders.values.allSatisfy { $0.internalId == nil })
        let again = ChildProcess.run("relayctl", ["load", dump] + place)
        #expect(again.output.contains("\"updated\":0,\"unchanged\":\(Self.orders),"))
    }

    @Test("misses nothing when the clock is set back or ahead, nor after a restart in between.")
    func clock() throws {
        var site = try Site()
        var poller = try site.poller()
        try poller.poll()
        for (round, minutes) in [-10, 40 * 24 * 60, 0, -10, 1].enumerated() {
            site.clock.milliseconds = minutes * 60 * 1_000
            let id = UInt64(round) + 1
            try site.update(id, "round \(round)")
            #expect(try poller.poll().contains(id), "\(minutes)")
            #expect(poller.orders[id]?.internalId == "round \(round)")
            let before = poller.newest
            try site.restart(on: site.store)
            poller = try site.poller()
            try poller.poll()
            #expect(poller.newest == before)
        }
        let stat = ChildProcess.run(
            "relayctl",
            ["stat", "--store", site.store, "--admin-socket", site.relayd.adminSocket, "--json"])
        let behind = try #require(stat.output.firstMatch(of: /"clockBehindMilliseconds":(\d+)/))
        #expect(try #require(Int(behind.output.1)) > 39 * ShiftedClock.day)
        #expect(site.relayd.stop() == 0)
        // The log has every change from the first on: none was taken for 40 days old.
        let store = try Store.open(at: site.store)
        let reader = try store.makeReader()
        var oldest: UInt64?
        var times: [Int64] = []
        try reader.view.forEachChange(from: 0) { (change) throws(StoreError) in
            oldest = oldest ?? change.sequence
            times.append(change.time)
            return true
        }
        #expect(oldest == 1)
        #expect(times == times.sorted())
    }

    @Test("misses nothing of a store that was restored while the clock was behind.")
    func restore() throws {
        var site = try Site()
        let snapshot = site.directory.file("snapshot")
        let taken = ChildProcess.run(
            "relayctl", ["snapshot", "create", "--store", site.store, "--to", snapshot])
        #expect(taken.code == 0, "\(taken.output)")
        site.clock.milliseconds = 60 * 60 * 1_000
        try site.update(1, "an hour ahead")
        site.clock.milliseconds = 0
        let before = try site.poller()
        try before.poll()
        let restored = site.directory.file("restored")
        let made = ChildProcess.run(
            "relayctl",
            [
                "snapshot", "restore", snapshot, "--to", restored, "--as-of",
                "\(Self.orders + 1)", "--changes-from", site.store, "--json",
            ])
        #expect(made.code == 0, "\(made.output)")
        try site.restart(on: restored)
        try site.update(2, "after the restore")
        let after = try site.poller()
        try after.poll()
        #expect(after.orders[1] == before.orders[1], "a replay gives the times of before")
        let newest = try #require(before.newest)
        #expect(try #require(after.orders[2]).updatedAt >= newest)
    }

    @Test("The answer to an Idempotency-Key survives a clock that goes 40 days ahead and returns.")
    func idempotency() throws {
        let site = try Site()
        func create(_ name: String) throws -> ClientResponse {
            try site.client.connection.perform(
                ClientRequest(
                    "POST", "/v1/orders",
                    fields: [
                        HeaderField("authorization", "Bearer \(site.key)"),
                        HeaderField("content-type", "application/json"),
                        HeaderField("idempotency-key", name),
                    ], body: Array(#"{"title":"once"}"#.utf8)))
        }
        let first = try create("before")
        site.clock.milliseconds = 40 * ShiftedClock.day
        for number in 0..<20 { #expect(try create("ahead-\(number)").status == 201) }
        #expect(try create("before").body == first.body)
        site.clock.milliseconds = 0
        for number in 0..<20 { #expect(try create("after-\(number)").status == 201) }
        #expect(try create("before").body == first.body)
    }
}

/// 64 clients that change an order each, again and again.
private final class Writing: Sendable {
    static let rounds = 20
    let isDone = Atomic<Bool>(false)

    func run(_ socket: String, key: String) throws {
        let clients = try (0..<64).map { _ in try ClientConnection(unix: socket) }
        for round in 0..<Self.rounds {
            var streams: [Int32] = []
            for (index, client) in clients.enumerated() {
                streams.append(
                    try client.send(
                        ClientRequest(
                            "PATCH", "/v1/orders/\(index + 1)",
                            fields: [
                                HeaderField("authorization", "Bearer \(key)"),
                                HeaderField("content-type", "application/json"),
                            ], body: OrderPatch(internalId: "\(round)").json)))
                try client.flush()
            }
            for (client, stream) in zip(clients, streams) {
                #expect(try client.run(until: stream, timeout: 60_000).status == 200)
            }
        }
    }
}
