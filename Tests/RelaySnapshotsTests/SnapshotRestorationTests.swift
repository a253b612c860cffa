import Glibc
import RelayContract
import RelayRecords
import RelayStore
import TestSupport
import Testing

@testable import RelaySnapshots

@Suite struct SnapshotRestorationTests {
    @Test("A restored store has the snapshot's records and another epoch.")
    func restore() throws {
        let fixture = try SnapshotFixture()
        defer { fixture.keep() }
        let folder = try fixture.take("snapshot")
        try fixture.add(50)
        let outcome = try SnapshotRestoration.restore(
            .folder(folder), to: fixture.file("restored"))
        #expect(outcome.sequence == 300)
        #expect(try Disk.names(in: fixture.file("restored")) == ["data.mdb"])
        let restored = try Store.open(at: fixture.file("restored"))
        #expect(restored.metadata.epoch == outcome.epoch)
        #expect(restored.metadata.epoch != fixture.store.metadata.epoch)
        #expect(restored.metadata.created == fixture.store.metadata.created)
        #expect(try StoreExamination.examine(restored).findings == [])
        #expect(try restored.check().documents == 300)
    }

    @Test("A damaged snapshot is not restored, and a store is never replaced.")
    func refused() throws {
        let fixture = try SnapshotFixture(orders: 20)
        defer { fixture.keep() }
        let folder = try fixture.take("snapshot")
        #expect(throws: SnapshotError.occupied(path: fixture.file("store"))) {
            _ = try SnapshotRestoration.restore(
                .folder(folder), to: fixture.file("store"))
        }
        flip(bit: 70_001, of: folder.dataPath)
        #expect(throws: SnapshotError.self) {
            _ = try SnapshotRestoration.restore(
                .folder(folder), to: fixture.file("restored"))
        }
        #expect(try Disk.names(in: fixture.directory.path) == ["snapshot", "store"])
    }

    @Test("A dry run makes nothing.")
    func dryRun() throws {
        let fixture = try SnapshotFixture(orders: 20)
        defer { fixture.keep() }
        let folder = try fixture.take("snapshot")
        let outcome = try SnapshotRestoration.restore(
            .folder(folder), to: fixture.file("restored"), dryRun: true)
        #expect(outcome.epoch == nil && outcome.report.isSound)
        #expect(try Disk.names(in: fixture.directory.path) == ["snapshot", "store"])
    }

    @Test("A replay brings the changes after the snapshot back, up to the one that is named.")
    func replay() throws {
        let fixture = try SnapshotFixture(orders: 20)
        defer { fixture.keep() }
        let folder = try fixture.take("snapshot")
        try fixture.add(700)
        try fixture.update([3, 600], to: "later ")
        let later = try fixture.take("later")
        try fixture.update([3], to: "too late ")
        let source = try Store.open(
            at: later.path, options: StoreOptions(isReadOnly: true))
        let outcome = try SnapshotRestoration.restore(
            .folder(folder), to: fixture.file("restored"),
            replay: ChangeReplay(upTo: 722, from: source))
        #expect(outcome.sequence == 722)
        let restored = try Store.open(at: fixture.file("restored"))
        #expect(try StoreExamination.examine(restored).findings == [])
        let before = try source.pin()
        let after = try restored.pin()
        var differences = 0
        try before.view.forEachDifference(to: after.view) { (_, _) throws(StoreError) in
            differences += 1
            return true
        }
        #expect(differences == 0)
    }

    /// Order 7 with all its comments, and in how many segments they are.
    private func largeOrder(_ store: Store) throws -> (json: [UInt8], segments: Int)? {
        let pinned = try store.pin()
        guard let document = try pinned.view.document(Resource.order.key(1, 7)) else { return nil }
        let json = try pinned.view.withJSON(of: document) { Array($0) }
        return (json, document.segments.count)
    }

    @Test("An order with many comments is restored, replayed and compared as any other.")
    func largeOrders() throws {
        let fixture = try SnapshotFixture(orders: 20)
        defer { fixture.keep() }
        let new = NewComment(text: String(repeating: "x", count: 9_000), authorName: "a")
        try fixture.change((0..<30).map { _ in CreateComment(7, new, []) })
        let folder = try fixture.take("snapshot")
        let first = try #require(try largeOrder(fixture.store))
        #expect(first.segments == 4)
        try fixture.change((0..<30).map { _ in CreateComment(7, new, []) })
        try fixture.change([DeleteComment(7, 3, .none)])
        let second = try #require(try largeOrder(fixture.store))
        let later = try fixture.take("later")
        _ = try SnapshotRestoration.restore(.folder(folder), to: fixture.file("restored"))
        _ = try SnapshotRestoration.restore(
            .folder(folder), to: fixture.file("replayed"),
            replay: ChangeReplay(upTo: 81, from: fixture.store))
        for (name, wanted) in [("restored", first), ("replayed", second)] {
            let store = try Store.open(at: fixture.file(name))
            #expect(try StoreExamination.examine(store).findings == [])
            let found = try #require(try largeOrder(store))
            #expect(found.json == wanted.json && found.segments == wanted.segments)
        }
        var differences: [String] = []
        let last = try OpenSnapshot(later.path)
        try SnapshotDifference.forEach(
            from: OpenSnapshot(folder.path), to: last, withFields: true
        ) { difference in
            let names = difference.fields.map(\.name)
            differences.append("\(difference.kind) \(difference.resource) \(names)")
        }
        #expect(differences == ["changed order [\"comments\"]"])
        #expect(try last.json(of: Resource.order.key(1, 7)) == second.json)
    }

    @Test("A replay that cannot reach its end says so before anything is made.")
    func unreachable() throws {
        let fixture = try SnapshotFixture(orders: 20)
        defer { fixture.keep() }
        let folder = try fixture.take("snapshot")
        let other = try SnapshotFixture(orders: 30)
        defer { other.keep() }
        for (sequence, source) in [
            (21, fixture.store!), (19, fixture.store!), (25, other.store!),
        ] {
            let replay = ChangeReplay(upTo: UInt64(sequence), from: source)
            #expect(throws: SnapshotError.self) {
                _ = try SnapshotRestoration.restore(
                    .folder(folder), to: fixture.file("restored"), replay: replay)
            }
        }
        #expect(try Disk.names(in: fixture.directory.path) == ["snapshot", "store"])
    }

    @Test("Where a replay ends, and why, is said with the number that can be reached.")
    func reach() throws {
        let fixture = try SnapshotFixture(orders: 20)
        defer { fixture.keep() }
        let folder = try fixture.take("snapshot")
        try fixture.add(3)
        // A load leaves a record of its kind, and its records elsewhere.
        try fixture.store.write { (transaction) throws(StoreError) in
            _ = try transaction.recordChange(
                account: 1, kind: RecordLoader.changeKind, time: 1_767_225_600_000)
        }
        try fixture.add(1)
        let replay = ChangeReplay(upTo: 25, from: fixture.store)
        let reason =
            "change 24 is a bulk load, whose records are not in the change log; from this snapshot, "
            + "the log reaches to 23: name that, or take a snapshot from after it"
        #expect(throws: SnapshotError.unreachable(reason: reason)) {
            _ = try SnapshotRestoration.restore(
                .folder(folder), to: fixture.file("restored"), replay: replay)
        }
        let reached = try SnapshotRestoration.restore(
            .folder(folder), to: fixture.file("restored"),
            replay: ChangeReplay(upTo: 23, from: fixture.store))
        #expect(reached.sequence == 23)
    }
}
