import Glibc
import RelayStore
import TestSupport
import Testing

@testable import RelaySnapshots

@Suite("A store is restored", .serialized) struct RestoreTargetTests {
    private let directory = TemporaryDirectory()
    private let folder: String

    init() throws {
        let store = directory.file("store")
        folder = directory.file("folder")
        for words in [
            ["sample", "--store", store, "--orders", "50"],
            ["snapshot", "create", "--store", store, "--to", folder],
        ] {
            let run = ChildProcess.run("relayctl", words)
            try #require(run.code == 0, "\(run.output)")
        }
    }

    private func restore(_ target: String) -> (code: Int32, output: String) {
        ChildProcess.run("relayctl", ["snapshot", "restore", folder, "--to", target])
    }

    /// Runs a command as root in a mount namespace of its own, so that no mount is left behind.
    private func inNamespace(_ script: String) -> (code: Int32, output: String) {
        ChildProcess.run("unshare", ["--mount", "sh", "-ec", script])
    }

    private static let mayMount =
        geteuid() == 0
        && ChildProcess.run("unshare", ["--mount", "mount", "-t", "tmpfs", "none", "/mnt"]).code
            == 0

    @Test(
        "into a mount point, as a container's volume is, and the space that counts is the volume's.",
        .enabled(if: mayMount, "this process may not mount"))
    func mountPoint() throws {
        let (volume, small) = (directory.file("volume"), directory.file("small"))
        mkdir(volume, 0o700)
        mkdir(small, 0o700)
        let restore = "\(ChildProcess.path(of: "relayctl")) snapshot restore \(folder) --to"
        let run = inNamespace(
            """
            mount -t tmpfs -o size=256m none \(volume)
            mkdir \(volume)/lost+found
            \(restore) \(volume)
            \(ChildProcess.path(of: "relayctl")) check --store \(volume)
            find \(volume) -type f
            """)
        #expect(run.code == 0, "\(run.output)")
        #expect(run.output.contains("\(volume)/data.mdb") && !run.output.contains("partial"))
        // The disk above has room, the volume has not.
        let full = inNamespace(
            """
            mount -t tmpfs -o size=1m none \(small)
            \(restore) \(small) || echo "ended with $?"
            find \(small) -mindepth 1
            """)
        #expect(full.output.contains("\(small) needs "), "\(full.output)")
        #expect(full.output.contains("ended with 1") && !full.output.contains("data.mdb"))
    }

    @Test("through a symbolic link to an empty directory, which stays what it is.")
    func symbolicLink() throws {
        let (real, link) = (directory.file("real"), directory.file("link"))
        mkdir(real, 0o755)
        #expect(symlink("real", link) == 0)
        let run = restore(link)
        #expect(run.code == 0, "\(run.output)")
        #expect(try Store.open(at: real).check().faults == [])
        var status = stat()
        #expect(lstat(link, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
        #expect(stat(real, &status) == 0 && status.st_mode & 0o777 == 0o755)
        #expect(try Disk.names(in: real)!.filter { $0.hasPrefix(".") } == [])
        #expect(restore(link).output.contains("exists already"))
    }

    @Test("below directories that are made for it, and taken away again when it fails.")
    func missingParents() throws {
        let target = directory.file("a/b/store")
        let run = restore(target)
        #expect(run.code == 0, "\(run.output)")
        #expect(try Store.open(at: target).check().faults == [])
        flip(folder + "/data.mdb")
        #expect(restore(directory.file("c/d/store")).code == 3)
        #expect(try !Disk.exists(directory.file("c")))
        #expect(symlink("nowhere", directory.file("dangling")) == 0)
        #expect(restore(directory.file("dangling")).code == 1)
    }

    private func flip(_ path: String) {
        let file = open(path, O_RDWR | O_CLOEXEC)
        var byte: UInt8 = 0
        pread(file, &byte, 1, 9_000)
        byte ^= 1
        pwrite(file, &byte, 1, 9_000)
        close(file)
    }
}
