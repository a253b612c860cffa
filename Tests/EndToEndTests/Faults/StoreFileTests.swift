import Glibc
import TestSupport
import Testing

/// The two files of a store: whose they are, where they lie, and whether there is room for them.
@Suite("The files of a store", .serialized)
struct StoreFileTests {
    private func sample(_ store: String) throws {
        let made = ChildProcess.run("relayctl", ["sample", "--store", store, "--orders", "50"])
        try #require(made.code == 0, "\(made.output)")
    }

    private func isTrue(_ words: [String]) -> Bool {
        ChildProcess.run(words[0], Array(words[1...])).code == 0
    }

    @Test("on a full disk without a lock file are refused with its name, by every program.")
    func noRoom() throws {
        guard SmallDisk.isPossible else { return }
        let directory = TemporaryDirectory()
        let disk = try SmallDisk(in: directory, mebibytes: 8)
        let store = disk.file("store")
        try sample(store)
        #expect(unlink(store + "/lock.mdb") == 0)
        disk.fill()
        for (program, words) in [
            ("relayctl", ["stat"]), ("relayctl", ["check"]), ("relayctl", ["dump"]),
            ("relayctl", ["keys", "list", "--account", "1"]),
            ("relayd", ["--socket", directory.file("relay.sock")]),
        ] {
            let run = ChildProcess.run(program, words + ["--store", store])
            #expect(run.code == 1, "\(words): \(run)")
            #expect(run.output.contains("/lock.mdb: No space left on device"), "\(run.output)")
        }
    }

    @Test("belong to one owner: who checks a store as root leaves a lock file that others can use.")
    func owner() throws {
        guard geteuid() == 0 else { return }
        let directory = TemporaryDirectory()
        chmod(directory.path, 0o755)
        let store = directory.file("store")
        try sample(store)
        try #require(isTrue(["chown", "-R", "nobody", store]))
        try #require(chmod(store + "/data.mdb", 0o640) == 0)
        #expect(unlink(store + "/lock.mdb") == 0)
        #expect(isTrue(["relayctl", "check", "--store", store]))
        var (data, lock) = (stat(), stat())
        #expect(stat(store + "/data.mdb", &data) == 0 && stat(store + "/lock.mdb", &lock) == 0)
        #expect(data.st_uid != 0 && lock.st_uid == data.st_uid && lock.st_gid == data.st_gid)
        #expect(lock.st_mode == data.st_mode)
    }

    @Test("on a read-only mount can be read, unless somebody has the store open.")
    func readOnly() throws {
        guard SmallDisk.isPossible else { return }
        let directory = TemporaryDirectory()
        let (store, view) = (directory.file("store"), directory.file("view"))
        try sample(store)
        mkdir(view, 0o755)
        try #require(isTrue(["mount", "--bind", store, view]))
        defer { _ = ChildProcess.run("umount", ["-l", view]) }
        try #require(isTrue(["mount", "-o", "remount,ro,bind", view]))
        let reading = [
            ["stat", "--store", view], ["check", "--store", view], ["readers", "--store", view],
            ["dump", "--store", view, "--to", directory.file("dump")],
            ["keys", "list", "--account", "1", "--store", view],
            ["load", directory.file("dump"), "--dry-run", "--store", view],
            ["snapshot", "diff", view, view + "/../store"],
        ]
        for hasLock in [true, false] {
            if !hasLock { #expect(unlink(store + "/lock.mdb") == 0) }
            for words in reading where hasLock || words[1] != "diff" {
                let run = ChildProcess.run("relayctl", words)
                // Both names of the comparison lead to one file.
                let isOpen = run.output.contains("is already open in this process")
                #expect(run.code == 0 || words[1] == "diff" && isOpen, "\(words): \(run.output)")
            }
        }
        let admin = directory.file("admin.sock")
        let relayd = try Relayd(store: store, in: directory)
        for words in reading where words[1] != "diff" {
            // The admin socket is not in this directory: the store itself is asked.
            let run = ChildProcess.run("relayctl", words)
            #expect(run.code == 1, "\(words): \(run.output)")
            #expect(run.output.contains("is open in another process"), "\(run.output)")
        }
        #expect(isTrue(["relayctl", "stat", "--admin-socket", admin]))
        #expect(relayd.stop() == 0)
    }
}
