import Glibc
import HTTP2
import RelayClient
import RelayContract
import RelayStore
import Synchronization
import System
import TestSupport
import Testing

@testable import RelaySnapshots

@Suite("Snapshots under load", .serialized) struct SnapshotLoadTests {
    @Test("Each verifies, and is the state that the changes up to its last one make.")
    func load() throws {
        let rounds = variable("RELAY_SNAPSHOTS", default: 4)
        let sample = try SampleStore()
        let key = try sample.makeKey()
        let relayd = try sample.serve()
        let store = try Store.open(at: sample.store)
        // The state that changes are replayed onto, from one snapshot to the next.
        let first = try SnapshotCopy.take(
            store, to: sample.directory.file("first"), SnapshotOptions(program: "tests"))
        _ = try SnapshotRestoration.restore(
            SnapshotSource(first.id), to: sample.directory.file("replica"))
        let replica = try Store.open(at: sample.directory.file("replica"))
        let repository = try Repository(creating: sample.directory.file("repository"))
        let writers = try (0..<3).map { try LoadWriter(try relayd.connect(), key: key, number: $0) }

        var previous = first.manifest
        for round in 0..<rounds {
            let acknowledged = writers.map(\.acknowledged)
            let options = SnapshotOptions(program: "tests")
            let name = sample.directory.file("snapshot")
            // In turns: pages of a directory, and packs of a repository.
            let outcome =
                try round % 2 == 0
                ? SnapshotCopy.take(store, to: name, options) : repository.take(store, options)
            #expect(try SnapshotSource(outcome.id).verify(.full).findings == [])
            let replay = ChangeReplay(upTo: outcome.manifest.sequence, from: store)
            #expect(
                try replay.apply(to: replica, from: previous, .none)
                    == outcome.manifest.sequence)
            let snapshot = try OpenSnapshot(outcome.id)
            #expect(try differences(snapshot.store, replica) == 0)
            let orders = try snapshot.store.makeReader().view
                .counter(account: 1, resource: 5).lastID
            for id in acknowledged { #expect(id <= orders, "an acknowledged write is missing") }
            previous = outcome.manifest
            TemporaryDirectory.remove(name)
        }
        for writer in writers { writer.stop() }
        #expect(previous.sequence > first.manifest.sequence)
        #expect(try repository.verifyAll(.quick).isSound)
        #expect(relayd.stop() == 0)
    }

    private func differences(_ first: Store, _ second: Store) throws -> Int {
        let before = try first.pin()
        let after = try second.pin()
        var count = 0
        try before.view.forEachDifference(to: after.view) { (_, _) throws(StoreError) in
            count += 1
            return true
        }
        return count
    }
}

/// Creates orders, as fast as they are acknowledged, on a thread of its own.
private final class LoadWriter: Sendable {
    private let last = Atomic<UInt64>(0)
    private let ends = Atomic<Bool>(false)
    private let thread = Mutex<BackgroundThread?>(nil)

    init(_ connection: ClientConnection, key: String, number: Int) throws {
        let box = Connection(connection, key: key)
        let worker = try BackgroundThread { [self] in
            var count = 0
            while !ends.load(ordering: .relaxed) {
                let order = NewOrder(title: "writer \(number), order \(count)")
                guard let id = try? box.client.createOrder(order).value.id else { return }
                last.store(id, ordering: .releasing)
                count += 1
            }
        }
        thread.withLock { $0 = worker }
    }

    /// The highest id that was acknowledged.
    var acknowledged: UInt64 { last.load(ordering: .acquiring) }

    func stop() {
        ends.store(true, ordering: .relaxed)
        thread.withLock { $0?.join() }
    }

    private final class Connection: @unchecked Sendable {
        // SAFETY: made by one thread, used by the writer's only.
        let client: RelayClient
        init(_ connection: ClientConnection, key: String) {
            client = RelayClient(connection: connection, key: key)
        }
    }
}

/// How often a test repeats itself: few times in every run, as often as the variable says on
/// demand.
func variable(_ name: String, default count: Int) -> Int {
    getenv(name).flatMap { Int(String(cString: $0)) } ?? count
}
