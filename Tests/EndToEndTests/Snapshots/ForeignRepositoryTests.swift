import Glibc
import TestSupport
import Testing

@testable import RelaySnapshots

@Suite("A repository of somebody else", .serialized) struct ForeignRepositoryTests {
    private let directory = TemporaryDirectory()
    private static let isRoot = geteuid() == 0

    /// Runs a verb of `relayctl snapshot` as another user.
    private func snapshot(_ words: [String]) -> (code: Int32, output: String) {
        ChildProcess.run(
            "setpriv",
            ["--reuid", "4242", "--regid", "4242", "--clear-groups"]
                + [ChildProcess.path(of: "relayctl"), "snapshot"] + words)
    }

    /// A store of 50 orders, and a repository with a snapshot of it.
    private func makeRepository() -> (store: String, path: String) {
        let (store, path) = (directory.file("store"), directory.file("repository"))
        for words in [
            ["sample", "--store", store, "--orders", "50"],
            ["snapshot", "create", "--store", store, "--into", path, "--init"],
        ] {
            #expect(ChildProcess.run("relayctl", words).code == 0)
        }
        return (store, path)
    }

    @Test(
        "may be listed and verified by whoever may read it, and is not pruned meanwhile.",
        .enabled(if: isRoot, "only root can be another user"))
    func readable() throws {
        let path = makeRepository().path
        #expect(ChildProcess.run("chmod", ["-R", "go+rX", directory.path]).code == 0)
        for lock in ["there", "gone"] {
            if lock == "gone" { unlink(path + "/read.lock") }
            for words in [["list", path], ["status", path], ["verify", path, "--quick"]] {
                let run = snapshot(words)
                #expect(
                    run.code == 0 && !run.output.contains("is damaged"), "\(words): \(run.output)")
            }
        }
        // The reader's lock, on the directory where it may not write, holds a prune back.
        let repository = try Repository(path)
        let reading = open(path, O_RDONLY | O_CLOEXEC)
        #expect(flock(reading, LOCK_SH) == 0)
        #expect {
            _ = try repository.prune(RetentionPolicy(last: 1))
        } throws: { "\($0)".contains("(process \(getpid())) is at work on \(path):") }
        close(reading)
        _ = try repository.prune(RetentionPolicy(last: 1))
        // What may not be read is not called damaged.
        #expect(ChildProcess.run("chmod", ["-R", "go-r", path + "/snapshots"]).code == 0)
        #expect(ChildProcess.run("chmod", ["go+r", path + "/snapshots"]).code == 0)
        let run = snapshot(["list", path])
        #expect(run.code == 1 && run.output.contains("belongs to user 0"), "\(run.output)")
    }

    @Test(
        "that may not be read is named with what was refused, and is never called absent or damaged.",
        .enabled(if: isRoot, "only root can be another user"))
    func unreadable() throws {
        let (store, path) = makeRepository()
        #expect(ChildProcess.run("relayctl", ["snapshot", "verify", path]).code == 0)
        func change(_ mode: String, _ place: String) {
            #expect(ChildProcess.run("chmod", ["-R", mode, place]).code == 0)
        }
        change("a+rwX", directory.path)
        let (restored, remote) = (directory.file("restored"), directory.file("remote"))
        let verbs = [
            ["list", path], ["status", path], ["verify", path], ["verify", path, "--quick"],
            ["verify", path + ":latest"], ["prune", path, "--keep-last", "1"],
            ["create", "--store", store, "--into", path], ["diff", path + ":latest", store],
            ["show", path + ":latest", "orders/1"], ["init", path],
            ["restore", path + ":latest", "--to", restored],
            ["restore", path + ":latest", "--to", restored, "--salvage"],
            ["restore", path + ":latest", "--records", "orders/1", "--store", store],
            ["push", path, remote], ["key", "change", path, "--new-key-file", restored],
        ]
        func refused(_ place: String, _ mode: String, but others: [String] = []) {
            change("go-rwx", place)
            for words in verbs where !others.contains(words[0]) {
                let run = snapshot(words)
                #expect(run.code == 1, "\(place), \(words): \(run.output)")
                let owner = "\(place) belongs to user 0 and group 0 with mode \(mode)"
                #expect(run.output.contains(owner), "\(place), \(words): \(run.output)")
                for word in ["there is no", "damaged", "missing", "no snapshot"] {
                    #expect(!run.output.contains(word), "\(place), \(words): \(run.output)")
                }
            }
            change("a+rwX", place)
        }
        refused(path, "0700")
        refused(path + "/repository", "0600", but: ["init"])
        // A verb that has no need of a part does not stumble over it.
        refused(path + "/snapshots", "0700", but: ["init", "key"])
        refused(path + "/maps", "0700", but: ["init", "key"])
        refused(path + "/packs", "0700", but: ["init", "key", "list"])
        func one(_ folder: String, _ suffix: String) throws -> String {
            let names = TemporaryDirectory.names(in: path + folder)
            return path + folder + "/" + (try #require(names.first { $0.hasSuffix(suffix) }))
        }
        // rclone lists the other place before packs are read.
        refused(try one("/packs", ".pack"), "0600", but: ["init", "key", "list", "status", "push"])
        refused(try one("/maps", ".map"), "0600", but: ["init", "key", "list", "create", "push"])
        refused(try one("/snapshots", ".json"), "0600", but: ["init", "key", "push", "create"])
        let record = try one("/snapshots", ".verified")
        refused(
            record, "0600",
            but: ["init", "key", "push", "create", "diff", "show", "restore"])
        #expect(access(restored, F_OK) != 0)
    }

    @Test(
        "on a read-only mount is listed and verified.",
        .enabled(if: isRoot, "only root may mount"))
    func readOnly() throws {
        let (store, path) = (directory.file("store"), directory.file("repository"))
        let relayctl = ChildProcess.path(of: "relayctl")
        let run = ChildProcess.run(
            "unshare",
            [
                "--mount", "sh", "-ec",
                """
                \(relayctl) sample --store \(store) --orders 50
                \(relayctl) snapshot create --store \(store) --into \(path) --init
                mount --bind \(path) \(path)
                mount -o remount,ro,bind \(path)
                \(relayctl) snapshot list \(path)
                \(relayctl) snapshot verify \(path) --quick
                \(relayctl) snapshot verify \(path):latest --quick
                echo all done
                """,
            ])
        #expect(run.code == 0 && run.output.contains("all done"), "\(run.output)")
    }

    @Test("of a newer format is not called damaged.")
    func newerFormat() throws {
        let path = directory.file("repository")
        let repository = try Repository(creating: path)
        let manifest = path + "/snapshots/20260101T000000000Z-00000000.json"
        let body = Array(#"{"format":2,"program":"relayctl 9""#.utf8)
        let sum = Array(",\"checksum\":\"\(Manifest.checksum(body))\"}\n".utf8)
        try Disk.write(body + sum, to: manifest)
        for words in [["list", path], ["verify", path], ["prune", path, "--keep-last", "1"]] {
            let run = ChildProcess.run("relayctl", ["snapshot"] + words)
            #expect(run.code == 1 && run.output.contains("has format 2"), "\(run.output)")
            #expect(!run.output.contains("damaged"), "\(run.output)")
        }
        try Disk.write(Array("relay snapshots 3\n".utf8), to: repository.path + "/repository")
        let run = ChildProcess.run("relayctl", ["snapshot", "list", path])
        #expect(run.code == 1 && run.output.contains("has format 3"), "\(run.output)")
    }
}
