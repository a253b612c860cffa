import Glibc
import TestSupport
import Testing

/// What relayctl says of paths that lead to something else than was expected.
@Suite("relayctl and wrong paths", .serialized) struct WrongInputTests {
    private let directory = TemporaryDirectory()

    /// Verbs that need a store, without the option for it.
    static let verbs: [[String]] = [
        ["stat"], ["dump"], ["check"], ["readers"], ["keys", "list", "--account", "1"],
        ["keys", "create", "--account", "1"], ["keys", "revoke", "1"],
        ["load", "/etc/hostname", "--dry-run"], ["snapshot", "create", "--to", "/nowhere/x"],
        ["snapshot", "create", "--stdout"],
    ]

    private func run(_ arguments: [String], as user: uid_t? = nil) -> (Int32, String) {
        guard let user else { return ChildProcess.run("relayctl", arguments) }
        return ChildProcess.run(
            "setpriv",
            ["--reuid", "\(user)", "--regid", "\(user)", "--clear-groups"]
                + [ChildProcess.products + "/relayctl"] + arguments)
    }

    @Test("A store that is none is named with what was expected.", arguments: verbs)
    func stores(verb: [String]) {
        let empty = directory.file("empty")
        #expect(mkdir(empty, 0o700) == 0)
        let file = directory.file("file")
        close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
        for (path, message) in [
            (directory.file("none"), "there is no directory \(directory.file("none")): expected"),
            (empty, "there is no store in \(empty): expected a directory with data.mdb"),
            (file, "\(file) is not a directory: expected the directory of a store"),
        ] {
            let (code, output) = run(verb + ["--store", path])
            #expect(code == 1 && output.has(message), "\(verb) \(path): \(output)")
        }
        #expect(TemporaryDirectory.names(in: empty).filter { !$0.hasPrefix(".") } == [])
    }

    @Test("What another user may not open is named with its owner.", arguments: verbs)
    func permissions(verb: [String]) throws {
        // Only root can be another user, and only where that one may run the program.
        guard geteuid() == 0, run(["--version"], as: 4_242).0 == 0 else { return }
        let store = directory.file("store")
        let made = run(["sample", "--store", store, "--orders", "20"])
        try #require(made.0 == 0)
        #expect(chmod(directory.path, 0o755) == 0)
        let closed = run(verb + ["--store", store], as: 4_242)
        let way = "belongs to user 0 and group 0 with mode 0700, and this is user 4242"
        #expect(closed.0 == 1 && closed.1.has("\(store) \(way)"), "\(verb): \(closed.1)")
        #expect(chmod(store, 0o755) == 0)
        let lock = "\(store)/lock.mdb belongs to user 0 and group 0 with mode 0600"
        for mode: mode_t in [0o666, 0o644] {
            // Also where the data can be read: nobody could tell whether the store is in use.
            #expect(chmod(store + "/data.mdb", mode) == 0)
            let locked = run(verb + ["--store", store], as: 4_242)
            #expect(locked.0 == 1 && locked.1.has(lock), "\(verb): \(locked.1)")
        }
    }

    @Test("A repository's lock of somebody else is named with its owner.")
    func repositoryLock() throws {
        guard geteuid() == 0, run(["--version"], as: 4_242).0 == 0 else { return }
        let (store, repository) = (directory.file("store"), directory.file("repository"))
        #expect(run(["sample", "--store", store, "--orders", "20"]).0 == 0)
        #expect(
            run(["snapshot", "create", "--store", store, "--into", repository, "--init"]).0 == 0)
        for path in [directory.path, repository, store] { #expect(chmod(path, 0o777) == 0) }
        for path in ["store/data.mdb", "store/lock.mdb", "repository/repository"] {
            #expect(chmod(directory.file(path), 0o666) == 0)
        }
        for name in ["packs", "maps", "snapshots"] {
            #expect(chmod("\(repository)/\(name)", 0o777) == 0)
        }
        for verb in [
            ["create", "--store", store, "--into", repository],
            ["prune", repository, "--keep-last", "1"],
        ] {
            let (code, output) = run(["snapshot"] + verb, as: 4_242)
            let message = "\(repository)/write.lock belongs to user 0 and group 0 with mode 0600"
            #expect(code == 1 && output.has(message), "\(verb): \(output)")
        }
        let (code, output) = run(["snapshot", "verify", repository], as: 4_242)
        #expect(code == 1 && output.has("belongs to user 0 and group 0"), "\(output)")
    }

    @Test("A socket that nobody listens on, or that may not be used, is named.")
    func sockets() throws {
        let none = directory.file("none.sock")
        for verb in [["stat"], ["health"], ["top"], ["readers"]] {
            let (code, output) = run(verb + ["--admin-socket", none])
            #expect(code == 1 && output.has("no process listens on \(none)"), "\(verb): \(output)")
            let (other, message) = run(verb)
            #expect(other == 2 && message.has("give --store DIR or --admin-socket PATH"))
        }
        guard geteuid() == 0, run(["--version"], as: 4_242).0 == 0 else { return }
        let relayd = try Relayd(store: ":memory:", in: directory)
        #expect(chmod(directory.path, 0o755) == 0)
        let (code, output) = run(["stat", "--admin-socket", relayd.adminSocket], as: 4_242)
        #expect(code == 1)
        #expect(output.has("\(relayd.adminSocket) belongs to user 0"), "\(output)")
        #expect(relayd.stop() == 0)
    }

    @Test("Other paths that are not what a verb needs are named too.")
    func others() {
        let file = directory.file("file")
        close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
        for (arguments, code, message) in [
            (["snapshot", "verify", file], 1, "there is no snapshot in \(file)"),
            (["snapshot", "list", file], 1, "there is no repository in \(file)"),
            (["snapshot", "status", directory.file("none")], 1, "there is no repository in"),
            (["snapshot", "restore", file, "--to", file], 1, file),
            (["load", directory.file("none"), "--store", directory.file("s")], 1, "none"),
            (["load", directory.path, "--store", directory.file("s")], 1, directory.path),
            (["man", "--to", file], 1, file),
            (["sample", "--store", file, "--orders", "1"], 1, "\(file) exists already"),
            (
                ["load", "/etc/hostname", "--dry-run", "--admin-socket", file], 2,
                "--dry-run needs --store"
            ),
        ] as [([String], Int32, String)] {
            let (result, output) = run(arguments)
            #expect(result == code && output.has(message), "\(arguments): \(result) \(output)")
        }
    }
}
