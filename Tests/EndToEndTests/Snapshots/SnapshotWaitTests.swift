import CLinux
import Glibc
import TestSupport
import Testing

@Suite("A repository that another process is at work on", .serialized) struct SnapshotWaitTests {
    private let directory = TemporaryDirectory()
    private var path: String { directory.file("repository") }
    private var store: String { directory.file("store") }

    /// Makes a store and a repository with a snapshot of it.
    private func prepare() {
        for words in [
            ["sample", "--store", store, "--orders", "50"],
            ["snapshot", "create", "--store", store, "--into", path],
        ] {
            let run = ChildProcess.run("relayctl", words)
            #expect(run.code == 0, "\(run.output)")
        }
    }

    /// This process holds a lock of the repository, which is another one to those that it starts.
    private final class HeldLock {
        private let descriptor: Int32

        init(_ path: String) {
            descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        }

        func release() {
            flock(descriptor, LOCK_UN)
            close(descriptor)
        }
    }

    /// Waits until a program has said that it waits.
    private func awaitWaiting(_ output: String) {
        for _ in 0..<6_000 where !readText(output).contains("waiting for") { usleep(10_000) }
        #expect(
            readText(output).contains("(process \(getpid())), at work on \(path)"),
            "\(readText(output))")
    }

    /// Runs a verb while a lock is held: without `--wait`, with too short a one, and with one in which
    /// the lock is given up.
    private func tryEach(_ words: [String], whileHeld lock: String) {
        let held = HeldLock("\(path)/\(lock)")
        let refused = ChildProcess.run("relayctl", ["snapshot"] + words)
        #expect(refused.code == 1, "\(words): \(refused.output)")
        #expect(
            refused.output.contains("is at work on \(path): try again"), "\(refused.output)")
        #expect(refused.output.contains("(process \(getpid()))"), "\(words): \(refused.output)")
        let late = ChildProcess.run("relayctl", ["snapshot"] + words + ["--wait", "50ms"])
        #expect(late.code == 1, "\(words): \(late.output)")
        #expect(late.output.contains("after 50 ms"), "\(words): \(late.output)")
        let output = directory.file("waiting")
        unlink(output)
        let waiting = ChildProcess(
            "relayctl", ["snapshot"] + words + ["--wait", "10m"], output: output)
        awaitWaiting(output)
        #expect(!waiting.hasEnded)
        held.release()
        #expect(waiting.wait() == 0, "\(words): \(readText(output))")
    }

    @Test("is waited for by who creates or prunes, for as long as --wait says.")
    func writing() {
        prepare()
        tryEach(["create", "--store", store, "--into", path], whileHeld: "write.lock")
        tryEach(["prune", path, "--keep-last", "1"], whileHeld: "write.lock")
        tryEach(["prune", path, "--keep-last", "1"], whileHeld: "read.lock")
    }

    @Test("is waited for by who reads, too.")
    func reading() {
        prepare()
        for words in [
            ["list", path], ["verify", path, "--quick"], ["verify", path + ":latest"],
            ["restore", path + ":latest", "--to", directory.file("restored")],
            ["show", path + ":latest", "orders/1"], ["diff", path + ":latest", store],
        ] {
            tryEach(words, whileHeld: "read.lock")
        }
    }

    @Test("is waited for no longer when Ctrl-C comes.")
    func interrupted() {
        prepare()
        let held = HeldLock(path + "/write.lock")
        let output = directory.file("waiting")
        let waiting = ChildProcess(
            "relayctl",
            ["snapshot", "create", "--store", store, "--into", path, "--wait", "10m"],
            output: output)
        awaitWaiting(output)
        waiting.signal(SIGINT)
        #expect(waiting.wait() == 1)
        #expect(readText(output).contains("interrupted; nothing is left behind"))
        held.release()
    }
}
