import Glibc
import RelayClient
import RelayContract
import TestSupport
import Testing

@Suite("Dumps and loads beside a running relayd", .serialized)
struct LoadTests {
    /// The records of a dump, without what differs between stores that hold the same: versions, and the
    /// times of last changes, of which a load is one.
    private func records(_ file: String) -> [String] {
        readText(file).split(separator: "\n").dropFirst().map { line in
            guard let start = line.firstRange(of: ",\"version\":"),
                let end = line.firstRange(of: ",\"document\":")
            else { return String(line) }
            return String(line[..<start.lowerBound] + line[end.lowerBound...])
                .replacing(/("createdAt":"[^"]*"),"updatedAt":"[^"]*"/) { $0.output.1 }
        }
    }

    @Test("A dump names the record whose checksum is wrong, and ends with 3.")
    func damaged() throws {
        let sample = try SampleStore()
        let data = sample.store + "/data.mdb"
        // Of the records that begin so, appointments come first in the file.
        let title = Array(#"{"id":7,"title":""#.utf8)
        let bytes = readBytes(data)
        let start = try #require(
            bytes.indices.first { bytes[$0] == title[0] && bytes[$0...].starts(with: title) })
        let file = open(data, O_RDWR | O_CLOEXEC)
        var letter = bytes[start + title.count] ^ 1
        try #require(pwrite(file, &letter, 1, off_t(start + title.count)) == 1)
        close(file)
        let dump = sample.directory.file("damaged.jsonl")
        let made = ChildProcess.run(
            "relayctl", ["dump", "--store", sample.store, "--to", dump, "--json"])
        #expect(made.code == 3, "\(made.output)")
        #expect(made.output.contains("appointment 7 of account 1: its checksum is wrong"))
        #expect(made.output.contains(#""failed":1"#))
    }

    @Test("Nothing to load is an error, which makes no store.")
    func nothing() throws {
        let directory = TemporaryDirectory()
        let store = directory.file("store")
        let (empty, blank) = (directory.file("empty"), directory.file("blank"))
        close(open(empty, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
        let file = try #require(fopen(blank, "w"))
        fputs("\n \n", file)
        fclose(file)
        let packed = directory.file("packed")
        #expect(ChildProcess.run("zstd", ["-q", empty, "-o", packed]).code == 0)
        for path in [empty, blank, packed, "-"] {
            for option in [[], ["--dry-run"]] {
                let run = ChildProcess.run("relayctl", ["load", path, "--store", store] + option)
                #expect(run.code == 3 && run.output.contains("is empty"), "\(path): \(run.output)")
            }
        }
        #expect(access(store, F_OK) != 0)
    }

    @Test("Ids of deleted records are not given out again where a dump was loaded.")
    func counters() throws {
        let directory = TemporaryDirectory()
        let (dump, other) = (directory.file("dump"), directory.file("other"))
        let source = try FaultyService(in: directory)
        #expect(try source.post("/v1/customers", #"{"customer":{"name":"K"}}"#) == 201)
        let appointment =
            #"{"title":"t","dateStart":"2026-01-01 10:00:00","dateEnd":"2026-01-01 11:00:00","#
            + #""location":"l","customerId":1}"#
        for _ in 0..<3 { #expect(try source.post("/v1/appointments", appointment) == 201) }
        for id: UInt64 in [2, 3] { _ = try source.client().deleteAppointment(id) }
        let dumped = ChildProcess.run("relayctl", ["dump", "--store", source.store, "--to", dump])
        #expect(dumped.code == 0, "\(dumped.output)")
        #expect(readText(dump).contains(#"{"account":1,"resource":"appointment","lastId":3}"#))
        #expect(!readText(dump).contains(#""resource":"term""#))
        #expect(source.relayd.stop() == 0)
        let load = ["load", dump, "--store", other, "--json"]
        // The calendar shows for a while that two were cancelled.
        #expect(ChildProcess.run("relayctl", load).output.contains(#""created":5,"#))
        // The second time, through relayd, there is nothing to change.
        let target = try FaultyService(in: directory, store: other)
        let again = target.admin(["load", dump, "--json"])
        #expect(again.output.contains(#""created":0,"updated":0,"unchanged":5,"failed":0"#))
        #expect(try target.post("/v1/appointments", appointment) == 201)
        #expect(try target.client().getAppointment(4).value.id == 4)
        #expect(target.relayd.stop() == 0)
    }

    @Test("A load leaves room for other clients, and a dump gives back what was loaded.")
    func besideOthers() throws {
        let sample = try SampleStore()
        let file = sample.directory.file("sample.jsonl.zst")
        let plain = sample.directory.file("sample.jsonl")
        for target in [file, plain] {
            let made = ChildProcess.run(
                "relayctl", ["dump", "--store", sample.store, "--to", target])
            #expect(made.code == 0, "\(made.output)")
        }
        let store = sample.directory.file("other")
        let relayd = try Relayd(store: store, in: sample.directory)
        let client = RelayClient(
            connection: try relayd.connect(), key: try relayd.makeKey(account: 9))
        let place = ["--store", store, "--admin-socket", relayd.adminSocket]

        let log = sample.directory.file("load.log")
        let load = ChildProcess("relayctl", ["load", file, "--json"] + place, output: log)
        var mine: [UInt64] = []
        while kill(load.pid, 0) == 0, mine.count < 50 {
            mine.append(try client.createOrder(NewOrder(title: "Nr. \(mine.count)")).value.id)
            #expect(try client.getOrder(mine[0]).value.title == "Nr. 0")
        }
        #expect(load.wait() == 0, "\(readText(log))")
        #expect(readText(log).contains("\"updated\":0,\"unchanged\":0,\"failed\":0"))
        #expect(mine == Array(1...UInt64(mine.count)))

        let back = sample.directory.file("back.jsonl")
        let dumped = ChildProcess.run(
            "relayctl", ["dump", "--store", store, "--account", "1", "--to", back])
        #expect(dumped.code == 0, "\(dumped.output)")
        #expect(records(back) == records(plain))
        let all = sample.directory.file("all.jsonl")
        #expect(ChildProcess.run("relayctl", ["dump", "--store", store, "--to", all]).code == 0)
        let bytes = try #require(readText(all).firstMatch(of: /"bytes":[0-9]+/)).output
        let checked = ChildProcess.run("relayctl", ["check", "--store", store, "--json"])
        #expect(checked.code == 0 && checked.output.contains("\(bytes),"), "\(checked.output)")

        // The same again: nothing changes, whichever way it comes.
        let again = ChildProcess.run("relayctl", ["load", plain, "--json"] + place)
        #expect(again.code == 0)
        #expect(again.output.contains("\"created\":0,\"updated\":0,\"unchanged\":"))
        #expect(relayd.stop() == 0)
        let direct = ChildProcess.run("relayctl", ["load", file, "--store", store, "--json"])
        #expect(direct.output.contains("\"created\":0,\"updated\":0,\"unchanged\":"))
    }

    @Test("What has come of a file that is slow to come is loaded, and does not wait for the rest.")
    func slowFile() throws {
        let sample = try SampleStore()
        let (dump, pipe) = (sample.directory.file("dump"), sample.directory.file("pipe"))
        let made = ChildProcess.run("relayctl", ["dump", "--store", sample.store, "--to", dump])
        try #require(made.code == 0, "\(made.output)")
        let relayd = try Relayd(store: sample.directory.file("other"), in: sample.directory)
        let client = RelayClient(connection: try relayd.connect(), key: try relayd.makeKey())
        try #require(mkfifo(pipe, 0o600) == 0)
        let log = sample.directory.file("load.log")
        let load = ChildProcess(
            "relayctl", ["load", pipe, "--admin-socket", relayd.adminSocket, "--json"],
            output: log)
        // More than is sent at once, and no whole line at its end.
        let bytes = readBytes(dump)
        let first = 4 << 20 + 100_000
        try #require(bytes.count > first)
        let writing = open(pipe, O_WRONLY | O_CLOEXEC)
        let isWritten = { (part: ArraySlice<UInt8>) in
            part.withUnsafeBytes { write(writing, $0.baseAddress, $0.count) } == part.count
        }
        #expect(isWritten(bytes[..<first]))
        // relayd answers 408 to a body whose rest does not come for a minute.
        var orders = 0
        for _ in 0..<2_000 where orders == 0 {
            usleep(10_000)
            orders = try client.getOrders(limit: 1, offset: 0).records.count
        }
        #expect(orders == 1)
        #expect(isWritten(bytes[first...]))
        close(writing)
        #expect(load.wait() == 0, "\(readText(log))")
        #expect(relayd.stop() == 0)
    }

    @Test("Bad lines are named by their numbers, a cut dump is said to be one, others are loaded.")
    func badLines() throws {
        let sample = try SampleStore()
        let file = sample.directory.file("lines.jsonl")
        let dumped = ChildProcess.run(
            "relayctl",
            ["dump", "--store", sample.store, "--resource", "customer", "--to", file])
        #expect(dumped.code == 0)
        var lines = readText(file).split(separator: "\n").map(String.init)
        let customers = lines.count { $0.contains("\"document\":") }
        lines.removeLast()
        lines.insert("nonsense", at: 2)
        let cut = sample.directory.file("cut.jsonl")
        let output = try #require(fopen(cut, "w"))
        fputs(lines.joined(separator: "\n"), output)
        fclose(output)

        let store = sample.directory.file("other")
        let dry = ChildProcess.run("relayctl", ["load", cut, "--store", store, "--dry-run"])
        #expect(dry.code == 1 && dry.output.contains("expected the directory of a store"))
        let loaded = ChildProcess.run("relayctl", ["load", cut, "--store", store, "--json"])
        #expect(loaded.code == 3)
        #expect(loaded.output.contains("{\"line\":3,\"detail\":\"not JSON:"))
        #expect(loaded.output.contains("{\"created\":\(customers),"))
        #expect(loaded.output.contains("cut off"))
        let dryRun = ChildProcess.run(
            "relayctl", ["load", file, "--store", store, "--dry-run", "--json"])
        #expect(dryRun.code == 0)
        #expect(dryRun.output.contains("\"unchanged\":\(customers),\"failed\":0"))
    }
}
