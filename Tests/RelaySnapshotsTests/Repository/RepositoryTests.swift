import Glibc
import RelayStore
import TestSupport
import Testing

@testable import RelaySnapshots

@Suite struct RepositoryTests {
    @Test("A second snapshot adds what has changed, and both are what was taken.")
    func incremental() throws {
        let fixture = try SnapshotFixture(orders: 6_000)
        defer { fixture.keep() }
        let repository = try Repository(creating: fixture.file("repository"))
        let first = try repository.take(fixture.store, SnapshotFixture.options)
        var random = SplitMix(state: 1)
        // One in a hundred, anywhere.
        try fixture.update((0..<60).map { _ in .random(in: 1...6_000, using: &random) }, to: "x")
        let folder = try fixture.take("folder")
        let second = try repository.take(fixture.store, SnapshotFixture.options)
        let added = try #require(second.manifest.stored).addedBytes
        let whole = try #require(first.manifest.stored).addedBytes
        #expect(added * 100 < whole * 5, "\(added) of \(whole)")
        let listed = try repository.list().entries
        #expect(listed.map { $0.manifest?.stored } == [first, second].map { $0.manifest.stored })
        // The same commit, whether in a directory or in packs.
        #expect(try folder.manifest().blake2b == second.manifest.blake2b)
        for id in try repository.ids() {
            #expect(try repository.verify(id, .quick).findings == [])
            #expect(try repository.verify(id, .full).findings == [])
        }
        #expect(try repository.verifyAll(.full).isSound)
    }

    @Test("What was killed while it made a repository is no obstacle, anything else is.")
    func begun() throws {
        let fixture = try SnapshotFixture(orders: 20)
        defer { fixture.keep() }
        let path = fixture.file("repository")
        for name in ["", "/packs", "/maps"] { mkdir(path + name, 0o700) }
        try Disk.write([0], to: path + "/repository.part-1")
        let repository = try Repository(creating: path)
        _ = try repository.take(fixture.store, SnapshotFixture.options)
        #expect(try repository.verifyAll(.full).isSound)
        mkdir(fixture.file("photos"), 0o700)
        mkdir(fixture.file("photos/packs"), 0o700)
        mkdir(fixture.file("photos/of-may"), 0o700)
        #expect(throws: SnapshotError.occupied(path: fixture.file("photos"))) {
            try Repository(creating: fixture.file("photos"))
        }
        #expect(throws: SnapshotError.repositoryExists(path: path)) {
            try Repository(creating: path)
        }
    }

    @Test("A snapshot without changes adds next to nothing.")
    func unchanged() throws {
        let fixture = try SnapshotFixture()
        defer { fixture.keep() }
        let repository = try Repository(creating: fixture.file("repository"))
        _ = try repository.take(fixture.store, SnapshotFixture.options)
        let again = try repository.take(fixture.store, SnapshotFixture.options)
        #expect(again.manifest.stored?.addedPages == 0)
        #expect(try repository.ids().count == 2)
        #expect(try repository.status().packs == 1)
    }

    @Test("A snapshot is found by its id, by the beginning of it, and as the latest.")
    func names() throws {
        let fixture = try SnapshotFixture(orders: 20)
        defer { fixture.keep() }
        let repository = try Repository(creating: fixture.file("repository"))
        let first = try repository.take(fixture.store, SnapshotFixture.options)
        try fixture.add(1)
        let second = try repository.take(fixture.store, SnapshotFixture.options)
        #expect(try SnapshotSource(first.id).manifest() == first.manifest)
        #expect(try SnapshotSource(repository.path + ":latest").manifest() == second.manifest)
        #expect(try SnapshotSource(String(first.id.dropLast(3))).manifest() == first.manifest)
        for name in ["2", "", "x"] {
            #expect(throws: SnapshotError.self) { try SnapshotSource("\(repository.path):\(name)") }
        }
    }

    @Test("Every flipped bit of a repository is found.")
    func flippedBits() throws {
        let fixture = try SnapshotFixture(orders: 60)
        defer { fixture.keep() }
        let repository = try Repository(creating: fixture.file("repository"))
        _ = try repository.take(fixture.store, SnapshotFixture.options)
        try fixture.add(10)
        _ = try repository.take(fixture.store, SnapshotFixture.options)
        var files: [String] = []
        for directory in [repository.packs, repository.maps, repository.snapshots] {
            files += try Disk.names(in: directory)!.map { "\(directory)/\($0)" }
        }
        #expect(files.count == 6)
        var random = SplitMix(state: 8)
        for round in 0..<rounds("RELAY_BIT_FLIPS", default: 42) {
            let path = files[round % files.count]
            let bit = try Int.random(in: 0..<Disk.size(of: path) * 8, using: &random)
            flip(bit: bit, of: path)
            #expect(try !repository.verifyAll(.quick).isSound, "bit \(bit) of \(path)")
            #expect(try !repository.verifyAll(.full).isSound, "bit \(bit) of \(path)")
            flip(bit: bit, of: path)
        }
        #expect(try repository.verifyAll(.full).isSound)
    }

    @Test("A missing or torn pack is named, and the next snapshot stores its pages again.")
    func healing() throws {
        let fixture = try SnapshotFixture()
        defer { fixture.keep() }
        let repository = try Repository(creating: fixture.file("repository"))
        _ = try repository.take(fixture.store, SnapshotFixture.options)
        let name = try #require(repository.packNames().first)
        let path = "\(repository.packs)/\(name).pack"
        truncate(path, try off_t(Disk.size(of: path) - 1))
        let id = try repository.ids()[0]
        let report = try repository.verify(id, .full)
        #expect(report.findings.contains { $0.contains(name) })
        #expect(throws: SnapshotError.self) {
            _ = try SnapshotRestoration.restore(
                .stored(repository, id: id), to: fixture.file("restored"))
        }
        _ = try repository.take(fixture.store, SnapshotFixture.options)
        for id in try repository.ids() { #expect(try repository.verify(id, .full).isSound) }
        unlink(path)
        #expect(try repository.verify(id, .quick).findings == ["pack \(name) is missing"])
    }

    @Test("A snapshot of a repository becomes a store with another epoch.")
    func restore() throws {
        let fixture = try SnapshotFixture()
        defer { fixture.keep() }
        let repository = try Repository(creating: fixture.file("repository"))
        _ = try repository.take(fixture.store, SnapshotFixture.options)
        let outcome = try SnapshotRestoration.restore(
            SnapshotSource(repository.path + ":latest"), to: fixture.file("restored"))
        let restored = try Store.open(at: fixture.file("restored"))
        #expect(restored.metadata.epoch == outcome.epoch)
        #expect(outcome.epoch != outcome.manifest.epoch)
        #expect(try StoreExamination.examine(restored).isSound)
    }

    @Test("Who writes is alone, and nobody prunes while somebody reads.")
    func locks() throws {
        let fixture = try SnapshotFixture(orders: 10)
        defer { fixture.keep() }
        let repository = try Repository(creating: fixture.file("repository"))
        do {
            let lock = try repository.lockForWriting(.none)
            #expect {
                _ = try repository.take(fixture.store, SnapshotFixture.options)
            } throws: { $0.isBusy(repository.path) }
            withExtendedLifetime(lock) {}
        }
        _ = try repository.take(fixture.store, SnapshotFixture.options)
        let lock = try repository.lockForReading(.none)
        #expect {
            _ = try repository.prune(RetentionPolicy(last: 1))
        } throws: { $0.isBusy(repository.path) }
        #expect(try repository.verify(repository.id("latest"), .quick).isSound)
        withExtendedLifetime(lock) {}
    }
}
