import Foundation
import TestSupport
import Testing

@testable import RelayRecords
@testable import RelayStore

/// A log that was lost, and another one in its place.
@Suite("A log in the place of a lost one")
struct LogRestartTests {
    private let directory = TemporaryDirectory()
    private let shared = MemoryLog.Shared.make()

    /// Begins a log with the store of a host that has ended.
    private func beginAnew(with host: ReplicaHost) throws {
        let store = try Store.open(at: host.directory, options: .ofLog, recovery: .records())
        let identity = LogIdentity.random
        let time = StoreClock.system.now()
        let beginning = try store.continuation(as: identity)
        let message = beginning.message(of: HostName("cluster")!, sent: time)
        #expect(LogBeginning(message: message) == beginning)
        let entry = SharedLogEntry(sequence: 1, time: time, message: message)
        shared.replace(identity, [entry])
        try store.goOn(entry)
    }

    /// The engine answers nobody, and a host that runs knows of it.
    private func leave(_ host: ReplicaHost) {
        shared.setAway(true)
        for _ in 0..<4_000 where host.writer.replication!.figures.following.trouble == nil {
            usleep(5_000)
        }
        #expect(host.writer.replication!.figures.following.trouble != nil)
    }

    /// Waits until a host stops; gives its reason.
    private func stop(of host: ReplicaHost) -> ReplicaStop? {
        for _ in 0..<4_000 where host.writer.replication!.stopReason == nil { usleep(5_000) }
        return host.writer.replication!.stopReason
    }

    @Test("is followed by hosts that had applied as much of the lost one, at a start and running.")
    func followed() throws {
        let hosts = try ReplicaHost.make(3, of: shared, in: directory.path)
        _ = try hosts.run(commands: 60)
        try hosts.expectEqual(shared)
        let epoch = hosts[2].store.metadata.epoch
        leave(hosts[2])
        for host in hosts[..<2] { host.end() }
        try beginAnew(with: hosts[0])
        for host in hosts[..<2] { try host.restart() }
        shared.setAway(false)
        try hosts.expectEqual(shared)
        let outcomes = try hosts.run(commands: 60, seed: 90)
        #expect(outcomes.open == 0)
        #expect(!outcomes.texts.values.contains { $0.contains("stopped") })
        try hosts.expectEqual(shared)
        #expect(hosts[2].store.metadata.epoch == epoch)
        for host in hosts {
            #expect(host.writer.replication!.whyNotReady == nil)
            #expect(host.writer.replication!.figures.lag == 0)
        }
        // A host that ends without a word behind it has it in its own log.
        let copy = directory.file("crashed")
        shared.setReadOnly(true)
        try CrashedCopy.copy(hosts[2].directory, to: copy)
        let recovered = try Store.open(at: copy, options: .ofLog, recovery: .records())
        #expect(try recovered.replicaState()?.identity == shared.identity)
        for host in hosts { host.writer.stop() }
    }

    @Test("is applied again from the store's own log.")
    func recovered() throws {
        let host = try ReplicaHost.make(2, of: shared, in: directory.path)[1]
        _ = try [host].run(commands: 10)
        try [host].expectEqual(shared)
        let first = directory.file("first-copy")
        shared.setAway(true)
        host.end()
        try FileManager.default.copyItem(atPath: host.directory, toPath: first)
        let twin = try ReplicaHost("twin", first, shared, .syncedCommits, nil)
        twin.end()
        try beginAnew(with: twin)
        try host.restart()
        shared.setAway(false)
        shared.setReadOnly(true)
        #expect(try host.waits(for: 1))
        let copy = directory.file("crashed")
        try CrashedCopy.copy(host.directory, to: copy)
        try CrashedCopy.cutPower(copy)
        let store = try Store.open(at: copy, options: .ofLog, recovery: .records())
        #expect(try store.replicaState() == host.store.replicaState())
        #expect(try store.check().faults == [])
        host.writer.stop()
    }

    @Test("stops a host that had applied less of the lost one, and says what to do.")
    func leftBehind() throws {
        let hosts = try ReplicaHost.make(2, of: shared, in: directory.path)
        _ = try hosts.run(commands: 20)
        try hosts.expectEqual(shared)
        hosts[1].end()
        _ = try [hosts[0]].run(commands: 10, seed: 90)
        hosts[0].end()
        try beginAnew(with: hosts[0])
        try hosts[1].restart()
        let stop = stop(of: hosts[1])
        guard case .leftBehind = stop, let stop else {
            Issue.record("\(String(describing: stop))")
            return
        }
        #expect("\(stop)".contains("start relayd with --join"))
        hosts[1].writer.stop()
    }

    @Test("stops a host that had applied more of the lost one, and so has what nobody else has.")
    func ahead() throws {
        let hosts = try ReplicaHost.make(2, of: shared, in: directory.path)
        _ = try hosts.run(commands: 20)
        try hosts.expectEqual(shared)
        hosts[0].end()
        let outcomes = try [hosts[1]].run(commands: 10, seed: 90)
        #expect(outcomes.open == 0)
        leave(hosts[1])
        try beginAnew(with: hosts[0])
        shared.setAway(false)
        let stop = stop(of: hosts[1])
        guard case .ahead(let applied, let begun) = stop, let stop else {
            Issue.record("\(String(describing: stop))")
            return
        }
        #expect(applied > begun && "\(stop)".contains("it alone has what is between them"))
        // It is read, and takes no writes.
        var source = CommandSource(seed: 5)
        #expect(try hosts[1].submit(source.next().encoding) { _ in } == false)
        #expect(try hosts[1].store.check().faults == [])
        hosts[1].writer.stop()
    }

    @Test("stops a host that had come to something else.")
    func otherPast() throws {
        var hosts = try ReplicaHost.make(1, of: shared, in: directory.path)
        hosts.append(try ReplicaHost.join(1, shared, directory.path, plant: .skipped))
        _ = try hosts.run(commands: 300)
        shared.setReadOnly(true)
        for host in hosts { #expect(try host.waits(for: shared.entries.last!.sequence)) }
        for host in hosts { host.end() }
        try beginAnew(with: hosts[0])
        try hosts[1].restart()
        let stop = stop(of: hosts[1])
        guard case .otherPast = stop, let stop else {
            Issue.record("\(String(describing: stop))")
            return
        }
        #expect("\(stop)".contains("relayctl snapshot diff"))
        hosts[1].writer.stop()
    }

    @Test("is not one that begins with another store, nor one that says nothing of the lost one.")
    func strange() throws {
        let hosts = try ReplicaHost.make(2, of: shared, in: directory.path)
        _ = try hosts.run(commands: 10)
        try hosts.expectEqual(shared)
        for host in hosts { host.end() }
        let store = try Store.open(
            at: hosts[0].directory, options: .ofLog, recovery: .records())
        let identity = LogIdentity.random
        let plain = LogBeginning(identity: identity, epoch: 1, changeSequence: 1, documents: 2)
        let entry = SharedLogEntry(
            sequence: 1, time: 1, message: plain.message(of: HostName("x")!, sent: 1))
        let old = try #require(try store.replicaState())
        #expect(
            throws: StoreError.replica(
                .stopped(.otherLog(found: identity, wanted: old.identity)))
        ) { try store.goOn(entry) }
        let late = SharedLogEntry(sequence: 2, time: 1, message: entry.message)
        #expect(throws: StoreError.replica(.otherBeginning)) { try store.goOn(late) }
        #expect(try store.replicaState() == old)
        shared.replace(identity, [entry])
        try hosts[1].restart()
        #expect(stop(of: hosts[1]) == .otherLog(found: identity, wanted: old.identity))
        hosts[1].writer.stop()
    }

    @Test("A check finds a replica whose documents are not those that its log has made.")
    func changed() throws {
        let host = try ReplicaHost.make(1, of: shared, in: directory.path)[0]
        _ = try [host].run(commands: 10)
        try [host].expectEqual(shared)
        host.end()
        let store = try Store.open(at: host.directory, options: .ofLog, recovery: .records())
        #expect(try store.check().faults == [])
        var transaction = try StoreTransaction(store.core)
        let key = DocumentKey(account: 9, resource: 1, id: 1)
        let number: InlineArray<1, UInt64> = [1]
        try transaction.putDocument(key, json: number.span.bytes, version: 1)
        try transaction.commit()
        let faults = try store.check().faults
        #expect(faults.contains { $0.contains("this store is not what its log has made") })
    }
}
