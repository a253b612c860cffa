import Glibc
import TestSupport
import Testing

@Suite("What the programs write", .serialized) struct OutputTests {
    private let directory = TemporaryDirectory()

    private func sample() -> String {
        let store = directory.file("store")
        let made = ChildProcess.run("relayctl", ["sample", "--store", store, "--orders", "50"])
        #expect(made.code == 0)
        return store
    }

    /// Runs a program with its standard output at the end of a redirection.
    private func run(_ command: String, _ redirection: String) -> (code: Int32, output: String) {
        ChildProcess.run(
            "sh", ["-c", "exec 3>&1; \(ChildProcess.products)/\(command) 2>&3 \(redirection)"])
    }

    @Test(
        "Output that standard output does not take is a failure, of every program.",
        arguments: [
            "relayctl --help", "relayctl --version", "relayctl keys --help", "relayctl --man",
            "relayctl completions bash", "relayctl man", "relayd --help", "relayd -V",
            "relayd --man", "relaybench --help", "relaybench --version", "relaybench run --list",
            "relayctl stat --store STORE", "relayctl dump --store STORE",
            "relayctl check --store STORE", "relayctl keys create --store STORE --account 1",
        ])
    func full(command: String) {
        let command = command.split(separator: " ").map {
            $0 == "STORE" ? sample() : String($0)
        }.joined(separator: " ")
        for redirection in [">/dev/full", ">&-"] {
            let run = run(command, redirection)
            #expect(run.code == 1, "\(command) \(redirection): \(run.output)")
            #expect(run.output.has("standard output"), "\(command) \(redirection): \(run.output)")
        }
    }

    @Test("A key that could not be printed is revoked, in a store and through relayd.")
    func unreadKey() throws {
        let store = sample()
        func create(_ place: String, _ redirection: String) {
            let made = run("relayctl keys create --account 1 \(place)", redirection)
            #expect(made.code == 1, "\(made.output)")
            #expect(made.output.has("could not be printed"), "\(made.output)")
            #expect(made.output.has("it is revoked"), "\(made.output)")
        }
        func keys(_ place: [String]) -> String {
            ChildProcess.run("relayctl", ["keys", "list", "--account", "1", "--json"] + place)
                .output
        }
        create("--store \(store)", ">/dev/full")
        create("--store \(store) --json", ">&-")
        #expect(keys(["--store", store]) == "{\"keys\":[]}\n")
        let relayd = try Relayd(store: store, in: directory)
        let place = ["--admin-socket", relayd.adminSocket]
        create(place.joined(separator: " "), ">/dev/full")
        #expect(keys(place) == "{\"keys\":[]}\n")
        #expect(relayd.logs("key_revoked") && relayd.stop() == 0)
    }

    @Test("A dump goes to a pipe, through a link and to a device, and leaves them what they are.")
    func places() {
        let store = sample()
        let whole = directory.file("whole")
        func dump(_ path: String) -> (code: Int32, output: String) {
            ChildProcess.run("relayctl", ["dump", "--store", store, "--to", path])
        }
        #expect(dump(whole).code == 0)
        let (pipe, link) = (directory.file("pipe"), directory.file("link"))
        #expect(mkfifo(pipe, 0o600) == 0)
        let copy = directory.file("copy")
        let reader = ChildProcess("cat", [pipe], output: copy)
        #expect(dump(pipe).code == 0)
        #expect(reader.wait() == 0)
        #expect(readText(copy) == readText(whole))
        #expect(symlink("target", link) == 0)
        #expect(dump(link).code == 0)
        #expect(readText(directory.file("target")) == readText(whole))
        var status = stat()
        #expect(lstat(link, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
        #expect(lstat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
        #expect(run("relayctl dump --store \(store)", ">\(copy)").code == 0)
        #expect(readText(copy) == readText(whole))
    }

    @Test("A file of somebody else is not replaced by one of one's own.")
    func foreign() {
        // Only root can make files of two users.
        guard geteuid() == 0 else { return }
        let store = sample()
        #expect(chmod(directory.path, 0o777) == 0)
        for path in [store, store + "/data.mdb", store + "/lock.mdb"] {
            #expect(chmod(path, 0o777) == 0)
        }
        let path = directory.file("dump")
        close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666))
        #expect(chmod(path, 0o666) == 0)
        let dump = ChildProcess.run(
            "setpriv",
            [
                "--reuid", "4242", "--regid", "4242", "--clear-groups",
                ChildProcess.products + "/relayctl", "dump", "--store", store, "--to", path,
            ])
        #expect(dump.code == 1)
        #expect(dump.output.has("cannot replace \(path): it belongs to user 0 and group 0"))
        #expect(readText(path).isEmpty)
        let left = TemporaryDirectory.names(in: directory.path).filter { $0.hasSuffix(".part") }
        #expect(left == [])
    }

    @Test("Manual pages and a snapshot's manifest go through links too.")
    func others() {
        let store = sample()
        let pages = directory.file("pages")
        #expect(mkdir(pages, 0o755) == 0)
        #expect(symlink("../page", pages + "/relayctl.1") == 0)
        #expect(ChildProcess.run("relayctl", ["man", "--to", pages]).code == 0)
        #expect(readText(directory.file("page")).hasPrefix(".TH"))
        let manifest = directory.file("manifest")
        #expect(symlink("real", manifest) == 0)
        let create = "relayctl snapshot create --store \(store) --stdout --manifest \(manifest)"
        #expect(run(create, ">\(directory.file("data"))").code == 0)
        #expect(readText(directory.file("real")).hasPrefix("{"))
        let refused = run(create + "/none", ">\(directory.file("data"))")
        #expect(refused.code == 1 && refused.output.has(manifest))
    }
}
