import Glibc
import RelayStore
import System
import TestSupport
import Testing

@Suite("The log of a served store")
struct StoreLogTests {
    /// What relayctl prints about a store that nobody serves.
    private func ask(
        _ words: [String], _ store: String
    ) -> (code: Int32, output: String) {
        ChildProcess.run("relayctl", words + ["--store", store, "--json"])
    }

    private func kill(_ service: FaultyService) {
        service.relayd.process.signal(SIGKILL)
        _ = service.relayd.process.wait()
    }

    @Test("is there with --durability log, and gone with synced-commits.")
    func ways() throws {
        let directory = TemporaryDirectory()
        var service = try FaultyService(in: directory)
        #expect(try service.create() == 201)
        #expect(try #require(service.figure("logBytes")) > 0)
        #expect(try #require(service.figure("checkpoints")) > 0)
        #expect(service.relayd.stop() == 0)
        let shown = ask(["log", "show"], service.store)
        #expect(shown.output.contains(#""leftInOrder":true"#), "\(shown.output)")
        service = try FaultyService(in: directory, arguments: ["--durability", "synced-commits"])
        #expect(try service.create() == 201)
        #expect(service.figure("logBytes") == nil)
        #expect(access(service.store + "/log", F_OK) != 0)
        #expect(service.relayd.stop() == 0)
        #expect(ask(["log", "show"], service.store).output == "{\"hasLog\":false}\n")
        service = try FaultyService(in: directory, arguments: ["--durability", "log"])
        #expect(try service.create() == 201)
        #expect(service.relayd.stop() == 0)
        #expect(access(service.store + "/log/control", F_OK) == 0)
    }

    @Test("is applied by relayctl after a kill, which says so; shown, verified and trimmed.")
    func recovered() throws {
        let directory = TemporaryDirectory()
        let service = try FaultyService(in: directory)
        for _ in 0..<20 { #expect(try service.create() == 201) }
        let beside = ask(["log", "show"], service.store)
        #expect(beside.output.contains(#""inUse":true"#), "\(beside.output)")
        #expect(ask(["log", "trim"], service.store).code == 1)
        kill(service)
        #expect(ask(["log", "show"], service.store).output.contains(#""leftInOrder":false"#))
        let verified = ask(["log", "verify"], service.store)
        #expect(verified.code == 0 && verified.output.contains(#""hasLog":true"#))
        let check = ChildProcess.run("relayctl", ["check", "--store", service.store])
        #expect(check.code == 0 && check.output.contains("was not left in order"), "\(check)")
        #expect(ask(["log", "show"], service.store).output.contains(#""leftInOrder":true"#))
        #expect(ask(["log", "trim"], service.store).code == 0)
        #expect(access(service.store + "/log", F_OK) != 0)
        let dump = ChildProcess.run("relayctl", ["dump", "--store", service.store])
        #expect(dump.output.split(separator: "\n").count { $0.contains(#""document":{"#) } == 21)
    }

    @Test("keeps others from writing beside it, and a store without its log is not opened.")
    func alone() throws {
        let directory = TemporaryDirectory()
        var service = try FaultyService(in: directory)
        let words = ["keys", "create", "--account", "1"]
        let beside = ask(words, service.store)
        #expect(beside.code == 1 && beside.output.contains("ask relayd"), "\(beside.output)")
        kill(service)
        #expect(rename(service.store + "/log", directory.file("away")) == 0)
        let missing = ask(words, service.store)
        #expect(missing.code == 1 && missing.output.contains("log is missing"), "\(missing.output)")
        #expect(ask(["log", "forget"], service.store).code == 0)
        #expect(ask(words, service.store).code == 0)
        service = try FaultyService(in: directory)
        #expect(service.relayd.stop() == 0)
    }

    @Test("takes back what the disk refuses, of the log or of the store, and goes on.")
    func refused() throws {
        let directory = TemporaryDirectory()
        for (file, calls) in [
            ("log/segment", FaultyDisk.Calls.write), ("log/segment", .sync), ("data.mdb", .write),
        ] {
            let disk = FaultyDisk(in: directory, of: file)
            var service = try FaultyService(in: directory, environment: disk.environment)
            let before = try #require(service.figure("sequence"))
            disk.fail(calls, with: EIO, times: 1)
            #expect(try service.create() == 500, "\(file)")
            #expect(service.figure("failedWrites") == 1, "\(file)")
            #expect(try service.create() == 201, "\(file)")
            kill(service)
            service = try FaultyService(in: directory)
            // The one behind it, and the one that the service begins with.
            #expect(service.figure("sequence") == before + 2, "\(file)")
            #expect(service.relayd.stop() == 0)
        }
    }

    @Test("refuses writes and answers reads while the disk takes nothing at all, then goes on.")
    func nothingTaken() throws {
        let directory = TemporaryDirectory()
        let disk = FaultyDisk(in: directory, of: "/store")
        let service = try FaultyService(in: directory, environment: disk.environment)
        disk.fail(.write, with: EIO, times: -1)
        for _ in 0..<3 { #expect(try service.create() == 500) }
        #expect(try service.client().getOrder(1).value.title == "Dach")
        disk.fail(.write, with: EIO, times: 0)
        #expect(try service.create() == 201)
        #expect(service.relayd.stop() == 0)
    }

    @Test("leaves a store that is whole without it when the first checkpoint of a start fails.")
    func firstCheckpointFails() throws {
        let directory = TemporaryDirectory()
        var service = try FaultyService(in: directory)
        #expect(service.relayd.stop() == 0)
        let disk = FaultyDisk(in: directory, of: "log/control")
        disk.fail(.write, with: EIO, times: 1)
        let started = ChildProcess.run(
            "relayd", ["--store", service.store, "--socket", directory.file("other.sock")],
            environment: disk.environment)
        #expect(started.code == 1 && started.output.contains("log/control"), "\(started)")
        let made = ask(["keys", "create", "--account", "1"], service.store)
        #expect(made.code == 0 && !made.output.contains("recover"), "\(made)")
        service = try FaultyService(in: directory)
        #expect(service.relayd.stop() == 0)
    }

    @Test("ends relayd within a checkpoint when it is taken away; put back, it has all.")
    func takenAway() throws {
        for part in ["", "/control", "/segment"] {
            let directory = TemporaryDirectory()
            var service = try FaultyService(in: directory)
            var path = service.store + "/log" + part
            if part == "/segment" {
                // The one that is in use says which it is.
                path += readBytes(path + "-1").first == 0 ? "-2" : "-1"
            }
            #expect(rename(path, directory.file("away")) == 0)
            #expect(try service.create() == 201)
            #expect(service.relayd.process.wait(seconds: 60) == 1, "\(part)")
            #expect(service.relayd.logs("log is missing"), "\(part)")
            #expect(rename(directory.file("away"), path) == 0)
            service = try FaultyService(in: directory)
            #expect(try service.client().getOrder(2).value.id == 2, "\(part)")
            #expect(service.relayd.stop() == 0)
        }
    }

    @Test("has a checkpoint a second, however many groups there are.")
    func pace() throws {
        let service = try FaultyService(in: TemporaryDirectory())
        let start = SystemClock.monotonic.milliseconds
        let before = try #require(service.figure("checkpoints"))
        for _ in 0..<200 { #expect(try service.create() == 201) }
        let made = try #require(service.figure("checkpoints")) - before
        let seconds = Int(SystemClock.monotonic.milliseconds - start) / 1_000
        #expect(made <= seconds + 2)
        #expect(service.relayd.stop() == 0)
    }

    @Test("keeps no record of what was refused, and finds nothing wrong with it after a kill.")
    func refusals() throws {
        let directory = TemporaryDirectory()
        var service = try FaultyService(in: directory)
        let before = try #require(service.figure("logBytes"))
        for _ in 0..<3 { #expect(try service.patch("/v1/orders/99", #"{"title":"x"}"#) == 404) }
        #expect(service.figure("logBytes") == before)
        #expect(try service.create() == 201)
        #expect(try service.patch("/v1/orders/99", #"{"title":"x"}"#) == 404)
        let sequence = try #require(service.figure("sequence"))
        kill(service)
        service = try FaultyService(in: directory)
        // The one that the service begins with.
        #expect(service.figure("sequence") == sequence + 1)
        #expect(service.relayd.stop() == 0)
    }

    @Test("brings back what was answered when a checkpoint fails: relayd ends, and starts again.")
    func checkpointFails() throws {
        let directory = TemporaryDirectory()
        let disk = FaultyDisk(in: directory, of: "data.mdb")
        var service = try FaultyService(in: directory, environment: disk.environment)
        disk.fail(.sync, with: EIO, times: 1)
        #expect(try service.create() == 201)
        #expect(service.relayd.process.wait(seconds: 60) == 1)
        #expect(service.relayd.logs("a checkpoint"))
        #expect(ask(["log", "show"], service.store).output.contains(#""leftInOrder":false"#))
        service = try FaultyService(in: directory)
        #expect(service.relayd.logs("store_recovered"))
        #expect(try service.client().getOrder(3).value.id == 3)
        #expect(service.figure("sequence") == 3)
        #expect(service.relayd.stop() == 0)
    }

    @Test("is not applied beside a program that has the store open: the newest commit has it all.")
    func besideReader() throws {
        let directory = TemporaryDirectory()
        var service = try FaultyService(in: directory)
        for _ in 0..<20 { #expect(try service.create() == 201) }
        let reader = try Store.open(at: service.store)
        kill(service)
        service = try FaultyService(in: directory)
        #expect(service.relayd.logs("from its newest commit"))
        #expect(try service.client().getOrder(22).value.id == 22)
        kill(service)
        withExtendedLifetime(reader) {}
    }

    @Test("makes relayctl wait while it is applied to the store.")
    func waiting() throws {
        let directory = TemporaryDirectory()
        let service = try FaultyService(in: directory)
        // As a relayd that starts holds it.
        let log = open(service.store + "/log", O_RDONLY | O_CLOEXEC)
        #expect(flock(log, LOCK_EX | LOCK_NB) == 0)
        let dump = ChildProcess(
            "relayctl", ["dump", "--store", service.store, "--to", directory.file("dump")])
        usleep(400_000)
        #expect(!dump.hasEnded)
        close(log)
        #expect(dump.wait(seconds: 30) == 0)
        #expect(service.relayd.stop() == 0)
    }

    @Test("is given up only with --force when it can be applied, and verified as the store's own.")
    func forgetting() throws {
        let directory = TemporaryDirectory()
        var service = try FaultyService(in: directory)
        for _ in 0..<5 { #expect(try service.create() == 201) }
        kill(service)
        let whole = ask(["log", "forget"], service.store)
        #expect(whole.code == 1 && whole.output.contains("can be applied"), "\(whole.output)")
        // Nothing was changed by that.
        #expect(ask(["log", "verify"], service.store).code == 0)
        #expect(ask(["log", "forget", "--force"], service.store).code == 0)
        let other = try FaultyService(in: directory, store: directory.file("other"))
        for _ in 0..<5 { #expect(try other.create() == 201) }
        kill(other)
        service = try FaultyService(in: directory)
        kill(service)
        #expect(rename(service.store + "/log", directory.file("away")) == 0)
        #expect(rename(other.store + "/log", service.store + "/log") == 0)
        let foreign = ask(["log", "verify"], service.store)
        #expect(foreign.code == 3 && foreign.output.contains("another store"), "\(foreign.output)")
    }
}
