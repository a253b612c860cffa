import Glibc
import Testing

@testable import RelaySnapshots

@Suite struct StagingDirectoryTests {
    /// A fresh directory for one test.
    private func scratch() -> String {
        var template = Array("/tmp/relay-staging.XXXXXX".utf8CString)
        return String(cString: mkdtemp(&template))
    }

    private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private func touch(_ path: String) { fclose(fopen(path, "w")) }

    @Test("What is complete takes the target's place.")
    func publish() throws {
        let base = scratch()
        let staging = try StagingDirectory(for: base + "/store//")
        #expect(staging.target == base + "/store")
        touch(staging.path + "/data.mdb")
        #expect(!exists(base + "/store"))
        try staging.publish()
        #expect(exists(base + "/store/data.mdb") && !exists(staging.path))
    }

    @Test("What is given up leaves nothing behind.")
    func discard() throws {
        let base = scratch()
        let staging = try StagingDirectory(for: base + "/store")
        touch(staging.path + "/data.mdb")
        staging.discard()
        #expect(!exists(staging.path) && !exists(base + "/store"))
    }

    @Test("An empty directory may be replaced, anything else is refused.")
    func occupied() throws {
        let base = scratch()
        mkdir(base + "/empty", 0o700)
        let staging = try StagingDirectory(for: base + "/empty")
        try staging.publish()

        touch(base + "/file")
        #expect(throws: SnapshotError.self) { try StagingDirectory(for: base + "/file") }
        touch(base + "/empty/x")
        #expect(throws: SnapshotError.self) { try StagingDirectory(for: base + "/empty") }
    }

    @Test("A target that was filled meanwhile is not overwritten.")
    func race() throws {
        let base = scratch()
        let staging = try StagingDirectory(for: base + "/store")
        mkdir(base + "/store", 0o700)
        touch(base + "/store/data.mdb")
        #expect(throws: SnapshotError.self) { try staging.publish() }
        staging.discard()
        #expect(exists(base + "/store/data.mdb"))
    }

    @Test("What nobody builds any more is removed, what somebody builds is not.")
    func abandoned() throws {
        let base = scratch()
        // As a killed process leaves it, whatever process has that number now.
        let dead = "\(base)/store.partial-\(getpid())"
        mkdir(dead, 0o700)
        mkdir(dead + "/reading", 0o700)
        touch(dead + "/data.mdb.part")
        touch(dead + "/reading/data.mdb")
        // What somebody else has called so.
        let others = ["store.partial-", "store.partial-1-2-3", "store.partial-of-may"]
        for name in others { mkdir("\(base)/\(name)", 0o700) }
        let first = try StagingDirectory(for: base + "/store")
        #expect(try first.path == dead && Disk.names(in: dead) == [])
        let second = try StagingDirectory(for: base + "/store")
        #expect(exists(first.path) && second.path != first.path)
        first.discard()
        second.discard()
        #expect(try Disk.names(in: base) == others)
    }
}
