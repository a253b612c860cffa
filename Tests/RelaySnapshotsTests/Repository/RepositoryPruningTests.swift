import CivilTime
import Glibc
import JSON
import RelayStore
import TestSupport
import Testing

@testable import RelaySnapshots

@Suite struct RepositoryPruningTests {
    @Test("What is kept is whole after a prune, and what nothing needs is gone.")
    func prune() throws {
        let fixture = try SnapshotFixture(orders: 400)
        defer { fixture.keep() }
        let repository = try Repository(creating: fixture.file("repository"))
        for round in 0..<4 {
            // Most pages change: the first packs become sparse.
            try fixture.update(Array(1...400), to: "round \(round) ")
            _ = try repository.take(fixture.store, SnapshotFixture.options)
        }
        let ids = try repository.ids()
        let before = try repository.byteCount
        let planned = try repository.prune(RetentionPolicy(last: 2), dryRun: true)
        #expect(try planned.removed == Array(ids.prefix(2)) && repository.ids() == ids)
        let outcome = try repository.prune(RetentionPolicy(last: 2))
        #expect(try outcome.kept == Array(ids.suffix(2)) && repository.ids() == outcome.kept)
        #expect(outcome.deletedPacks + outcome.rewrittenPacks > 0)
        #expect(try outcome.freedBytes > 0 && repository.byteCount == before - outcome.freedBytes)
        #expect(try repository.verifyAll(.full).findings == [])
        #expect(try repository.status().unneededPacks == 0)
        #expect(try Disk.names(in: repository.maps)?.count == 2)
        let again = try repository.prune(RetentionPolicy(last: 2))
        #expect(again.removed == [] && again.freedBytes == 0)
    }

    @Test("A prune takes nothing that one before it, which was killed, has moved.")
    func killed() throws {
        let fixture = try SnapshotFixture(orders: 400)
        defer { fixture.keep() }
        let repository = try Repository(creating: fixture.file("repository"))
        for round in 0..<4 {
            // Most pages change, so the first packs become sparse.
            try fixture.update(Array(1...400), to: "round \(round) ")
            _ = try repository.take(fixture.store, SnapshotFixture.options)
        }
        // Killed when all packs were written, and no manifest leads to them yet.
        let before = fixture.file("before")
        #expect(ChildProcess.run("cp", ["-rT", repository.path, before]).code == 0)
        #expect(try repository.prune(RetentionPolicy(last: 1)).rewrittenPacks > 0)
        #expect(ChildProcess.run("cp", ["-rT", before, repository.path]).code == 0)
        _ = try repository.prune(RetentionPolicy(last: 1))
        #expect(try repository.verifyAll(.full).findings == [])
        #expect(try repository.status().unneededPacks == 0)
    }

    @Test(
        "A prune that is killed at any step takes nothing of what stays, and the next one ends it.",
        arguments: [false, true])
    func killedAnywhere(isEncrypted: Bool) throws {
        let fixture = try SnapshotFixture(orders: 200)
        defer { fixture.keep() }
        let (path, before) = (fixture.file("repository"), fixture.file("before"))
        let file = fixture.file("key-file")
        let key = isEncrypted ? RepositoryKey(.keyFile(file)) : .none
        let options = isEncrypted ? ["--key-file", file] : []
        let repository = try Repository(creating: path, key, makesKeyFile: isEncrypted)
        for round in 0..<5 {
            try fixture.update(Array(UInt64(1 + 20 * round)...200), to: "round \(round) ")
            _ = try repository.take(fixture.store, SnapshotFixture.options)
        }
        let kept = try Array(repository.ids().suffix(3))
        #expect(ChildProcess.run("cp", ["-r", path, before]).code == 0)
        let disk = FaultyDisk(in: fixture.directory, of: "/repository")
        func prune() throws -> Int32 {
            let words = ["snapshot", "prune", path, "--keep-last", "3"] + options
            return ChildProcess("relayctl", words, environment: disk.environment).wait()
        }
        let steps: FaultyDisk.Calls = [.write, .sync, .rename, .remove]
        disk.count(steps)
        #expect(try prune() == 0)
        let count = disk.seen
        // Packs, page maps and manifests were written, and old ones removed.
        #expect(count > 40)
        for step in 0..<count {
            #expect(ChildProcess.run("rm", ["-r", path]).code == 0)
            #expect(ChildProcess.run("cp", ["-r", before, path]).code == 0)
            disk.kill(steps, after: step)
            let code = try prune()
            #expect(code != 0, "step \(step)")
            disk.heal()
            let left = try repository.ids()
            #expect(left.suffix(3) == kept[...], "step \(step)")
            for id in left {
                #expect(try repository.verify(id, .quick).findings == [], "step \(step)")
            }
            #expect(try prune() == 0, "step \(step)")
            #expect(try repository.ids() == kept, "step \(step)")
            #expect(try repository.verifyAll(.quick).findings == [], "step \(step)")
            #expect(try repository.status().unneededPacks == 0, "step \(step)")
            if step % 16 == 0 {
                #expect(try repository.verifyAll(.full).findings == [], "step \(step)")
            }
        }
    }

    @Test("A damaged manifest stops a prune before anything is removed.")
    func damaged() throws {
        let fixture = try SnapshotFixture(orders: 20)
        defer { fixture.keep() }
        let repository = try Repository(creating: fixture.file("repository"))
        for _ in 0..<3 {
            try fixture.add(1)
            _ = try repository.take(fixture.store, SnapshotFixture.options)
        }
        let ids = try repository.ids()
        flip(bit: 1_001, of: repository.manifestPath(ids[1]))
        #expect(throws: SnapshotError.self) { _ = try repository.prune(RetentionPolicy(last: 1)) }
        #expect(try repository.ids() == ids)
    }

    @Test("Each rule keeps the newest snapshot of each of its periods.")
    func policy() throws {
        func day(_ text: String) -> (id: String, time: Timestamp?) {
            (text, Timestamp(rfc3339: text + "Z")!)
        }
        let snapshots = [
            "2026-10-30T10:00:00", "2026-10-31T23:59:59", "2026-11-01T00:00:00",
            "2026-11-20T08:00:00", "2026-11-22T08:00:00", "2026-11-22T20:00:00",
            "2026-11-23T08:00:00", "2026-11-23T09:00:00",
        ].map(day)
        func kept(_ policy: RetentionPolicy, hours: Int64 = 0) -> [String] {
            var policy = policy
            policy.offset = { _ in hours * 3_600 }
            return policy.kept(snapshots).sorted().map { String($0.dropFirst(5).prefix(8)) }
        }
        #expect(kept(RetentionPolicy(last: 1)) == ["11-23T09"])
        #expect(kept(RetentionPolicy(daily: 3)) == ["11-20T08", "11-22T20", "11-23T09"])
        // 2026-11-23 is a Monday, 2026-11-01 a Sunday of the week before that of the 20th.
        #expect(
            kept(RetentionPolicy(weekly: 3)) == ["11-01T00", "11-22T20", "11-23T09"])
        #expect(kept(RetentionPolicy(monthly: 5)) == ["10-31T23", "11-23T09"])
        #expect(
            kept(RetentionPolicy(last: 2, monthly: 2)) == ["10-31T23", "11-23T08", "11-23T09"])
        #expect(kept(RetentionPolicy(daily: 100)).count == 6)
        // An hour to the east, the last second of October lies in November.
        #expect(kept(RetentionPolicy(monthly: 5), hours: 1) == ["10-30T10", "11-23T09"])
        #expect(kept(RetentionPolicy(daily: 100), hours: 1).count == 5)
    }
}
