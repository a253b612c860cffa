import Glibc
import RelayStore
import TestSupport
import Testing

@testable import RelaySnapshots

@Suite struct BasePagesTests {
    /// A repository with a snapshot and a second one, mostly built on the first.
    private struct Fixture {
        let store: SnapshotFixture
        let repository: Repository
        let added: [Int]

        init(orders: Int = 2_000, rounds: Int = 2) throws {
            store = try SnapshotFixture(orders: orders)
            repository = try Repository(creating: store.file("repository"))
            var random = SplitMix(state: 11)
            var added: [Int] = []
            for round in 0..<rounds {
                let ids = (0..<orders / 100).map { _ in
                    UInt64.random(in: 1...2_000, using: &random)
                }
                if round > 0 { try store.update(ids, to: "round \(round) ") }
                let outcome = try repository.take(store.store, SnapshotFixture.options)
                added.append(outcome.manifest.stored!.addedBytes)
            }
            self.added = added
        }

        var packs: [PackReader] {
            get throws {
                try repository.packNames().map { try PackReader(repository, name: $0) }
            }
        }

        func path(_ pack: PackReader) -> String { "\(repository.packs)/\(pack.name).pack" }
    }

    @Test("Pages are stored once, and what they are built on is whole.")
    func depth() throws {
        let fixture = try Fixture(rounds: 5)
        defer { fixture.store.keep() }
        var addresses = Set<PageAddress>()
        var whole = Set<PageAddress>()
        var bases = Set<PageAddress>()
        for pack in try fixture.packs {
            for address in pack.index.addresses { #expect(addresses.insert(address).inserted) }
            for frame in pack.index.frames {
                let pages = pack.index.addresses[frame.first..<frame.first + frame.pages]
                if frame.bases.isEmpty { whole.formUnion(pages) }
                bases.formUnion(frame.bases)
            }
        }
        #expect(bases.count > 50 && bases.isSubset(of: whole))
        // Each one adds little, also one whose pages changed before.
        for bytes in fixture.added.dropFirst() {
            #expect(bytes * 10 < fixture.added[0], "\(fixture.added)")
        }
        #expect(try fixture.repository.verifyAll(.full).findings == [])
    }

    @Test("A torn base is named, and so are the pages that cannot be had without it.")
    func torn() throws {
        let fixture = try Fixture()
        defer { fixture.store.keep() }
        let packs = try fixture.packs
        let delta = try #require(packs.first { !$0.index.frames.allSatisfy(\.bases.isEmpty) })
        let frame = try #require(delta.index.frames.firstIndex { !$0.bases.isEmpty })
        let base = delta.index.frames[frame].bases.first!
        let pack = try #require(packs.first { $0.index.addresses.contains(base) })
        let torn = pack.index.frame(of: pack.index.addresses.firstIndex(of: base)!)
        let bit = (pack.index.frames[torn].offset + pack.index.frames[torn].bytes / 2) * 8
        flip(bit: bit, of: fixture.path(pack))
        let (cause, loss) = (pack.name(ofFrame: torn) + " are torn", delta.name(ofFrame: frame))
        for depth in [VerificationDepth.quick, .full] {
            let id = try fixture.repository.ids()[1]
            let findings = try fixture.repository.verify(id, depth).findings
            #expect(findings.contains(cause), "\(findings)")
            #expect(findings.contains { $0.hasPrefix(loss + " cannot be had") }, "\(findings)")
            let all = try fixture.repository.verifyAll(depth).findings
            #expect(all.contains(cause), "\(all)")
            #expect(all.contains { $0.contains(loss + " cannot be had") }, "\(all)")
        }
        // Nothing else is wrong.
        flip(bit: bit, of: fixture.path(pack))
        #expect(try fixture.repository.verifyAll(.full).isSound)
    }

    /// Whether a directory can be made read-only for one process.
    private static let canMount =
        ChildProcess.run("unshare", ["-rm", "mount", "--bind", "/usr", "/usr"]).code == 0

    @Test("A repository that cannot be written is restored from.", .enabled(if: canMount))
    func readOnly() throws {
        let fixture = try Fixture()
        defer { fixture.store.keep() }
        let path = fixture.repository.path
        let relayctl = ChildProcess.products + "/relayctl snapshot"
        // A disk with backups, say, of which nobody has read before.
        unlink(path + "/read.lock")
        let target = fixture.store.file("restored")
        let verbs = [
            "list \(path)", "verify \(path):latest --quick",
            "restore \(path):latest --to \(target)",
        ]
        for verb in verbs {
            let script =
                "mount --bind \(path) \(path) && mount -o remount,bind,ro \(path)"
                + " && exec \(relayctl) \(verb)"
            let run = ChildProcess.run("unshare", ["-rm", "sh", "-c", script])
            #expect(run.code == 0, "\(verb): \(run.output)")
        }
        #expect(try !Disk.exists(path + "/read.lock"))
        let restored = try Store.open(at: target)
        #expect(try StoreExamination.examine(restored).isSound)
    }

    @Test("Without its base a page is stored again.")
    func missing() throws {
        let fixture = try Fixture()
        defer { fixture.store.keep() }
        let packs = try fixture.packs
        let first = try #require(packs.first { $0.index.frames.allSatisfy(\.bases.isEmpty) })
        unlink(fixture.path(first))
        let old = try fixture.repository.ids()
        for id in old {
            let findings = try fixture.repository.verify(id, .quick).findings
            #expect(findings.contains("pack \(first.name) is missing"))
        }
        let outcome = try fixture.repository.take(fixture.store.store, SnapshotFixture.options)
        #expect(try SnapshotSource(outcome.id).verify(.full).findings == [])
    }

    @Test("Prune keeps what pages are built on, and moves those as they are.")
    func prune() throws {
        let fixture = try Fixture(rounds: 6)
        defer { fixture.store.keep() }
        let repository = fixture.repository
        let last = try repository.manifest(repository.id("latest"))
        var bytes = try repository.byteCount
        for keep in [3, 2, 1] {
            _ = try repository.prune(RetentionPolicy(last: keep))
            #expect(try repository.ids().count == keep)
            #expect(try repository.verifyAll(.full).findings == [])
            #expect(try repository.byteCount <= bytes)
            bytes = try repository.byteCount
        }
        #expect(try fixture.packs.contains { !$0.index.frames.allSatisfy(\.bases.isEmpty) })
        #expect(try repository.manifest(repository.id("latest")).blake2b == last.blake2b)
        // What comes after it is built on what is left.
        try fixture.store.update([1, 500, 1_000], to: "after ")
        let next = try repository.take(fixture.store.store, SnapshotFixture.options)
        #expect(next.manifest.stored!.addedBytes * 10 < fixture.added[0])
        #expect(try repository.verifyAll(.full).isSound)
    }
}
