import Foundation
import RelayContract
import Synchronization
import TestSupport
import Testing

@testable import RelayRecords
@testable import RelayStore

/// Hosts that write through one log, each with a store of its own.
@Suite("Hosts that share a log")
struct ReplicationTests {
    /// `RELAY_COMMANDS` of them; the default is what a run of all tests has the time for.
    @Test(
        "have equal stores after commands of every kind from all of them, with messages that come late or twice, lost answers and restarts."
    )
    func equal() throws {
        let directory = TemporaryDirectory()
        let shared = MemoryLog.Shared.make(2)
        let hosts = try ReplicaHost.make(3, of: shared, in: directory.path)
        let count = ProcessInfo.processInfo.environment["RELAY_COMMANDS"].flatMap(Int.init) ?? 3_000
        var sources = (0..<3).map { CommandSource(seed: 40 + UInt64($0)) }
        var random = SplitMix(state: 8)
        let outcomes = ReplicaOutcomes()
        for number in 0..<count {
            let host = Int.random(in: 0..<3, using: &random)
            outcomes.submit()
            let isTaken = try hosts[host].submit(sources[host].next().encoding) {
                outcomes.add("\(number)", $0)
            }
            try #require(isTaken, "\(hosts[host].writer.replication!.figures)")
            if number % 100 == 99 { outcomes.wait() }
            if Int.random(in: 0..<(count / 8), using: &random) == 0 {
                try hosts[Int.random(in: 0..<3, using: &random)].restart()
            }
        }
        outcomes.wait()
        #expect(outcomes.open == 0 && outcomes.twice == [])
        let refused = outcomes.texts.values.count { $0.hasPrefix("failed") }
        #expect(refused > 0 && refused < count / 5, "\(refused)")
        // One more, which applies all of it at the end, in other groups.
        let last = try ReplicaHost.join(3, shared, directory.path)
        try (hosts + [last]).expectEqual(shared)
        for host in hosts { #expect(host.writer.replication!.figures.following.skipped > 0) }
        for host in hosts + [last] { host.writer.stop() }
    }

    @Test(
        "stop the one that comes to something else, and say so; the others go on.",
        arguments: ReplicaHost.Plant.mistakes)
    func diverged(_ plant: ReplicaHost.Plant) throws {
        let directory = TemporaryDirectory()
        let shared = MemoryLog.Shared.make()
        var hosts = try ReplicaHost.make(2, of: shared, in: directory.path)
        hosts.append(try ReplicaHost.join(2, shared, directory.path, plant: plant))
        let outcomes = try hosts.run(commands: 600)
        #expect(outcomes.open == 0)
        guard case .diverged = hosts[2].writer.replication!.stopReason else {
            Issue.record("\(String(describing: hosts[2].writer.replication!.figures))")
            return
        }
        // It can be read, and takes no writes.
        var source = CommandSource(seed: 5)
        let isTaken = try hosts[2].submit(source.next().encoding) { _ in }
        #expect(!isTaken)
        try Array(hosts[..<2]).expectEqual(shared, differing: ["host-2"])
        for host in hosts { host.writer.stop() }
    }

    @Test("try again what their disk has no room for, in peace, and go on when there is room.")
    func full() throws {
        let directory = TemporaryDirectory()
        let shared = MemoryLog.Shared.make()
        let disk = ReplicaHost.FullDisk()
        var hosts = try ReplicaHost.make(1, of: shared, in: directory.path)
        hosts.append(try ReplicaHost.join(1, shared, directory.path, plant: .full(disk)))
        #expect(try [hosts[0]].run(commands: 60).open == 0)
        usleep(2_000_000)
        let refusals = disk.refusals.load(ordering: .relaxed)
        #expect((2...8).contains(refusals), "\(refusals)")
        #expect(hosts[1].writer.replication!.stopReason == nil)
        var source = CommandSource(seed: 8)
        let command = try CommandDecoder(RecordApplier()).pending(source.next().encoding) { _ in }
        guard case .refused(.standing) = hosts[1].writer.submit(command) else {
            Issue.record("a host that applies nothing takes a write")
            return
        }
        disk.hasRoom.store(true, ordering: .relaxed)
        try hosts.expectEqual(shared)
        #expect(try hosts.run(commands: 4).open == 0)
        for host in hosts { host.writer.stop() }
    }

    @Test("give one answer to requests under one Idempotency-Key, whichever host is asked.")
    func remembered() throws {
        let directory = TemporaryDirectory()
        let shared = MemoryLog.Shared.make()
        let hosts = try ReplicaHost.make(2, of: shared, in: directory.path)
        let outcomes = ReplicaOutcomes()
        let request = IdempotentRequest(key: Array("k".utf8), fingerprint: [1])
        let command = RecordCommand(
            CreateOrder(NewOrder(title: "once")), account: 1, request: request
        ).encoding
        for (number, host) in (hosts + hosts).enumerated() {
            outcomes.submit()
            _ = try host.submit(command) { outcomes.add("\(number)", $0) }
            outcomes.wait()
        }
        let answers = outcomes.texts
        #expect(answers.count == 4 && !answers["0"]!.contains("failed"))
        let reader = try hosts[1].store.makeReader()
        let counts = try reader.view.documentCounts()
        #expect(counts.count == 1 && counts[0].documents == 1)
        try hosts.expectEqual(shared)
        for host in hosts { host.writer.stop() }
    }

    @Test("take commands that are too long for a message, whole or not at all.")
    func large() throws {
        let directory = TemporaryDirectory()
        let shared = MemoryLog.Shared.make(20)
        let hosts = try ReplicaHost.make(2, of: shared, in: directory.path)
        let outcomes = ReplicaOutcomes()
        let content = String(repeating: "long", count: 2_500)
        let fields = (0..<95).map { NewOrderField(position: $0, name: "n", content: content) }
        for number in 0..<6 {
            outcomes.submit()
            // The quota of account 2 refuses all but the first.
            let account: UInt32 = number < 3 ? 1 : 2
            let order = NewOrder(title: "\(number)", fields: fields)
            _ = try hosts[number % 2].submit(
                RecordCommand(CreateOrder(order), account: account).encoding
            ) { outcomes.add("\(number)", $0) }
            if number == 2 {
                outcomes.submit()
                _ = try hosts[0].submit(SetQuota(of: 2, to: 1_500_000).encoding) {
                    outcomes.add("quota", $0)
                }
            }
            outcomes.wait()
        }
        #expect(outcomes.open == 0 && outcomes.twice == [])
        let failed = outcomes.texts.filter { $0.value.hasPrefix("failed") }.keys.sorted()
        #expect(failed == ["4", "5"], "\(outcomes.texts.mapValues { $0.prefix(200) })")
        // What the last one left is removed through the log as well, behind its answer.
        var left = 1
        for _ in 0..<4_000 where left > 0 {
            usleep(5_000)
            let reader = try hosts[1].store.makeReader()
            left = try reader.view.uploads().count
        }
        #expect(left == 0)
        try hosts.expectEqual(shared)
        let reader = try hosts[1].store.makeReader()
        #expect(try reader.view.documentCounts().map(\.documents) == [3, 1])
        for host in hosts { host.writer.stop() }
    }

    @Test("go on from their own logs after a kill and a power cut.")
    func crashed() throws {
        let directory = TemporaryDirectory()
        let shared = MemoryLog.Shared.make()
        let hosts = try ReplicaHost.make(2, of: shared, in: directory.path)
        _ = try hosts.run(commands: 400)
        try hosts.expectEqual(shared)
        shared.setReadOnly(true)
        let contents = try StoreContents(hosts[1].store)
        for hasPower in [true, false] {
            let place = "\(directory.path)/copy-\(hasPower)"
            try CrashedCopy.copy(hosts[1].directory, to: place)
            if !hasPower { try CrashedCopy.cutPower(place) }
            let store = try Store.open(at: place, options: .ofLog, recovery: .records())
            let differences = try StoreContents(store).differences(from: contents)
            #expect(differences == [], "\(hasPower)")
            #expect(try store.replicaState() == hosts[1].store.replicaState())
        }
        for host in hosts { host.writer.stop() }
    }

    @Test(
        "let writes wait for an engine that is away, then refuse them, and take them when it is back."
    )
    func away() throws {
        let directory = TemporaryDirectory()
        let shared = MemoryLog.Shared.make()
        let host = try ReplicaHost.make(1, of: shared, in: directory.path)[0]
        #expect(try [host].run(commands: 5).open == 0)
        shared.setAway(true)
        var source = CommandSource(seed: 3)
        let outcomes = ReplicaOutcomes()
        for number in 0..<3 {
            outcomes.submit()
            _ = try host.submit(source.next().encoding) { outcomes.add("\(number)", $0) }
        }
        usleep(1_000_000)
        #expect(host.writer.replication!.figures.publishing.condition == .electing)
        #expect(outcomes.open == 3)
        outcomes.wait()
        #expect(
            outcomes.texts.values.allSatisfy { $0.contains("nothing was changed") },
            "\(outcomes.texts)")
        #expect(host.writer.replication!.figures.publishing.condition == .down)
        let refused = try host.writer.submit(
            CommandDecoder(RecordApplier()).pending(source.next().encoding) { _ in })
        #expect(refused == .refused(.unavailable(why: "it is away")))
        shared.setAway(false)
        for _ in 0..<1_000 where host.writer.replication!.figures.publishing.condition != .up {
            usleep(5_000)
        }
        #expect(
            try [host].run(commands: 5, seed: 9).texts.values.contains { !$0.contains("failed") })
        try [host].expectEqual(shared)
        host.writer.stop()
    }

    @Test(
        "take writes on a host whose clock is hours or days wrong, which change no time, and tell of the clock.",
        arguments: [-49, -13, -1, 1, 49] as [Int64])
    func wrongClock(hours: Int64) throws {
        let directory = TemporaryDirectory()
        let shared = MemoryLog.Shared.make()
        let right = try ReplicaHost.make(2, of: shared, in: directory.path)
        let off = hours * 3_600_000
        let clock = StoreClock(
            now: { StoreClock.system.now() + off }, elapsed: StoreClock.system.elapsed)
        let wrong = try ReplicaHost.join(2, shared, directory.path, clock: clock)
        let hosts = right + [wrong]
        for seed in [70, 80] as [UInt64] {
            let outcomes = try hosts.run(commands: 30, seed: seed)
            let unknown = outcomes.texts.filter { $0.value.contains("not known yet") }
            #expect(unknown.isEmpty)
            try hosts.expectEqual(shared)
            let state = try #require(try wrong.store.replicaState())
            #expect((state.time - shared.entries.last!.time).magnitude < 60_000)
            try wrong.restart()
        }
        let outcomes = try hosts.run(commands: 30, seed: 90)
        #expect(outcomes.open == 0)
        for host in right {
            let difference = host.writer.replication!.figures.publishing.clockDifference
            #expect(difference.magnitude < 60_000)
        }
        // The log's clock stands still while nobody writes.
        let told = wrong.writer.replication!.figures.publishing.clockDifference
        #expect((told - off).magnitude < 60_000)
        hosts.forEach { $0.writer.stop() }
    }

    @Test("say that the end of a write is not known when it does not come back, and apply it once.")
    func unknown() throws {
        let directory = TemporaryDirectory()
        let shared = MemoryLog.Shared.make()
        let host = try ReplicaHost.make(1, of: shared, in: directory.path)[0]
        #expect(try [host].run(commands: 5).open == 0)
        shared.setHolding(true)
        let outcomes = ReplicaOutcomes()
        outcomes.submit()
        let command = RecordCommand(CreateOrder(NewOrder(title: "late")), account: 7).encoding
        _ = try host.submit(command) { outcomes.add("late", $0) }
        outcomes.wait()
        #expect(outcomes.texts["late"]?.contains("not known yet") == true)
        shared.setHolding(false)
        #expect(try [host].run(commands: 5, seed: 9).open == 0)
        try [host].expectEqual(shared)
        #expect(outcomes.twice == [])
        let reader = try host.store.makeReader()
        #expect(
            try reader.view.documentCounts().count { $0.account == 7 && $0.documents == 1 } == 1)
        host.writer.stop()
    }
}
