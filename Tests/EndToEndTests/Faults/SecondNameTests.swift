import Glibc
import System
import TestSupport
import Testing

@Suite("A data file with a second name", .serialized)
struct SecondNameTests {
    private let directory = TemporaryDirectory()

    /// A folder whose `data.mdb` is the store's file, and nothing else is.
    private func secondName(of store: String) throws -> String {
        let second = directory.file("second")
        try #require(mkdir(second, 0o700) == 0)
        try #require(link(store + "/data.mdb", second + "/data.mdb") == 0)
        return second
    }

    private func start(_ store: String) -> (code: Int32, output: String) {
        let program = ChildProcess.path(of: "relayd")
        let sockets = ["--socket", directory.file("2.sock"), "--admin-socket", directory.file("3")]
        return ChildProcess.run(
            "timeout",
            ["30", program, "--store", store, "--durability", "synced-commits"] + sockets)
    }

    @Test(
        "is opened under one of them only while relayd serves it, and under either one before and after.",
        arguments: ["log", "synced-commits"])
    func relaydFirst(durability: String) throws {
        let store = directory.file("store")
        let arguments = ["--durability", durability]
        do {
            let relayd = try Relayd(store: store, in: directory, arguments: arguments)
            let second = try secondName(of: store)
            for words in [
                ["keys", "create", "--account", "1"], ["stat"], ["dump"], ["check"],
            ] {
                let run = ChildProcess.run("relayctl", words + ["--store", second])
                #expect(run.code == 1, "\(words): \(run)")
                #expect(
                    run.output.contains(
                        "\(second)/data.mdb is open in relayd (process \(relayd.process.pid))"),
                    "\(run.output)")
            }
            let other = start(second)
            #expect(other.code == 1)
            #expect(other.output.contains("\(second)/data.mdb is open in relayd"), "\(other)")
            #expect(other.output.contains("event=start_failed"), "\(other)")
            // Its own lock file is known to the one that serves.
            let beside = ChildProcess.run(
                "relayctl", ["keys", "list", "--account", "1", "--store", store])
            #expect(beside.code == 0, "\(beside)")
            #expect(Curl().status(unix: relayd.socket) == 200)
            #expect(relayd.stop() == 0)
        }
        let after = ChildProcess.run(
            "relayctl",
            ["keys", "list", "--account", "1", "--store", directory.file("second")])
        // A store that was left in order is whole without its log.
        #expect(after.code == 0, "\(after)")
    }

    @Test("has one server, also where both folders have one lock file.")
    func oneServer() throws {
        let (store, second) = (directory.file("store"), directory.file("second"))
        let relayd = try Relayd(
            store: store, in: directory, arguments: ["--durability", "synced-commits"])
        try #require(mkdir(second, 0o700) == 0)
        for name in ["/data.mdb", "/lock.mdb"] {
            try #require(link(store + name, second + name) == 0)
        }
        let other = start(second)
        #expect(other.code == 1)
        #expect(
            other.output.contains(
                "\(second)/data.mdb is served by relayd (process \(relayd.process.pid))"),
            "\(other)")
        #expect(relayd.stop() == 0)
    }

    @Test("keeps a tool that writes apart from a relayd that comes later.")
    func toolFirst() throws {
        let store = directory.file("store")
        #expect(try Relayd(store: store, in: directory).stop() == 0)
        let second = try secondName(of: store)
        // It waits for lines as long as the pipe is open.
        let (fifo, said) = (directory.file("lines"), directory.file("said"))
        try #require(mkfifo(fifo, 0o600) == 0)
        let tool = ChildProcess("relayctl", ["load", fifo, "--store", store], output: said)
        let pipe = open(fifo, O_WRONLY | O_CLOEXEC)
        try #require(pipe >= 0)
        let line = Array(#"{"relayDump":1}"#.utf8) + [10]
        _ = write(pipe, line, line.count)
        let data = try DiskFile(store + "/data.mdb", .reading)
        for _ in 0..<2_000 where LockHolder(of: data.descriptor) == nil { usleep(5_000) }
        let run = start(second)
        #expect(run.code == 1)
        #expect(run.output.contains("\(second)/data.mdb is open in relayctl"), "\(run)")
        close(pipe)
        _ = tool.wait()
    }
}
