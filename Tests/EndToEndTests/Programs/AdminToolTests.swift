import Glibc
import RelayClient
import RelayContract
import TestSupport
import Testing

@Suite("The administrator's tools beside a running relayd", .serialized)
struct AdminToolTests {
    @Test("wait returns when relayd is ready, and says what it saw when that takes too long.")
    func waiting() throws {
        let directory = TemporaryDirectory()
        let store = directory.file("store")
        let early = ChildProcess.run(
            "relayctl", ["wait", "--ready", "--store", store, "--timeout", "100ms"])
        #expect(early.code == 1)
        #expect(
            early.output.contains("the last attempt: no process listens on \(store)/admin.sock"))

        let socket = directory.file("admin.sock")
        let log = directory.file("wait.log")
        let waiting = ChildProcess(
            "relayctl", ["wait", "--admin-socket", socket, "--timeout", "1m"], output: log)
        let relayd = try Relayd(store: store, in: directory)
        #expect(waiting.wait() == 0, "\(readText(log))")
        #expect(relayd.stop() == 0)
    }

    @Test("readers names a process that died with a reader, until its slot is freed.")
    func deadReader() throws {
        let sample = try SampleStore()
        let relayd = try sample.serve()
        let place = ["--store", sample.store, "--admin-socket", relayd.adminSocket]
        // A dump into a pipe that nobody reads stands still in the middle of its transaction.
        let file = sample.directory.file("dump")
        #expect(mkfifo(file, 0o600) == 0)
        let dump = ChildProcess("relayctl", ["dump", "--store", sample.store, "--to", file])
        let pipe = open(file, O_RDONLY | O_CLOEXEC)
        defer { close(pipe) }
        func readers(_ options: [String] = []) -> String {
            ChildProcess.run("relayctl", ["readers", "--json"] + options + place).output
        }
        let mark = "\"pid\":\(dump.pid),"
        var listed = readers()
        for _ in 0..<200 where !listed.contains(mark) {
            usleep(10_000)
            listed = readers()
        }
        #expect(listed.contains(mark))
        dump.signal(SIGKILL)
        dump.wait()
        // Marked, until somebody frees it; relayd does within ten seconds.
        let left = readers()
        #expect(left.contains("\"dead\":true") || !left.contains(mark), "\(left)")
        #expect(!readers(["--clear-stale"]).contains(mark))
        #expect(readers().contains("\"pid\":\(relayd.process.pid),"))
    }

    @Test("A dump that nobody reads to its end lets go of its reader, and says nothing.")
    func brokenPipe() throws {
        let sample = try SampleStore()
        let relayd = try sample.serve()
        let relayctl = ChildProcess.products + "/relayctl"
        let script =
            "'\(relayctl)' dump --store '\(sample.store)' 2>'\(sample.directory.file("said"))' "
            + "| head -1 >/dev/null; exit ${PIPESTATUS[0]}"
        // As SIGPIPE ends other programs, but in order.
        #expect(ChildProcess.run("bash", ["-c", script]).code == 128 + SIGPIPE)
        #expect(!readText(sample.directory.file("said")).contains("relayctl:"))
        let readers = ChildProcess.run(
            "relayctl", ["readers", "--json", "--admin-socket", relayd.adminSocket]
        ).output
        #expect(!readers.contains("\"dead\"") && !readers.contains("\"lag\":1"), "\(readers)")
        #expect(readers.occurrences(of: "\"pid\":\(relayd.process.pid),") > 0)
        #expect(
            readers.occurrences(of: "\"pid\":")
                == readers.occurrences(of: "\"pid\":\(relayd.process.pid),"), "\(readers)")
        #expect(relayd.stop() == 0)
    }

    @Test("relayd frees the slots of dead readers by itself: its file does not grow behind them.")
    func growth() throws {
        let sample = try SampleStore()
        // Between checkpoints the file grows by itself: here only readers count.
        let relayd = try sample.serve(arguments: ["--durability", "synced-commits"])
        let client = RelayClient(connection: try relayd.connect(), key: try relayd.makeKey())
        let file = sample.directory.file("dump")
        #expect(mkfifo(file, 0o600) == 0)
        let dump = ChildProcess("relayctl", ["dump", "--store", sample.store, "--to", file])
        let pipe = open(file, O_RDONLY | O_CLOEXEC)
        defer { close(pipe) }
        var byte: UInt8 = 0
        #expect(read(pipe, &byte, 1) == 1)
        dump.signal(SIGKILL)
        dump.wait()
        let before = sample.fileBytes
        for number in 0..<800 {
            _ = try client.updateOrder(1, OrderPatch(status: number % 2 == 0 ? .open : .finished))
        }
        #expect(sample.fileBytes - before < 3 << 20)
        #expect(relayd.stop() == 0)
    }

    @Test("A store or a dump that was cut off is exit code 3: something is wrong with the data.")
    func cutOff() throws {
        let directory = TemporaryDirectory()
        let (store, dump) = (directory.file("store"), directory.file("dump.zst"))
        let sample = ["sample", "--store", store, "--orders", "100"]
        #expect(ChildProcess.run("relayctl", sample).code == 0)
        let whole = ChildProcess.run("relayctl", ["dump", "--store", store, "--to", dump])
        #expect(whole.code == 0)
        #expect(truncate(dump, 10_000) == 0)
        let load = ["load", dump, "--store", directory.file("other")]
        #expect(ChildProcess.run("relayctl", load).code == 3)
        #expect(truncate(store + "/data.mdb", 40_960) == 0)
        for verb in ["check", "stat", "dump"] {
            let run = ChildProcess.run("relayctl", [verb, "--store", store])
            #expect(run.code == 3, "\(verb): \(run.output)")
        }
    }

    @Test("stat and top tell what relayd does.")
    func figures() throws {
        let directory = TemporaryDirectory()
        let relayd = try Relayd(store: directory.file("store"), in: directory)
        let place = ["--admin-socket", relayd.adminSocket]
        let top = ChildProcess.run("relayctl", ["top", "--once", "--interval", "100ms"] + place)
        #expect(top.code == 0, "\(top.output)")
        #expect(top.output.contains("pid \(relayd.process.pid), up"))
        #expect(top.output.contains("requests  0/s"))
        let json = ChildProcess.run("relayctl", ["top", "--json"] + place)
        #expect(json.output.contains("\"queuedWrites\":0"))
        let none = ChildProcess.run(
            "relayctl", ["top", "--once", "--admin-socket", directory.file("none.sock")])
        #expect(none.code == 1 && none.output.contains("no process listens on"))
    }

    @Test("Every manual page is one that groff has no complaint about.")
    func manual() throws {
        let directory = TemporaryDirectory()
        let made = ChildProcess.run("relayctl", ["man", "--to", directory.file("man")])
        #expect(made.code == 0, "\(made.output)")
        let daemon = directory.file("man/relayd.8")
        #expect(ChildProcess("relayd", ["--man"], output: daemon).wait() == 0)
        let pages = TemporaryDirectory.names(in: directory.file("man")).filter { $0.first != "." }
        #expect(pages.contains("relayctl-keys-create.1") && pages.contains("relayctl.1"))
        guard ChildProcess.run("which", ["groff"]).code == 0 else { return }
        for page in pages {
            let path = directory.file("man/" + page)
            // Complaints go to standard error, which the output holds too: there must be none.
            let checked = ChildProcess.run(
                "bash", ["-c", "groff -Tutf8 -ww -man '\(path)' 2>&1 >/dev/null"])
            #expect(checked.code == 0 && checked.output.isEmpty, "\(page): \(checked.output)")
        }
    }
}

extension String {
    /// How many times some text stands in it.
    fileprivate func occurrences(of text: String) -> Int { ranges(of: text).count }
}
