import Foundation
import TestSupport
import Testing

@testable import RelayRecords
@testable import RelayStore

/// Hosts whose log is not what it was.
@Suite("Hosts whose log is not the one they have applied")
struct WrongLogTests {
    /// What may be wrong with a log, and what a host says that has applied it.
    private static let faults: [(String, @Sendable (inout [SharedLogEntry]) -> Void)] = [
        ("begins with message", { $0.removeFirst($0.count - 1) }),
        ("ends with message", { $0.removeLast() }),
        (
            "is not the one that this store has applied",
            { $0[$0.count - 1] = $0[$0.count - 2].at($0.count) }
        ),
        ("has level 9", { $0.append($0.last!.next { $0[4] = 9 }) }),
        ("cannot be read", { $0.append($0.last!.next { $0[70] ^= 1 }) }),
        ("cannot be read", { $0.append($0.last!.next { $0 = [] }) }),
        ("cannot be read", { $0.append($0[0].at($0.count + 1)) }),
        // A message in a message, and what was uploaded as a command and is none.
        ("cannot be read", { $0.append($0.last!.next(with: [$0.last!.command])) }),
        ("cannot be applied to this store", { $0.append($0.last!.next(with: noCommand)) }),
    ]
    private static let noCommand: [[UInt8]] = {
        let buffer = ChunkBuffer()
        // SAFETY: the array's own bytes, copied during the call.
        _ = [UInt8(255), 0, 0, 0, 0, 0, 0, 0].withUnsafeBytes { buffer.fill($0) }
        buffer.seal(77, 0)
        // SAFETY: the buffer's bytes, copied while it is there.
        let chunk = withExtendedLifetime(buffer) { Array(buffer.encoding) }
        return [chunk, UploadedCommand.encoding(of: 77, 8)]
    }()

    @Test("stop at a log that is not the one they have applied, in words.", arguments: 0..<9)
    func wrongLog(_ number: Int) throws {
        let directory = TemporaryDirectory()
        let shared = MemoryLog.Shared.make()
        let hosts = try ReplicaHost.make(2, of: shared, in: directory.path)
        _ = try hosts.run(commands: 30)
        try hosts.expectEqual(shared)
        // One has seen less of it.
        hosts[1].writer.stop()
        try hosts[0].write(messages: 10)
        hosts[0].writer.stop()
        let (words, corrupt) = Self.faults[number]
        shared.corrupt(corrupt)
        let host = hosts[number == 0 ? 1 : 0]
        try host.restart()
        for _ in 0..<12_000 where host.writer.replication!.stopReason == nil { usleep(5_000) }
        let reason = host.writer.replication!.stopReason.map { "\($0)" }
        #expect(reason?.contains(words) == true, "\(String(describing: reason))")
        host.writer.stop()
    }

    @Test("go on behind messages whose senders' clocks are as wrong as can be.")
    func wrongClocks() throws {
        let directory = TemporaryDirectory()
        let shared = MemoryLog.Shared.make()
        let hosts = try ReplicaHost.make(2, of: shared, in: directory.path)
        _ = try hosts.run(commands: 20)
        for sent in [Int64.max, .min] {
            shared.corrupt { $0.append($0.last!.next(with: [], sent: sent)) }
        }
        #expect(try hosts.run(commands: 20, seed: 90).open == 0)
        try hosts.expectEqual(shared)
        for host in hosts {
            // The first message of a session that was sent long ago may have come before.
            #expect(host.writer.replication!.figures.following.skipped == 1)
            host.writer.stop()
        }
    }

    @Test("stop at a log that lacks what they need, also while others write to it.")
    func trimmed() throws {
        let directory = TemporaryDirectory()
        let shared = MemoryLog.Shared.make()
        let hosts = try ReplicaHost.make(2, of: shared, in: directory.path)
        hosts[1].end()
        try hosts[0].write(messages: 20)
        shared.corrupt { $0.removeFirst($0.count - 2) }
        try hosts[1].restart()
        var source = CommandSource(seed: 6)
        for _ in 0..<1_200 where hosts[1].writer.replication!.stopReason == nil {
            _ = try hosts[0].submit(source.next().encoding) { _ in }
            usleep(50_000)
        }
        let reason = hosts[1].writer.replication!.stopReason.map { "\($0)" }
        #expect(reason?.contains("begins with message") == true, "\(String(describing: reason))")
        // How far it is behind is known, though it does not go on.
        let figures = hosts[1].writer.replication!.figures
        #expect(figures.following.last > 20 && figures.lag > 10, "\(figures)")
        for host in hosts { host.writer.stop() }
    }

    @Test("write nothing to a log that went back, also while they still doubt that it did.")
    func held() throws {
        let directory = TemporaryDirectory()
        let shared = MemoryLog.Shared.make()
        let hosts = try ReplicaHost.make(2, of: shared, in: directory.path)
        _ = try hosts.run(commands: 30)
        try hosts.expectEqual(shared)
        shared.setAway(true)
        for host in hosts {
            for _ in 0..<2_000 where host.writer.replication!.figures.following.trouble == nil {
                usleep(5_000)
            }
        }
        shared.corrupt { $0.removeLast($0.count / 2) }
        shared.setAway(false)
        for host in hosts {
            for _ in 0..<2_000 where !host.doubts { usleep(5_000) }
            #expect(host.doubts)
        }
        usleep(1_000_000)
        let count = shared.entries.count
        var source = CommandSource(seed: 6)
        for _ in 0..<1_200 where hosts.contains(where: { $0.writer.replication!.stopReason == nil })
        {
            for host in hosts { _ = try host.submit(source.next().encoding) { _ in } }
            usleep(50_000)
        }
        #expect(shared.entries.count == count)
        for host in hosts {
            let reason = host.writer.replication!.stopReason.map { "\($0)" }
            #expect(reason?.contains("ends with message") == true)
            host.writer.stop()
        }
    }

    @Test(
        "write nothing to a log that ends behind themselves, but before what another host has applied.",
        arguments: [true, false])
    func lost(isStarted: Bool) throws {
        let directory = TemporaryDirectory()
        let shared = MemoryLog.Shared.make()
        let hosts = try ReplicaHost.make(3, of: shared, in: directory.path)
        _ = try hosts.run(commands: 30)
        try hosts.expectEqual(shared)
        // One that is off, or that reads nothing, while others go on.
        hosts[2].end()
        let before = shared.entries.count
        _ = try Array(hosts[..<2]).run(commands: 40, seed: 9)
        try Array(hosts[..<2]).expectEqual(shared)
        if !isStarted { for host in hosts[..<2] { host.end() } }
        shared.corrupt { $0.removeLast($0.count - before) }
        try hosts[2].restart()
        if !isStarted {
            // Nobody has told it by then, and it writes; the others come back, and all stop.
            #expect(try [hosts[2]].run(commands: 3, seed: 5).open == 0)
            for host in hosts[..<2] { try host.restart() }
        }
        var source = CommandSource(seed: 6)
        let outcomes = ReplicaOutcomes()
        for number in 0..<1_200
        where hosts.contains(where: { $0.writer.replication!.stopReason == nil }) {
            outcomes.submit()
            let isTaken = try hosts[2].submit(source.next().encoding) {
                outcomes.add("\(number)", $0)
            }
            if !isTaken { outcomes.add("\(number)", .failure(.stopped)) }
            usleep(50_000)
        }
        for host in hosts {
            let reason = host.writer.replication!.stopReason.map { "\($0)" } ?? ""
            #expect(
                ["ends with message", "is not the one", "differs"].contains {
                    reason.contains($0)
                }, "\(reason)")
            host.writer.stop()
        }
        if isStarted {
            let taken = outcomes.texts.filter { !$0.value.hasPrefix("failed") }
            #expect(taken == [:])
            #expect(shared.entries.count == before)
        }
    }

    @Test("refuse another log, and a store that shares none.")
    func otherLog() throws {
        let directory = TemporaryDirectory()
        let shared = MemoryLog.Shared.make()
        let host = try ReplicaHost.make(1, of: shared, in: directory.path)[0]
        host.end()
        let other = MemoryLog.Shared(clock: 0)
        let stranger = try ReplicaHost("stranger", host.directory, other, .log, nil)
        for _ in 0..<12_000 where stranger.writer.replication!.stopReason == nil { usleep(5_000) }
        #expect(
            "\(String(describing: stranger.writer.replication!.stopReason))".contains(
                "and this store has applied"))
        stranger.writer.stop()
        #expect(throws: StoreError.replica(.isAReplica)) {
            try stranger.store.write { (_) throws(StoreError) in }
        }
    }
}

extension ReplicaHost {
    /// Writes one command after the other, so that each has a message of its own.
    fileprivate func write(messages count: Int) throws {
        for number in 0..<count {
            _ = try [self].run(commands: 1, seed: 90 + UInt64(number))
        }
    }
}

extension SharedLogEntry {
    /// The same under another number.
    fileprivate func at(_ sequence: Int) -> SharedLogEntry {
        SharedLogEntry(sequence: UInt64(sequence), time: time, message: message)
    }

    /// It as a command, as the store's own log has it.
    fileprivate var command: [UInt8] {
        var writer = CommandWriter(.replicate)
        writer.word(sequence + 1)
        writer.word(time)
        writer.words([])
        writer.bytes(message)
        return writer.bytes
    }

    /// One behind it, the first message of another host.
    fileprivate func next(with commands: [[UInt8]], sent: Int64? = nil) -> SharedLogEntry {
        var body: [UInt8] = []
        // SAFETY: the array's own bytes, copied during the call.
        for command in commands { command.withUnsafeBytes { LogMessage.append($0, to: &body) } }
        let message = LogMessage(
            session: .random, number: 1, sent: sent ?? time,
            base: LogMessage.Base(sequence: 0, chain: 0), host: HostName("other")!,
            count: commands.count, body: body[...])
        return SharedLogEntry(sequence: sequence + 1, time: time, message: message.bytes)
    }

    /// One behind it, whose message is this one's with a change.
    fileprivate func next(_ change: (inout [UInt8]) -> Void) -> SharedLogEntry {
        var message = message
        change(&message)
        return SharedLogEntry(sequence: sequence + 1, time: time, message: message)
    }
}
