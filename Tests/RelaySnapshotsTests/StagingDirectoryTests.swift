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
        mkdir(staging.path, 0o700)
        touch(staging.path + "/data.mdb")
        #expect(!exists(base + "/store"))
        try staging.publish()
        #expect(exists(base + "/store/data.mdb") && !exists(staging.path))
    }

    @Test("What is given up leaves nothing behind.")
    func discard() throws {
        let base = scratch()
        let staging = try StagingDirectory(for: base + "/store")
        mkdir(staging.path, 0o700)
        touch(staging.path + "/data.mdb")
        staging.discard()
        #expect(!exists(staging.path) && !exists(base + "/store"))
    }

    @Test("An empty directory may be replaced, anything else is refused.")
    func occupied() throws {
        let base = scratch()
        mkdir(base + "/empty", 0o700)
        let staging = try StagingDirectory(for: base + "/empty")
        mkdir(staging.path, 0o700)
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
        mkdir(staging.path, 0o700)
        mkdir(base + "/store", 0o700)
        touch(base + "/store/data.mdb")
        #expect(throws: SnapshotError.self) { try staging.publish() }
        staging.discard()
        #expect(exists(base + "/store/data.mdb"))
    }
}
