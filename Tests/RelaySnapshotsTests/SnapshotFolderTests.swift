import Glibc
import RelayStore
import TestSupport
import Testing

@testable import RelaySnapshots

@Suite struct SnapshotFolderTests {
    @Test("A snapshot holds two files that only their owner may read, and is sound.")
    func sound() throws {
        let fixture = try SnapshotFixture()
        defer { fixture.keep() }
        let folder = try fixture.take("snapshot")
        #expect(try Disk.names(in: folder.path) == ["data.mdb", "manifest.json"])
        for name in ["data.mdb", "manifest.json"] {
            var status = stat()
            #expect(stat("\(folder.path)/\(name)", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
        }
        let report = try folder.verify(.full)
        #expect(report.findings == [])
        #expect(report.documents == 300)
        let manifest = try folder.manifest()
        #expect(manifest.sequence == 300 && manifest.documents == 300)
    }

    @Test("b2sum prints the manifest's hash.")
    func hash() throws {
        let fixture = try SnapshotFixture()
        defer { fixture.keep() }
        let folder = try fixture.take("snapshot")
        let printed = ChildProcess.run("b2sum", [folder.dataPath]).output
        #expect(printed.hasPrefix(try folder.manifest().blake2b + " "))
    }

    @Test("The same commit gives the same bytes, however many pages are free.")
    func deterministic() throws {
        let fixture = try SnapshotFixture()
        defer { fixture.keep() }
        for round in 0..<20 { try fixture.update([5, 50, 250], to: "round \(round) ") }
        let first = try fixture.take("first").manifest()
        let second = try fixture.take("second").manifest()
        #expect(first.usedPages < first.pages)
        #expect(first.blake2b == second.blake2b && first.segments == second.segments)
    }

    @Test("Every flipped bit is found, in the data as well as in the manifest.")
    func flippedBits() throws {
        let fixture = try SnapshotFixture(orders: 60)
        defer { fixture.keep() }
        let folder = try fixture.take("snapshot")
        var random = SplitMix(state: 6)
        for name in ["data.mdb", "manifest.json"] {
            let path = "\(folder.path)/\(name)"
            for _ in 0..<rounds("RELAY_BIT_FLIPS", default: 40) / 2 {
                let bit = try Int.random(in: 0..<Disk.size(of: path) * 8, using: &random)
                flip(bit: bit, of: path)
                let report = try folder.verify(.full)
                #expect(!report.isSound, "bit \(bit) of \(name)")
                flip(bit: bit, of: path)
            }
        }
        #expect(try folder.verify(.full).isSound)
    }

    @Test("What is missing, short or too much is said.")
    func incomplete() throws {
        let fixture = try SnapshotFixture(orders: 10)
        defer { fixture.keep() }
        let folder = try fixture.take("snapshot")
        close(creat(folder.path + "/lock.mdb", 0o600))
        #expect(try folder.verify(.quick).findings.count == 1)
        unlink(folder.path + "/lock.mdb")
        truncate(folder.dataPath, 8192)
        #expect(try !folder.verify(.full).isSound)
        unlink(folder.dataPath)
        #expect(try folder.verify(.full).findings == ["\(folder.dataPath) is missing"])
        #expect(throws: SnapshotError.missing(path: folder.path + "/nothing")) {
            try SnapshotFolder(folder.path + "/nothing").verify(.quick)
        }
    }

    @Test("A compacted snapshot is sound and has no free pages.")
    func compact() throws {
        let fixture = try SnapshotFixture()
        defer { fixture.keep() }
        for round in 0..<20 { try fixture.update([5, 50, 250], to: "round \(round) ") }
        var options = SnapshotFixture.options
        options.isCompact = true
        let outcome = try SnapshotCopy.take(fixture.store, to: fixture.file("compact"), options)
        #expect(outcome.manifest.usedPages == outcome.manifest.pages)
        let folder = SnapshotFolder(outcome.id)
        #expect(try Disk.names(in: folder.path) == ["data.mdb", "manifest.json"])
        #expect(try folder.verify(.full).findings == [])
    }

    @Test("A snapshot that is interrupted, or holds too much back, leaves nothing behind.")
    func givenUp() throws {
        let fixture = try SnapshotFixture()
        defer { fixture.keep() }
        #expect(throws: SnapshotError.cancelled) {
            _ = try SnapshotCopy.take(
                fixture.store, to: fixture.file("snapshot"), SnapshotFixture.options,
                WorkProgress(cancellation: Cancellation { true }))
        }
        var options = SnapshotFixture.options
        options.growthBytes = -1
        #expect(throws: SnapshotError.grewTooMuch(bytes: 0, limit: -1)) {
            _ = try SnapshotCopy.take(fixture.store, to: fixture.file("snapshot"), options)
        }
        #expect(try Disk.names(in: fixture.directory.path) == ["store"])
    }
}
