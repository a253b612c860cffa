import Foundation
import Synchronization
import TestSupport
import Testing

@testable import RelayRecords
@testable import RelayStore

/// What a log of commands relies on: that a command comes to the same wherever transactions end.
@Suite("Commands in other groups")
struct GroupedCommandsTests {
    /// What commands came to, in their order.
    private final class Outcomes: Sendable {
        private let texts = Mutex<[Int: String]>([:])

        func add(_ number: Int, _ result: Result<any Sendable, StoreError>) {
            let text =
                switch result {
                case .success(let outcome): "\(outcome)"
                case .failure(let error): "failed: \(error)"
                }
            texts.withLock { texts in
                precondition(texts[number] == nil, "completed twice")
                texts[number] = text
            }
        }

        var all: [Int: String] { texts.withLock { $0 } }
    }

    /// A store of a fixed birth.
    private func makeStore() throws -> Store {
        let store = try Store.inMemory()
        try store.write { (transaction) throws(StoreError) in
            let (time, key) = (
                StoreTime.beginning(RecordFixture.time.milliseconds).record, StoreTime.key
            )
            try transaction.put(
                time.span.bytes, at: key.span.bytes, in: transaction.databases.meta)
        }
        return store
    }

    /// Applies commands as the writer does, in groups of those sizes.
    private func apply(
        _ commands: [(encoding: [UInt8], time: CommandTime)], to store: Store,
        groupSize: () -> Int
    ) throws -> [Int: String] {
        let outcomes = Outcomes()
        let group = GroupCommit(store.core, Retention(), StoreHealth())
        let decoder = CommandDecoder(RecordApplier())
        var start = 0
        while start < commands.count {
            let end = min(commands.count, start + groupSize())
            var batch: [QueuedCommand] = []
            for number in start..<end {
                let command = try decoder.pending(commands[number].encoding) {
                    outcomes.add(number, $0)
                }
                // Read once more from what it is written as.
                command.withEncoding { #expect($0.elementsEqual(commands[number].encoding)) }
                batch.append(QueuedCommand(command, at: commands[number].time))
            }
            group.commitAll(batch)
            start = end
        }
        return outcomes.all
    }

    /// `RELAY_COMMANDS` of them; the default is what a run of all tests has the time for.
    @Test("give the same documents, versions, ids, answers and bytes.")
    func grouped() throws {
        let count = ProcessInfo.processInfo.environment["RELAY_COMMANDS"].flatMap(Int.init) ?? 6_000
        var source = CommandSource(seed: 16)
        let commands = (0..<count).map { _ in source.next() }
        // What a shared log has is made of the others, or is about the log.
        let kinds = CommandKind.allCases.filter {
            ![.replicate, .uploaded, .raiseLevel, .markLog].contains($0)
        }
        #expect(Set(commands.map { $0.encoding[0] }) == Set(kinds.map(\.rawValue)))
        let changes = commands.filter { $0.encoding[0] == CommandKind.changeRecords.rawValue }
        // Loads are commands of their own; dated ones are no longer made.
        #expect(
            Set(changes.map { $0.encoding[12] }).union([ChangeKind.loadRecords.rawValue])
                == Set(ChangeKind.allCases.map(\.rawValue))
                .subtracting([ChangeKind.loadDatedRecords.rawValue]))
        let one = try makeStore()
        let expected = try apply(commands, to: one) { 1 }
        let contents = try StoreContents(one)
        var random = SplitMix(state: 3)
        for most in [7, 300] {
            let other = try makeStore()
            let outcomes = try apply(commands, to: other) {
                Int.random(in: 1...most, using: &random)
            }
            let wrong = (0..<count).first { outcomes[$0] != expected[$0] }
            if let wrong {
                Issue.record(
                    "\(wrong): \(expected[wrong] ?? "nothing") | \(outcomes[wrong] ?? "nothing")")
            }
            #expect(try StoreContents(other).differences(from: contents) == [])
        }
        let report = try one.check()
        #expect(report.faults == [])
        let failed = expected.values.count { $0.hasPrefix("failed") }
        #expect(failed > 0 && failed < count / 5, "\(failed)")
    }
}
