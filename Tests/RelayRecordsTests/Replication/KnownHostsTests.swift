import Foundation
import Synchronization
import System
import TestSupport
import Testing

@testable import RelayRecords
@testable import RelayStore

/// What hosts of one log know of each other, and do because of it.
@Suite("A host that shares a log")
struct KnownHostsTests {
    private let directory = TemporaryDirectory()
    private let shared = MemoryLog.Shared.make()

    private func perform<Command: StoreCommand>(
        _ command: Command, on host: ReplicaHost
    ) -> Result<Command.Outcome, StoreError>? where Command.Context == Void {
        let result = Mutex<Result<Command.Outcome, StoreError>?>(nil)
        let pending = PendingCommand(command) { outcome in result.withLock { $0 = outcome } }
        guard host.writer.submit(pending) == .accepted else { return nil }
        _ = ReplicaHost.waits { result.withLock { $0 != nil } }
        return result.withLock { $0 }
    }

    @Test("hears of the others, and misses one that wrote and is silent.")
    func table() throws {
        let hosts = try ReplicaHost.make(3, of: shared, in: directory.path) {
            $0.version = "7.1"
        }
        #expect(try hosts.run(commands: 30).open == 0)
        try hosts.expectEqual(shared)
        let sound = ["host-0 ok", "host-1 ok", "host-2 ok"]
        for host in hosts { #expect(try ReplicaHost.waits { try host.conditions() == sound }) }
        let seen = try #require(
            try hosts[0].writer.replication!.hosts().last?.beat)
        #expect(seen.version == "7.1" && seen.chain == hosts[2].writer.replication!.own!.chain)
        hosts[2].writer.stop()
        // One that has just started has never heard of it.
        try hosts[0].restart()
        #expect(try ReplicaHost.waits { try hosts[0].conditions().last == "host-2 missing" })
        #expect(try ReplicaHost.waits { try hosts[1].conditions().last == "host-2 missing" })
        hosts[0].writer.stop()
        hosts[1].writer.stop()
    }

    @Test("finds behind a mark that all stores are equal, and which one is not.")
    func digests() throws {
        let hosts = try ReplicaHost.make(3, of: shared, in: directory.path)
        #expect(try hosts.run(commands: 300).open == 0)
        func digests() throws -> [UInt64] {
            guard case .success(let before) = perform(MarkLog(), on: hosts[1]) else { return [] }
            func found() -> [UInt64] {
                hosts.compactMap(\.writer.replication!.own?.marked)
                    .filter { $0.sequence == before + 1 }.map(\.digest)
            }
            #expect(ReplicaHost.waits { found().count == 3 })
            return found()
        }
        let equal = try digests()
        #expect(equal.count == 3 && Set(equal).count == 1)
        // The same entries, but for one that no chain and no sum of documents shows.
        hosts[2].end()
        try addEntry(to: hosts[2].directory)
        try hosts[2].restart()
        let odd = try digests()
        #expect(odd.count == 3 && odd[0] == odd[1] && odd[1] != odd[2] && odd[0] != equal[0])
        for host in hosts { host.writer.stop() }
    }

    private func addEntry(to directory: String) throws {
        let store = try Store.open(at: directory, options: .ofLog, recovery: .records())
        var transaction = try StoreTransaction(store.core)
        let (key, value) = (Array("x".utf8), Array("y".utf8))
        try transaction.put(
            value.span.bytes, at: key.span.bytes, in: store.core.databases.uniqueIndex)
        try transaction.commit()
    }

    @Test("learns that its store differs though nobody writes.")
    func beats() throws {
        var hosts = try ReplicaHost.make(2, of: shared, in: directory.path)
        #expect(try hosts.run(commands: 300).open == 0)
        try hosts.expectEqual(shared)
        // It applies what is there in another way, and sends nothing of its own to be compared.
        hosts.append(try ReplicaHost.join(2, shared, directory.path, plant: .clock))
        let stopped = ReplicaHost.waits { hosts[2].writer.replication!.stopReason != nil }
        guard stopped, case .diverged = hosts[2].writer.replication!.stopReason else {
            Issue.record("\(hosts[2].writer.replication!.figures)")
            return
        }
        #expect(try ReplicaHost.waits { try hosts[0].conditions().last == "host-2 stopped" })
        #expect(ReplicaHost.waits { hosts[2].writer.replication!.permit.isRefused })
        #expect(!hosts[0].writer.replication!.permit.isRefused)
        for host in hosts { host.writer.stop() }
    }

    @Test("answers reads though its store differs, where it was told to.")
    func serving() throws {
        var hosts = try ReplicaHost.make(2, of: shared, in: directory.path)
        #expect(try hosts.run(commands: 300).open == 0)
        hosts.append(
            try ReplicaHost.join(2, shared, directory.path, plant: .clock) {
                $0.servesDiverged = true
            })
        #expect(ReplicaHost.waits { hosts[2].writer.replication!.stopReason != nil })
        usleep(1_500_000)
        #expect(!hosts[2].writer.replication!.permit.isRefused)
        for host in hosts { host.writer.stop() }
    }

    @Test(
        "refuses reads while the log is silent for as long as it was told, and answers behind it.")
    func stale() throws {
        let host = try ReplicaHost.make(1, of: shared, in: directory.path) {
            $0.staleReads = 2_000
        }[0]
        let permit = host.writer.replication!.permit
        #expect(ReplicaHost.waits { !permit.isRefused })
        shared.setAway(true)
        #expect(ReplicaHost.waits { permit.isRefused })
        guard case .stale(let milliseconds) = permit.refusal else {
            Issue.record("\(String(describing: permit.refusal))")
            return
        }
        #expect((2_000..<20_000).contains(milliseconds))
        let words = try #require(host.writer.replication!.whyNotReady)
        #expect(words.contains("--stale-reads"), "\(words)")
        #expect(try ReplicaHost.waits { try host.conditions() == ["host-0 refuses-reads"] })
        let beat = try #require(host.writer.replication!.own)
        #expect(HostBeat(beat.bytes) == beat && beat.readsRefused.contains("--stale-reads"))
        // A log that can be read, but takes nothing, proves nothing: others may write behind a cut.
        shared.setAway(false)
        shared.setReadOnly(true)
        usleep(2_500_000)
        #expect(permit.isRefused)
        shared.setReadOnly(false)
        #expect(ReplicaHost.waits { !permit.isRefused })
        #expect(try ReplicaHost.waits { try host.conditions() == ["host-0 ok"] })
        #expect(ReplicaHost.waits { host.writer.replication!.whyNotReady == nil })
        host.writer.stop()
    }

    @Test("says why it has not reached its log since the start, and names no message of it then.")
    func notReached() throws {
        let host = try ReplicaHost.make(1, of: shared, in: directory.path)[0]
        #expect(try [host].run(commands: 5).open == 0)
        host.end()
        shared.setAway(true)
        try host.restart()
        let client = host.writer.replication!
        let words = "this host has not reached the log yet: it is away"
        #expect(ReplicaHost.waits { client.whyNotReady == words }, "\(client.whyNotReady ?? "")")
        shared.setAway(false)
        #expect(ReplicaHost.waits { client.whyNotReady == nil })
        host.writer.stop()
    }

    @Test("is told that another one has its name.")
    func namesake() throws {
        let hosts = try ReplicaHost.make(1, of: shared, in: directory.path)
        let known = KnownHosts(HostName("host-0")!, .random)
        let beat = try #require(hosts[0].writer.replication!.own ?? waitForOwn(hosts[0]))
        #expect(known.hear(beat.bytes) && !known.hear(beat.bytes))
        #expect(known.all.isEmpty)
        hosts[0].writer.stop()
    }

    @Test("stops once another one has begun under its name, and says so at once; that one goes on.")
    func namesakeBegins() throws {
        let first = try ReplicaHost.make(1, of: shared, in: directory.path)[0]
        #expect(try [first].run(commands: 5).open == 0)
        let place = directory.path + "/namesake"
        try FileManager.default.createDirectory(
            atPath: place, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: directory.path + "/first/data.mdb", toPath: place + "/data.mdb")
        let second = try ReplicaHost("host-0", place, shared, .log, nil)
        #expect(try [second].run(commands: 5, seed: 9).open == 0)
        let begun = SystemClock.monotonic.milliseconds
        let outcomes = try [first].run(commands: 3, seed: 20)
        #expect(SystemClock.monotonic.milliseconds - begun < RelayStore.Limits.logDeadline / 2)
        #expect(outcomes.texts.values.allSatisfy { $0.contains("failed") }, "\(outcomes.texts)")
        #expect(ReplicaHost.waits { first.writer.replication!.stopReason != nil })
        guard case .sessionOver(_, first.name) = first.writer.replication!.stopReason else {
            Issue.record("\(String(describing: first.writer.replication!.stopReason))")
            return
        }
        let words = try #require(first.writer.replication!.whyNotReady)
        #expect(words.contains("another host has begun as host-0"), "\(words)")
        #expect(try first.conditions() == ["host-0 stopped"])
        let sound = try [second].run(commands: 5, seed: 30)
        #expect(sound.texts.values.contains { !$0.contains("failed") })
        // Under a name of its own it goes on with the same store.
        first.end()
        let renamed = try ReplicaHost("host-1", first.directory, shared, .syncedCommits, nil)
        #expect(try [renamed].run(commands: 5, seed: 40).open == 0)
        try [second, renamed].expectEqual(shared)
        for host in [second, renamed] { host.writer.stop() }
    }

    private func waitForOwn(_ host: ReplicaHost) -> HostBeat? {
        _ = ReplicaHost.waits { host.writer.replication!.own != nil }
        return host.writer.replication!.own
    }

    @Test(
        "of an older program goes on beside newer ones, and stops in words when the level is raised."
    )
    func levels() throws {
        var hosts = try ReplicaHost.make(2, of: shared, in: directory.path) {
            $0.highestLevel = 2
        }
        hosts.append(try ReplicaHost.join(2, shared, directory.path))
        #expect(try hosts.run(commands: 300).open == 0)
        try hosts.expectEqual(shared)
        guard case .success(2) = perform(RaiseLevel(to: 2), on: hosts[0]) else {
            Issue.record("the level was not raised")
            return
        }
        #expect(ReplicaHost.waits { hosts[2].writer.replication!.stopReason != nil })
        guard case .newerLevel(_, 2, 1) = hosts[2].writer.replication!.stopReason else {
            Issue.record("\(String(describing: hosts[2].writer.replication!.stopReason))")
            return
        }
        // What is sent from here on has the level.
        #expect(try Array(hosts[..<2]).run(commands: 30, seed: 9).open == 0)
        let last = try #require(shared.entries.last)
        #expect(try LogMessage(last.message, upTo: 2).level == 2)
        #expect(throws: LogMessageFault.newerLevel(2)) { try LogMessage(last.message) }
        try Array(hosts[..<2]).expectEqual(shared)
        // The older program is started on a store that has applied level 2.
        hosts[1].settings = { _ in }
        try hosts[1].restart()
        #expect(ReplicaHost.waits { hosts[1].writer.replication!.stopReason != nil })
        let words = "\(hosts[1].writer.replication!.stopReason!)"
        #expect(words.contains("has level 2") && words.contains("start a newer relayd"), "\(words)")
        for host in hosts { host.writer.stop() }
    }

    @Test(
        "reads of a beat what was written, also of one with more in it, and nothing that was damaged."
    )
    func bytes() throws {
        let host = try ReplicaHost.make(1, of: shared, in: directory.path)[0]
        let beat = try #require(waitForOwn(host))
        host.writer.stop()
        #expect(HostBeat(beat.bytes) == beat)
        // An older program says nothing of reads.
        let rest = Array(beat.bytes.dropFirst(16).dropLast(4))
        var older = Array(beat.bytes.prefix(8))
        older.append(word: ReplicaState.sum(rest))
        #expect(HostBeat(older + rest) == beat)
        var random = SplitMix(state: 3)
        for _ in 0..<2_000 {
            var bytes = beat.bytes
            let place = Int.random(in: 0..<bytes.count, using: &random)
            bytes[place] ^= UInt8.random(in: 1...255, using: &random)
            #expect(HostBeat(bytes) == nil)
            #expect(HostBeat(Array(beat.bytes.prefix(place))) == nil)
        }
    }
}
