import Foundation
import Synchronization
import System
import TestSupport
import Testing

@testable import LMDB
@testable import RelayRecords
@testable import RelayStore

/// A store that is written through its log, and copies of its directory as a crash leaves them.
@Suite("The log")
struct CommandLogTests {
    /// A store of a fixed birth in a directory, with its writer's part that commits.
    private struct Logged {
        let directory: String
        let store: Store
        let group: GroupCommit
        let decoder = CommandDecoder(RecordApplier())

        init(in directory: String, segmentBytes: Int = 64 << 10) throws {
            self.directory = directory
            store = try Store.create(at: directory, options: .ofLog)
            try store.write { (transaction) throws(StoreError) in
                let (time, key) = (
                    StoreTime.beginning(RecordFixture.time.milliseconds).record, StoreTime.key
                )
                try transaction.put(
                    time.span.bytes, at: key.span.bytes, in: transaction.databases.meta)
            }
            let health = StoreHealth()
            let log = try CommandLog(store.core, health, segmentBytes: segmentBytes)
            group = GroupCommit(store.core, Retention(), health, log: log)
        }

        func apply(_ commands: ArraySlice<(encoding: [UInt8], time: CommandTime)>) throws {
            group.commitAll(
                try commands.map { command in
                    QueuedCommand(
                        try decoder.pending(command.encoding) { _ in }, at: command.time)
                })
        }
    }

    /// Copies a store's directory as it is now: what a process that is killed leaves.
    private func copy(_ store: String, to other: String) throws {
        try FileManager.default.createDirectory(
            atPath: other + "/log", withIntermediateDirectories: true)
        let log = try FileManager.default.contentsOfDirectory(atPath: store + "/log")
        for name in log.map({ "log/" + $0 }) + ["data.mdb"] {
            try FileManager.default.copyItem(atPath: "\(store)/\(name)", toPath: "\(other)/\(name)")
        }
    }

    /// Makes of a copy what a power cut may leave: the checkpoint's pages, and garbage everywhere else.
    private func cutPower(_ store: String) throws {
        let control = try #require(try LogControl(openingIn: store + "/log"))
        let state = try #require(try control.read())
        let checkpoint = try #require(state.checkpoint)
        try checkpoint.putBack(in: store)
        let file = try DiskFile(store + "/data.mdb", .writing)
        let used = try usedPages(store)
        var random = SplitMix(state: checkpoint.transactionID)
        let garbage = (0..<4_096).map { _ in UInt8.random(in: 0...255, using: &random) }
        for page in 0..<(try file.size() / 4_096) where !used.contains(page) {
            try garbage.withUnsafeBytes { try file.write($0, at: page * 4_096) }
        }
        // Both meta pages as well: nothing of them may be relied on.
        try garbage.withUnsafeBytes {
            try file.write($0, at: 0)
            try file.write($0, at: 4_096)
        }
        try control.write(
            LogControl.State(
                number: state.number + 1, identity: state.identity,
                segmentBytes: state.segmentBytes, boot: .unknown, checkpoint: checkpoint,
                rootSum: state.rootSum, position: state.position))
    }

    /// Pages that the commit in the file uses.
    private func usedPages(_ store: String) throws -> Set<Int> {
        let environment = try Environment.open(
            at: store, options: EnvironmentOptions(mapBytes: 1 << 30), schema: Databases.schema)
        let image = try CommitImage(environment)
        return Set((2..<image.pages.count).filter { !image.pages.free.contains($0) })
    }

    private func recovered(_ store: String) throws -> (Store, RecoveryProgress?) {
        nonisolated(unsafe) var last: RecoveryProgress?
        let store = try Store.open(
            at: store, options: .ofLog, recovery: .records(progress: { last = $0 }))
        return (store, last)
    }

    @Test("gives back what was committed: after a kill, after a power cut, and after both again.")
    func recovery() throws {
        let directory = TemporaryDirectory()
        let count = ProcessInfo.processInfo.environment["RELAY_COMMANDS"].flatMap(Int.init) ?? 2_000
        var source = CommandSource(seed: 17)
        var random = SplitMix(state: 5)
        let logged = try Logged(in: directory.path + "/store")
        var done = 0
        var crashes = 0
        while done < count {
            let commands = (0..<Int.random(in: 1...40, using: &random)).map { _ in source.next() }
            try logged.apply(commands[...])
            done += commands.count
            guard Int.random(in: 0..<8, using: &random) == 0 else { continue }
            crashes += 1
            let contents = try StoreContents(logged.store)
            for hasPower in [true, false] {
                let place = "\(directory.path)/copy-\(crashes)-\(hasPower)"
                try copy(logged.directory, to: place)
                if !hasPower { try cutPower(place) }
                let (store, progress) = try recovered(place)
                #expect(try StoreContents(store).differences(from: contents) == [])
                #expect(try store.check().faults == [])
                #expect(progress?.isFromCheckpoint == !hasPower)
                try FileManager.default.removeItem(atPath: place)
            }
        }
        #expect(crashes > 3)
        logged.group.log?.close()
        // It ended in order: nothing is left to be done.
        let contents = try StoreContents(logged.store)
        let place = directory.path + "/ended"
        try copy(logged.directory, to: place)
        let store = try Store.open(at: place, options: .ofLog)
        #expect(try StoreContents(store).differences(from: contents) == [])
    }
}

extension StoreOptions {
    /// A small map: many are open beside each other.
    fileprivate static let ofLog = StoreOptions(mapBytes: 1 << 30)
}
