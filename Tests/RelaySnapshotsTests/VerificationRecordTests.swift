import CivilTime
import Testing

@testable import RelaySnapshots

@Suite("What verifications found") struct VerificationRecordTests {
    private func repository(_ fixture: SnapshotFixture, snapshots: Int) throws -> Repository {
        let repository = try Repository(creating: fixture.file("repository"))
        for _ in 0..<snapshots {
            try fixture.add(40)
            _ = try repository.take(fixture.store, SnapshotFixture.options)
        }
        return repository
    }

    @Test("keeps the last snapshot that verified from being pruned.")
    func lastVerified() throws {
        let fixture = try SnapshotFixture(orders: 20)
        defer { fixture.keep() }
        let repository = try repository(fixture, snapshots: 4)
        let ids = try repository.ids()
        #expect(try repository.verify(ids[1], .full).isSound)
        #expect(try repository.verify(ids[2], .quick).isSound)
        let outcome = try repository.prune(RetentionPolicy(last: 1))
        #expect(outcome.kept == Array(ids[1...]) && outcome.removed == [ids[0]])
        #expect(outcome.warnings.filter { $0.contains("last that verified") }.count == 2)
        #expect(try repository.verify(ids[3], .full).isSound)
        #expect(try repository.prune(RetentionPolicy(last: 1)).kept == [ids[3]])
        #expect(
            try Disk.names(in: repository.snapshots) == [ids[3] + ".json", ids[3] + ".verified"])
        #expect(try repository.verifyAll(.full).isSound)
    }

    @Test("lets no damaged snapshot take a good one's place.")
    func damaged() throws {
        let fixture = try SnapshotFixture(orders: 20)
        defer { fixture.keep() }
        let repository = try repository(fixture, snapshots: 3)
        let ids = try repository.ids()
        try repository.note(ids.suffix(2).map { ($0, false) }, .full)
        #expect(try repository.prune(RetentionPolicy(last: 2), dryRun: true).kept == ids)
        let list = try repository.list().entries
        #expect(list.map(\.verification.isDamaged) == [false, true, true])
        #expect(try repository.status().damaged == 2)
        // Sums that are right do not disprove what a full verification found.
        #expect(try repository.verify(ids[2], .quick).isSound)
        #expect(try repository.verification(ids[2]).isDamaged)
        #expect(try repository.verify(ids[2], .full).isSound)
        #expect(try !repository.verification(ids[2]).isDamaged)
    }

    @Test("is in a file that is read as it was written, or counts as nothing.")
    func file() {
        var record = VerificationRecord([])
        #expect(record == VerificationRecord())
        record.note(.quick, isSound: true, at: Timestamp(milliseconds: 5))
        record.note(.full, isSound: true, at: Timestamp(milliseconds: 7))
        #expect(record.verifiedAt == Timestamp(milliseconds: 7))
        #expect(VerificationRecord(record.encoded) == record)
        record.note(.quick, isSound: false, at: Timestamp(milliseconds: 9))
        #expect(record.verifiedAt == nil && VerificationRecord(record.encoded) == record)
    }
}
