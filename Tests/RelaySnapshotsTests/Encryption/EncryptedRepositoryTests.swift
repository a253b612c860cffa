import Glibc
import RelayStore
import TestSupport
import Testing

@testable import RelaySnapshots

@Suite("An encrypted repository") struct EncryptedRepositoryTests {
    @Test("gives back what was put in, shares pages, and is pruned.")
    func whole() throws {
        let fixture = try EncryptedFixture(orders: 6_000)
        let (repository, store) = (fixture.repository, fixture.snapshots)
        let first = try repository.take(store.store, SnapshotFixture.options)
        var random = SplitMix(state: 1)
        try store.update((0..<60).map { _ in .random(in: 1...6_000, using: &random) }, to: "x")
        let second = try repository.take(store.store, SnapshotFixture.options)
        let added = try #require(second.manifest.stored).addedBytes
        let whole = try #require(first.manifest.stored).addedBytes
        #expect(added * 100 < whole * 5, "\(added) of \(whole)")
        #expect(fixture.findings(.full) == [])
        try store.add(3_000)
        for _ in 0..<3 { _ = try repository.take(store.store, SnapshotFixture.options) }
        // Packs of which little is needed are written anew, sealed under new names.
        try store.update(Array(1...9_000), to: "y")
        _ = try repository.take(store.store, SnapshotFixture.options)
        let outcome = try repository.prune(RetentionPolicy(last: 1))
        #expect(outcome.kept.count >= 1 && outcome.rewrittenPacks + outcome.deletedPacks > 0)
        #expect(fixture.findings(.full) == [])
        let restored = try SnapshotRestoration.restore(
            SnapshotSource(fixture.path + ":latest", fixture.key), to: store.file("restored"))
        #expect(restored.manifest.documents == 9_000)
        store.keep()
    }

    @Test("of the same store has other names than any other one.")
    func names() throws {
        let fixture = try EncryptedFixture()
        let store = fixture.snapshots
        let plain = try Repository(creating: store.file("plain"))
        let other = try Repository(
            creating: store.file("other"), RepositoryKey(.keyFile(store.file("other.key"))),
            makesKeyFile: true)
        var seen: [String] = []
        var sums: [String] = []
        for repository in [plain, fixture.repository, other] {
            let outcome = try repository.take(store.store, SnapshotFixture.options)
            sums.append(outcome.manifest.blake2b)
            seen += try repository.packNames() + (Disk.names(in: repository.maps) ?? [])
            seen += try repository.names().map { String($0.suffix(8)) }
        }
        #expect(Set(sums).count == 1)
        #expect(seen.count == 9 && Set(seen).count == 9, "\(seen)")
        #expect(try plain.ids()[0].hasSuffix(plain.manifest(plain.ids()[0]).blake2b.prefix(8)))
        store.keep()
    }

    @Test("unpacks nothing in its own directory.")
    func workspace() throws {
        let fixture = try EncryptedFixture(orders: 20)
        try fixture.fill()
        let manifest = try fixture.repository.manifest(fixture.repository.ids()[0])
        let work = try fixture.repository.makeWork(for: manifest)
        defer { work.remove() }
        #expect(!work.path.hasPrefix(fixture.path), "\(work.path)")
        #expect(try !fixture.repository.spoolPlace().hasPrefix(fixture.path))
        let plain = try Repository(creating: fixture.snapshots.file("plain"))
        #expect(try plain.spoolPlace() == plain.packs)
        fixture.snapshots.keep()
    }

    // MARK: Damage

    @Test("notices every bit that is flipped in any of its files, and every byte that is gone.")
    func damage() throws {
        let fixture = try EncryptedFixture(orders: 60)
        try fixture.fill()
        var random = SplitMix(state: 7)
        for file in fixture.files {
            let bytes = try #require(try Disk.contents(of: file, upTo: 1 << 30))
            func check(_ what: String) throws {
                if file.hasSuffix(".verified") {
                    // It counts as not there.
                    let id = String(file.split(separator: "/").last!.dropLast(9))
                    #expect(
                        try fixture.repository.verification(id) == VerificationRecord(), "\(what)")
                } else {
                    #expect(fixture.findings() != [], "\(what) of \(file) goes unnoticed")
                }
                try Disk.write(bytes, to: file)
            }
            let ends = [0, 7, 8 * bytes.count - 1]
            let places = (0..<6).map { _ in Int.random(in: 0..<8 * bytes.count, using: &random) }
            for bit in ends + places {
                flip(bit: bit, of: file)
                try check("bit \(bit)")
            }
            for count in [bytes.count - 1, bytes.count / 2, 1, 0] {
                #expect(truncate(file, off_t(count)) == 0)
                try check("all but \(count) bytes")
            }
        }
        #expect(fixture.findings(.full) == [])
        fixture.snapshots.keep()
    }

    @Test(
        "notices a file that stands in for another of its kind.",
        arguments: [
            ("packs", ".pack"), ("maps", ".map"), ("snapshots", ".json"),
            ("snapshots", ".verified"),
        ])
    func swapped(folder: String, suffix: String) throws {
        let fixture = try EncryptedFixture(orders: 60)
        try fixture.fill()
        let files = fixture.files(in: folder, suffix)
        try #require(files.count == 2, "\(files)")
        let aside = fixture.path + "/aside"
        #expect(rename(files[0], aside) == 0 && rename(files[1], files[0]) == 0)
        #expect(rename(aside, files[1]) == 0)
        if suffix == ".verified" {
            let ids = try fixture.repository.ids()
            #expect(try ids.map(fixture.repository.verification) == [.init(), .init()])
        } else {
            let findings = fixture.findings()
            #expect(findings.count >= 2, "\(findings)")
        }
        // The older one under the newer name.
        let bytes = try #require(try Disk.contents(of: files[1], upTo: 1 << 30))
        try Disk.write(bytes, to: files[0])
        if suffix != ".verified" { #expect(fixture.findings() != []) }
        fixture.snapshots.keep()
    }

    @Test("notices files of another repository, also one with the same key file.")
    func foreign() throws {
        let fixture = try EncryptedFixture(orders: 60)
        try fixture.fill()
        let store = fixture.snapshots
        let other = try Repository(creating: store.file("other"), fixture.key)
        _ = try other.take(store.store, SnapshotFixture.options)
        let id = try #require(other.ids().last)
        try Disk.write(
            try #require(try Disk.contents(of: other.manifestPath(id), upTo: 1 << 20)),
            to: fixture.repository.manifestPath(id))
        #expect(fixture.findings().contains { $0.contains("the manifest of \(id) is not what") })
        store.keep()
    }

    // MARK: Plain repositories

    @Test("A repository that is not encrypted has the bytes that it always had.")
    func plain() throws {
        let store = try SnapshotFixture(orders: 20)
        let repository = try Repository(creating: store.file("plain"))
        let outcome = try repository.take(store.store, SnapshotFixture.options)
        #expect(
            try Disk.names(in: repository.path) == [
                "maps", "packs", "repository", "snapshots", "write.lock",
            ])
        #expect(readText(repository.path + "/repository") == "relay snapshots 1\n")
        let id = try repository.ids()[0]
        #expect(readBytes(repository.manifestPath(id)) == outcome.manifest.encoded)
        // The hash of a pack that has one frame of seven bytes and one page, by another program.
        var index = PackIndex(pageBytes: 4_096)
        let page = [UInt8](repeating: 0, count: 4_096)
        let address = page.withUnsafeBytes { PageAddress(of: $0) }
        index.append(Array("frame 1".utf8), at: 16, [address], bases: [])
        let (bytes, name) = index.encoded(at: 23)
        #expect(bytes.count == 12 + 40 + 20 + 48)
        #expect(name == "3644a1db8e986142c278caf0691dff2f")
        store.keep()
    }
}
