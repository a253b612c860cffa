import Foundation
import TestSupport
import Testing

@testable import RelayRecords
@testable import RelayStore

/// Logs as programs before this one have written and applied them: `level-N.txt` has the store that the log
/// began with, its messages, and what a host came to. A program that comes to something else would differ
/// from older ones beside it, and needs a new level.
///
/// A new level is recorded with `RELAY_RECORD_LEVEL=N`; a recorded one is never recorded again.
@Suite("A recorded log")
struct RecordedLogTests {
    private static func path(_ level: Int) -> String {
        #filePath.replacing("RecordedLogTests.swift", with: "level-\(level).txt")
    }

    private static let recorded = ProcessInfo.processInfo.environment["RELAY_RECORD_LEVEL"]
        .flatMap(Int.init)

    @Test(
        "of each level comes to what it came to when it was recorded.",
        arguments: 1...Int(Limits.logLevel))
    func levels(_ level: Int) throws {
        if level == Self.recorded { try record(to: Self.path(level)) }
        let (found, recorded) = try replay(level)
        #expect(found == recorded)
    }

    @Test("shows a command that comes to something else.", arguments: ReplicaHost.Plant.mistakes)
    func planted(_ plant: ReplicaHost.Plant) throws {
        let (found, recorded) = try replay(1, plant: plant)
        #expect(found != recorded)
    }

    /// Has a host apply a recorded log; gives its state, or why it has stopped before, and the recorded state.
    private func replay(
        _ level: Int, plant: ReplicaHost.Plant? = nil
    ) throws -> (found: [String], recorded: [String]) {
        let lines = readText(Self.path(level)).split(separator: "\n").map {
            $0.split(separator: " ").map(String.init)
        }
        let shared = MemoryLog.Shared(clock: 0)
        let directory = TemporaryDirectory()
        let place = directory.file("first")
        var state: [String] = []
        shared.setReadOnly(true)
        do {
            let store = try Store.create(at: place, options: .ofLog)
            var transaction = try StoreTransaction(store.core)
            for line in lines {
                switch line[0] {
                case "meta":
                    let key = Array(line[1].utf8)
                    var value = try #require(Hexadecimal.bytes(line[2].utf8))
                    // The format is that of this program.
                    if line[1] == "store" { value[0] = UInt8(Limits.formatVersion) }
                    try transaction.put(
                        value.span.bytes, at: key.span.bytes, in: store.core.databases.meta)
                case "message":
                    let entry = SharedLogEntry(
                        sequence: try #require(UInt64(line[1])), time: try #require(Int64(line[2])),
                        message: try #require(Hexadecimal.bytes(line[3].utf8)))
                    shared.corrupt { $0.append(entry) }
                default: state = line
                }
            }
            try transaction.commit()
        }
        do {
            let store = try Store.open(at: place, options: .ofLog)
            try store.becomeReplica(shared.entries[0])
        }
        let beginning = try #require(LogBeginning(message: shared.entries[0].message))
        let known = MemoryLog.Shared(identity: beginning.identity, clock: 0)
        known.setReadOnly(true)
        known.corrupt { $0 = shared.entries }
        let host = try ReplicaHost.join(1, known, directory.path, plant: plant)
        let last = try #require(known.entries.last)
        #expect(last.sequence > 100)
        let isWhole = try host.waits(for: last.sequence)
        let found =
            isWhole
            ? Self.text(try #require(try host.store.replicaState()))
            : ["\(String(describing: host.writer.replication?.stopReason))"]
        host.writer.stop()
        return (found, state)
    }

    private static func text(_ state: ReplicaState) -> [String] {
        [
            "state", "\(state.sequence)", "\(state.time)", state.chain.hexDigits,
            state.documents.hexDigits,
        ]
    }

    /// Writes down what a host does with commands of every kind.
    private func record(to path: String) throws {
        let directory = TemporaryDirectory()
        let shared = MemoryLog.Shared.make(3)
        let hosts = try ReplicaHost.make(2, of: shared, in: directory.path)
        var lines: [String] = []
        do {
            let store = try Store.open(at: directory.file("first"), options: .ofLog)
            let view = try store.makeReader()
            for key in ["store", "time"] {
                let name = Array(key.utf8)
                let value = try #require(
                    try view.view.value(name.span.bytes, in: view.view.databases.meta)?.copied())
                lines.append("meta \(key) \(Hexadecimal.text(value))")
            }
        }
        #expect(try hosts.run(commands: 350).open == 0)
        try hosts.expectEqual(shared)
        for entry in shared.entries {
            lines.append(
                "message \(entry.sequence) \(entry.time) \(Hexadecimal.text(entry.message))")
        }
        lines.append(
            Self.text(try #require(try hosts[0].store.replicaState())).joined(separator: " "))
        try (lines.joined(separator: "\n") + "\n").write(
            toFile: path, atomically: true, encoding: .utf8)
        for host in hosts { host.writer.stop() }
    }
}
