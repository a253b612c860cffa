import Glibc
import HTTP2
import JSON
import RelayClient
import RelayContract
import RelayStore
import Synchronization
import System
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

        func poller<Record>(_ type: Record.Type = Order.self) throws -> UpdatePoller<Record> {
            UpdatePoller(try relayd.connect(), key: key)
        }

        /// As many records of other kinds as there are writers.
        func fillOthers() throws {
            let customer = CustomerInput(name: "Nord")
            _ = try client.createCustomer(CustomerUpsert(customer: customer))
            let numbers = 1...Writing.clients
            let properties = numbers.map { _ in PropertyInput(name: "-1", customerId: 1) }
            _ = try client.createProperties(PropertyUpsert(properties: properties))
            let units = numbers.map { _ in UnitInput(propertyId: 1, name: "-1") }
            _ = try client.createUnits(UnitUpsert(units: units))
            for _ in numbers {
                _ = try client.createDocument(
                    NewDocument(title: "-1", propertyId: 1, customerId: 1))
            }
        }

        func update(_ id: UInt64, _ text: String) throws {
            let patch = OrderPatch(internalId: text)
            _ = try client.updateOrder(id, patch)
        }

        /// Changes a property, a unit and a document.
        func updateOthers(_ id: UInt64, _ text: String) throws {
            let kinds: [any PolledRecord.Type] = [Property.self, Unit.self, Document.self]
            for kind in kinds {
                var request = kind.change(id, to: text)
                request.fields.append(HeaderField("authorization", "Bearer \(key)"))
                #expect(try client.connection.perform(request).status == 200)
            }
        }

        /// Pollers of the other kinds, which have asked once.
        func otherPollers() throws -> (
            UpdatePoller<Property>, UpdatePoller<Unit>, UpdatePoller<Document>
        ) {
            let pollers = (
                try poller(Property.self), try poller(Unit.self), try poller(Document.self)
            )
            try pollers.0.poll()
            try pollers.1.poll()
            try pollers.2.poll()
            return pollers
        }
    }

    @Test("misses nothing of 64 clients that write records of four kinds through two loops.")
    func race() throws {
        let site = try Site()
        try site.fillOthers()
        site.clock.pause = 2_000
        let writing = Writing()
        let orders = try site.poller()
        let properties = try site.poller(Property.self)
        let units = try site.poller(Unit.self)
        let documents = try site.poller(Document.self)
        // A task might wait for a thread until this test ends, which waits for it.
        let writers = try SystemThread { [socket = site.relayd.socket, key = site.key] in
            do {
                try writing.run(socket, key: key)
            } catch {
                Issue.record(error)
            }
            writing.isDone.store(true, ordering: .releasing)
        }
        var isDone = false
        while !isDone {
            // What is acknowledged by then is asked for once more.
            isDone = writing.isDone.load(ordering: .acquiring)
            #expect(try writing.missed(by: orders) == [])
            #expect(try writing.missed(by: properties) == [])
            #expect(try writing.missed(by: units) == [])
            #expect(try writing.missed(by: documents) == [])
        }
        writers.join()
        #expect(writing.count == Writing.clients * Writing.rounds)
        #expect(site.relayd.stop() == 0)
    }

    @Test("misses nothing after a load of an older dump, and a second load changes nothing.")
    func load() throws {
        let site = try Site()
        try site.fillOthers()
        let dump = site.directory.file("older.jsonl")
        let made = ChildProcess.run("relayctl", ["dump", "--store", site.store, "--to", dump])
        #expect(made.code == 0, "\(made.output)")
        for id in 1...Self.orders { try site.update(id, "newer") }
        try site.updateOthers(1, "1")
        let poller = try site.poller()
        try poller.poll()
        let (properties, units, documents) = try site.otherPollers()
        #expect(units.records[1]?.text == "1" && documents.records[1]?.text == "1")
        let place = [
            "--store", site.store, "--admin-socket", site.relayd.adminSocket, "--json",
        ]
        let loaded = ChildProcess.run("relayctl", ["load", dump] + place)
        #expect(loaded.output.contains("\"updated\":\(Self.orders + 3),"), "\(loaded.output)")
        #expect(try poller.poll().count == Int(Self.orders))
        #expect(poller.records.values.allSatisfy { $0.internalId == nil })
        #expect(try properties.poll() == [1] && properties.records[1]?.text == "-1")
        #expect(try units.poll() == [1] && units.records[1]?.text == "-1")
        #expect(try documents.poll() == [1] && documents.records[1]?.text == "-1")
        let again = ChildProcess.run("relayctl", ["load", dump] + place)
        #expect(again.output.contains("\"created\":0,\"updated\":0,"), "\(again.output)")
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
            #expect(poller.records[id]?.internalId == "round \(round)")
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
        try site.fillOthers()
        let snapshot = site.directory.file("snapshot")
        let taken = ChildProcess.run(
            "relayctl", ["snapshot", "create", "--store", site.store, "--to", snapshot])
        #expect(taken.code == 0, "\(taken.output)")
        site.clock.milliseconds = 60 * 60 * 1_000
        try site.update(1, "an hour ahead")
        try site.updateOthers(1, "1")
        site.clock.milliseconds = 0
        let before = try site.poller()
        try before.poll()
        let (properties, units, documents) = try site.otherPollers()
        // Orders, what the others take, and the four changes behind the snapshot.
        let changes = Self.orders + 3 + UInt64(Writing.clients) + 4
        let restored = site.directory.file("restored")
        let made = ChildProcess.run(
            "relayctl",
            [
                "snapshot", "restore", snapshot, "--to", restored, "--as-of", "\(changes)",
                "--changes-from", site.store, "--json",
            ])
        #expect(made.code == 0, "\(made.output)")
        try site.restart(on: restored)
        try site.update(2, "after the restore")
        let after = try site.poller()
        try after.poll()
        #expect(after.records[1] == before.records[1], "a replay gives the times of before")
        let newest = try #require(before.newest)
        #expect(try #require(after.records[2]).updatedAt >= newest)
        try site.updateOthers(2, "2")
        let others = try site.otherPollers()
        #expect(others.0.records[2]!.updatedAt >= properties.newest!)
        #expect(others.1.records[2]!.updatedAt >= units.newest!)
        #expect(others.2.records[2]!.updatedAt >= documents.newest!)
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

/// 64 clients that change records, each one of each kind, again and again.
private final class Writing: Sendable {
    static let clients = 64
    static let rounds = 40
    private static let kinds: [any PolledRecord.Type] = [
        Order.self, Property.self, Unit.self, Document.self,
    ]
    let isDone = Atomic<Bool>(false)
    /// The newest text of each record that was acknowledged, by kind.
    private let acknowledged = Mutex(
        [[Int]](repeating: [Int](repeating: -1, count: clients), count: kinds.count))
    private let written = Atomic<Int>(0)

    /// Changes that were acknowledged.
    var count: Int { written.load(ordering: .acquiring) }

    /// Has a poller ask.
    ///
    /// - Returns: the records of which it does not know what was acknowledged before it asked.
    func missed<Record: PolledRecord>(by poller: UpdatePoller<Record>) throws -> [Int] {
        let kind = try #require(Self.kinds.firstIndex { $0 == Record.self })
        let before = acknowledged.withLock { $0[kind] }
        try poller.poll()
        return before.indices.filter { index in
            let known = poller.records[UInt64(index + 1)]?.text.flatMap { Int($0) }
            return before[index] >= 0 && (known ?? -1) < before[index]
        }
    }

    func run(_ socket: String, key: String) throws {
        let clients = try (0..<Self.clients).map { _ in try ClientConnection(unix: socket) }
        for round in 0..<Self.rounds {
            var streams: [Int32] = []
            for (index, client) in clients.enumerated() {
                let kind = Self.kinds[(round + index) % Self.kinds.count]
                var request = kind.change(UInt64(index + 1), to: "\(round)")
                request.fields.append(HeaderField("authorization", "Bearer \(key)"))
                streams.append(try client.send(request))
                try client.flush()
            }
            for (index, (client, stream)) in zip(clients, streams).enumerated() {
                #expect(try client.run(until: stream, timeout: 60_000).status == 200)
                acknowledged.withLock { $0[(round + index) % Self.kinds.count][index] = round }
                written.add(1, ordering: .acquiringAndReleasing)
            }
        }
    }
}
