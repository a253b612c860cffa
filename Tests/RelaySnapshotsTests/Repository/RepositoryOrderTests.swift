import CivilTime
import Testing

@testable import RelaySnapshots

@Suite("The order of snapshots") struct RepositoryOrderTests {
    /// A repository with a snapshot of each of some changes, dated so many hours from now.
    private func repository(_ fixture: SnapshotFixture, hours: [Int]) throws -> Repository {
        let repository = try Repository(creating: fixture.file("repository"))
        for (number, hour) in hours.enumerated() {
            try fixture.add(1)
            _ = try repository.take(fixture.store, SnapshotFixture.options)
            let id = try #require(repository.ids().last { !$0.contains("#") })
            var manifest = try repository.manifest(id)
            manifest.createdAt = Timestamp(
                milliseconds: Timestamp.now.milliseconds + Int64(hour) * 3_600_000)
            manifest.label = "\(number)"
            let name = "\(manifest.createdAt.description.filter { $0.isNumber || $0 == "T" })Z#"
            try Disk.remove(repository.manifestPath(id))
            try Disk.write(manifest.encoded, to: repository.manifestPath(name))
        }
        return repository
    }

    private func labels(_ repository: Repository) throws -> [String?] {
        try repository.ordered().map { $0.manifest?.label }
    }

    @Test("is that of their changes, whatever the clock said, and the latest is the last.")
    func clockAhead() throws {
        let fixture = try SnapshotFixture(orders: 20)
        defer { fixture.keep() }
        let repository = try repository(fixture, hours: [-30, 24 * 365, -2, -1])
        #expect(try labels(repository) == ["0", "1", "2", "3"])
        let latest = try repository.manifest(repository.id("latest"))
        #expect(latest.label == "3")
        let warnings = try repository.list().warnings
        #expect(warnings.count == 1 && warnings[0].contains("the clock was ahead"))
        let policy = RetentionPolicy(last: 1, daily: 1)
        let outcome = try repository.prune(policy)
        #expect(outcome.warnings.contains { $0.contains("the clock was ahead") })
        #expect(try labels(repository) == ["3"])
    }

    @Test("has a snapshot from the future behind the one before it, until there is a newer one.")
    func newestAhead() throws {
        let fixture = try SnapshotFixture(orders: 20)
        defer { fixture.keep() }
        let repository = try repository(fixture, hours: [-3, -2, 24 * 365])
        #expect(try labels(repository) == ["0", "1", "2"])
        try fixture.add(1)
        _ = try repository.take(fixture.store, SnapshotFixture.options)
        #expect(try labels(repository) == ["0", "1", "2", nil])
    }

    @Test("of a machine whose clock is far behind is the same, and no rule removes all.")
    func clockBehind() throws {
        let fixture = try SnapshotFixture(orders: 20)
        defer { fixture.keep() }
        let repository = try repository(fixture, hours: [-3, -2, -1])
        let past = try repository.ordered(now: Timestamp(milliseconds: 0))
        #expect(past.map { $0.manifest?.label } == ["0", "1", "2"])
        #expect(past.allSatisfy { $0.isAhead && $0.time != nil })
    }
}
