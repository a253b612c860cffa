import Glibc
import TestSupport
import Testing

/// Two containers that share a store: in each, the processes are numbered from 1.
@Suite("relayctl in a PID namespace of its own", .serialized) struct NamespaceTests {
    /// A namespace in which the next process is number 1; as another user than root, with a user
    /// namespace around it.
    private static let unshare =
        ["--pid", "--fork", "--mount-proc", "--kill-child"]
        + (geteuid() == 0 ? [] : ["--user", "--map-root-user"])

    private static let isPossible = ChildProcess.run("unshare", unshare + ["true"]).code == 0

    private let directory = TemporaryDirectory()

    private func isolated(_ arguments: [String]) -> (code: Int32, output: String) {
        ChildProcess.run(
            "unshare", Self.unshare + [ChildProcess.products + "/relayctl"] + arguments)
    }

    /// A relayd that is process 1 of a namespace, which ends with the value.
    private func serve(_ store: String) throws -> ChildProcess {
        let log = directory.file("relayd.log")
        let process = ChildProcess(
            "unshare",
            Self.unshare + [
                ChildProcess.products + "/relayd", "--store", store, "--socket",
                directory.file("relay.sock"), "--admin-socket", directory.file("admin.sock"),
            ], output: log)
        for _ in 0..<2_000 where !readText(log).has("ready") { usleep(5_000) }
        try #require(readText(log).has("ready"), "\(readText(log))")
        return process
    }

    private func sample() throws -> String {
        let store = directory.file("store")
        let made = ChildProcess.run("relayctl", ["sample", "--store", store, "--orders", "100"])
        try #require(made.code == 0, "\(made.output)")
        return store
    }

    @Test("Every verb that reads the store works, though relayd has the same process id.")
    func reading() throws {
        guard Self.isPossible else { return }
        let store = try sample()
        let relayd = try serve(store)
        let repository = directory.file("repository")
        for arguments in [
            ["dump", "--store", store, "--to", directory.file("dump")],
            ["check", "--store", store],
            ["snapshot", "create", "--store", store, "--to", directory.file("snapshot")],
            ["snapshot", "create", "--store", store, "--into", repository],
            ["snapshot", "diff", repository + ":latest", store],
            ["load", directory.file("dump"), "--dry-run", "--store", store],
        ] {
            let run = isolated(arguments)
            #expect(run.code == 0, "\(arguments): \(run.output)")
        }
        // Exit codes and standard output are those of the process that did it.
        let unknown = isolated(["keys", "revoke", "999", "--store", store])
        #expect(unknown.code == 1 && unknown.output.has("writes to this store"))
        #expect(isolated(["check", "--store", store, "--json"]).output.has("\"findings\":"))
        relayd.signal(SIGKILL)
        relayd.wait()
    }

    @Test("What relayd answers needs no store in sight, only its admin socket.")
    func socketOnly() throws {
        guard Self.isPossible else { return }
        let store = try sample()
        let relayd = try serve(store)
        let dump = directory.file("dump")
        #expect(isolated(["dump", "--store", store, "--to", dump]).code == 0)
        for arguments in [
            ["stat"], ["readers"], ["readers", "--clear-stale"], ["health"], ["wait"],
            ["top", "--once", "--interval", "100ms"], ["keys", "create", "--account", "1"],
            ["keys", "list", "--account", "1"], ["keys", "revoke", "1"], ["load", dump],
        ] {
            let run = isolated(arguments + ["--admin-socket", directory.file("admin.sock")])
            #expect(run.code == 0, "\(arguments): \(run.output)")
        }
        relayd.signal(SIGKILL)
        relayd.wait()
    }

    @Test("Where no process id is free, the message names the cause and two ways.")
    func message() throws {
        guard Self.isPossible else { return }
        let store = try sample()
        let relayd = try serve(store)
        let run = ChildProcess.run(
            "env",
            ["RELAYCTL_PROCESS=1000", "unshare"] + Self.unshare + [
                ChildProcess.products + "/relayctl", "check", "--store", store,
            ])
        #expect(run.code == 1)
        for part in ["PID namespace", "--pid host", "--admin-socket", "process id (1)"] {
            #expect(run.output.has(part), "\(run.output)")
        }
        relayd.signal(SIGKILL)
        relayd.wait()
    }
}
