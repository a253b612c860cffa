import Glibc
import Testing

@testable import RelaySnapshots

@Suite("A repository of many snapshots") struct RepositoryGrowthTests {
    @Test("is pruned into fewer packs, all that stays is sound, and each frame is read once.")
    func many() throws {
        let count = rounds("RELAY_GROWTH", default: 24)
        let fixture = try SnapshotFixture(orders: 1_000)
        defer { fixture.keep() }
        let repository = try Repository(creating: fixture.file("repository"))
        var random = SplitMix(state: 13)
        for round in 0..<count {
            let ids = (0..<20).map { _ in UInt64.random(in: 1...1_000, using: &random) }
            try fixture.update(ids, to: "round \(round) ")
            _ = try repository.take(fixture.store, SnapshotFixture.options)
        }
        let packs = repository.packNames().count
        #expect(packs == count)
        let listed = try time("list") { try repository.list().entries.count }
        #expect(listed == count)
        let bytes = repository.packNames().reduce(0) { $0 + repository.packBytes($1) }
        // The sums of all snapshots are compared, and no byte of a pack is read twice.
        let read = try time("verify") { try repository.verifyAll(.quick).bytes }
        #expect(read < bytes)
        _ = try time("prune") { try repository.prune(RetentionPolicy(last: count / 2)) }
        #expect(repository.ids().count == count / 2)
        #expect(try repository.verifyAll(.quick).findings == [])
        #expect(try repository.verify(repository.id("latest"), .full).findings == [])
        #expect(try repository.verify(repository.ids()[0], .full).findings == [])
        #expect(repository.packNames().count <= packs * 3 / 4)
    }

    /// Prints what a step took in a run that asks for more snapshots than usual.
    private func time<Value>(_ name: String, _ body: () throws -> Value) rethrows -> Value {
        let start = clock()
        let value = try body()
        if getenv("RELAY_GROWTH") != nil { print(name, (clock() - start) / 1_000, "ms of CPU") }
        return value
    }
}
