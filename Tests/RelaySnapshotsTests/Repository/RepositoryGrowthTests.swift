import Glibc
import TestSupport
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
        let packs = try repository.packNames().count
        #expect(packs == count)
        let listed = try time("list") { try repository.list().entries.count }
        #expect(listed == count)
        let bytes = try repository.packNames().reduce(0) { try $0 + repository.packBytes($1) }
        // The sums of all snapshots are compared, and no byte of a pack is read twice.
        let read = try time("verify") { try repository.verifyAll(.quick).bytes }
        #expect(read < bytes)
        try lookups(repository)
        _ = try time("prune") { try repository.prune(RetentionPolicy(last: count / 2)) }
        #expect(try repository.ids().count == count / 2)
        #expect(try repository.verifyAll(.quick).findings == [])
        #expect(try repository.verify(repository.id("latest"), .full).findings == [])
        #expect(try repository.verify(repository.ids()[0], .full).findings == [])
        #expect(try repository.packNames().count <= packs * 3 / 4)
    }

    @Test("writes no more page maps anew in a prune than it wins in packs.")
    func worth() throws {
        let count = 24
        let fixture = try SnapshotFixture(orders: 2_000)
        defer { fixture.keep() }
        let repository = try Repository(creating: fixture.file("repository"))
        var random = SplitMix(state: 15)
        for round in 0..<count {
            let ids = (0..<20).map { _ in UInt64.random(in: 1...2_000, using: &random) }
            try fixture.update(ids, to: "round \(round) ")
            _ = try repository.take(fixture.store, SnapshotFixture.options)
        }
        func sparse() throws -> [PackUsage.Pack] {
            let manifests = try repository.ids().map { ($0, try repository.manifest($0)) }
            return try PackUsage(repository, manifests).packs.filter(\.isSparse)
        }
        var (stayed, rewritten) = (0, 0)
        for last in (1..<count).reversed() {
            let maps = try Set(Disk.names(in: repository.maps) ?? [])
            let bytes = try repository.packNames().reduce(0) { try $0 + repository.packBytes($1) }
            let outcome = try repository.prune(RetentionPolicy(last: last))
            let after = try Set(Disk.names(in: repository.maps) ?? [])
            let wasted = try sparse().count
            if outcome.rewrittenPacks == 0 {
                #expect(after.isSubset(of: maps) && after.count == last)
                if wasted > 0 { stayed += 1 }
            } else {
                let new = try after.subtracting(maps).reduce(0) {
                    try $0 + Disk.size(of: "\(repository.maps)/\($1)")
                }
                let packs = try repository.packNames().reduce(0) {
                    try $0 + repository.packBytes($1)
                }
                #expect(new > 0 && new <= bytes - packs && wasted == 0, "\(last)")
                rewritten += 1
            }
            #expect(try repository.verifyAll(.quick).findings == [])
        }
        // Both were seen, and more of what costs less.
        #expect(stayed > rewritten && rewritten > 0, "\(stayed), \(rewritten)")
        #expect(try repository.verifyAll(.full).findings == [])
    }

    /// For a snapshot, a verification goes through the page map and asks for no page again that others
    /// are built on.
    private func lookups(_ repository: Repository) throws {
        var built = 0
        var bases = Set<PageAddress>()
        for name in try repository.packNames() {
            for frame in try PackReader(repository, name: name).index.frames {
                built += frame.bases.count
                bases.formUnion(frame.bases)
            }
        }
        let checked = CheckedPacks(repository)
        #expect(try repository.verifyAll(.quick, checked).isSound)
        #expect(built > 0 && checked.lookups == built + bases.count)
        #expect(try repository.verifyAll(.quick, checked).isSound)
        #expect(checked.lookups == built + bases.count)
    }

    /// Prints what a step took in a run that asks for more snapshots than usual.
    private func time<Value>(_ name: String, _ body: () throws -> Value) rethrows -> Value {
        let start = clock()
        let value = try body()
        if getenv("RELAY_GROWTH") != nil { print(name, (clock() - start) / 1_000, "ms of CPU") }
        return value
    }

    @Test("takes as many calls more for each snapshot more, whatever is done with it.")
    func calls() throws {
        let fixture = try SnapshotFixture(orders: 300)
        defer { fixture.keep() }
        let repository = try Repository(creating: fixture.file("repository"))
        let disk = FaultyDisk(in: fixture.directory, of: "/repository")
        var (list, verify, prune): ([Calls], [Calls], [Calls]) = ([], [], [])
        for round in 1...24 {
            try fixture.update([UInt64(round)], to: "round \(round) ")
            _ = try repository.take(fixture.store, SnapshotFixture.options)
            guard [6, 12, 24].contains(round) else { continue }
            list.append(try calls(["list"], fixture, disk))
            verify.append(try calls(["verify", "--quick"], fixture, disk))
            prune.append(try calls(["prune", "--keep-last", "\(round / 2)"], fixture, disk))
        }
        // A manifest is opened and read once.
        #expect(list[1] - list[0] == Calls(opens: 6, reads: 6, syncs: 0))
        #expect(list[2] - list[1] == Calls(opens: 12, reads: 12, syncs: 0))
        let (first, second) = (verify[1] - verify[0], verify[2] - verify[1])
        #expect(second.opens <= 2 * first.opens + 6, "\(verify)")
        #expect(second.reads <= 2 * first.reads + 6, "\(verify)")
        #expect(verify[2].opens <= 24 * 8, "\(verify)")
        // One for each file that is written, and one for the names of a few together.
        #expect(second.syncs == 12 + 12 / Limits.filesAtOnce, "\(verify)")
        // Packs become sparse all at once: what is bound is the work for a snapshot.
        #expect(prune[2].opens <= 24 * 12, "\(prune)")
        #expect(prune[2].reads <= 24 * 20, "\(prune)")
        #expect(prune[2].syncs <= 12 * 2 + 12 / Limits.filesAtOnce + 10, "\(prune)")
    }

    /// System calls on the files of a repository.
    private struct Calls: Equatable {
        var opens = 0
        var reads = 0
        var syncs = 0

        static func - (left: Calls, right: Calls) -> Calls {
            Calls(
                opens: left.opens - right.opens, reads: left.reads - right.reads,
                syncs: left.syncs - right.syncs)
        }
    }

    /// Counts what a verb of `relayctl snapshot` calls, each kind on a copy of the repository.
    private func calls(
        _ words: [String], _ fixture: SnapshotFixture, _ disk: FaultyDisk
    ) throws -> Calls {
        func count(_ calls: FaultyDisk.Calls) -> Int {
            let parent = fixture.file("copy")
            mkdir(parent, 0o700)
            let copied = ChildProcess.run("cp", ["-r", fixture.file("repository"), parent])
            #expect(copied.code == 0)
            disk.count(calls)
            let verb = ["snapshot", words[0], parent + "/repository"] + words.dropFirst()
            #expect(ChildProcess("relayctl", verb, environment: disk.environment).wait() == 0)
            #expect(ChildProcess.run("rm", ["-r", parent]).code == 0)
            return disk.seen
        }
        return Calls(opens: count(.open), reads: count(.read), syncs: count(.sync))
    }
}
