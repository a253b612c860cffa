import Glibc
import HTTP2
import RelayClient
import RelayContract
import TestSupport
import Testing

@Suite("When the disk fails, relayd", .serialized)
struct DiskFaultTests {
    /// Bytes that LMDB writes of a meta page.
    private static let metaBytes = 120

    @Test("says that a meta page could not be written, is not ready, and ends; a restart has all.")
    func metaPage() throws {
        let directory = TemporaryDirectory()
        let disk = FaultyDisk(in: directory, of: "data.mdb")
        let service = try FaultyService(in: directory, environment: disk.environment)
        // A request whose body does not come keeps it from ending at once.
        let slow = try service.relayd.connect()
        let form = ClientRequest(
            "POST", "/v1/orders",
            fields: [
                HeaderField("authorization", "Bearer \(service.key)"),
                HeaderField("content-type", "application/json"),
                HeaderField("content-length", "500000"),
            ], body: [UInt8](repeating: 32, count: 500_000))
        // More than the window takes, and the updates of the window are not read.
        _ = try slow.send(form)
        try slow.flush()
        disk.fail(.write, with: EIO, times: 1, upTo: Self.metaBytes)
        let status = try service.create()
        #expect(status == 503, "\(disk.seen) writes: \(service.relayd.output)")
        #expect(service.relayd.logs("a write to the meta page failed"))
        let ready = service.admin(["health"])
        #expect(ready.code == 1 && ready.output.contains("503"), "\(ready.output)")
        // It still answers, and does not read through a reader that it has not got.
        let keys = service.admin(["keys", "list", "--account", "1"])
        #expect(keys.code == 0 || keys.output.contains("503"), "\(keys.output)")
        #expect(service.relayd.process.wait(seconds: 60) == 1)
        #expect(service.relayd.logs("start relayd again"))

        let again = try Relayd(store: service.store, in: directory)
        let client = RelayClient(connection: try again.connect(), key: service.key)
        #expect(try client.getOrder(1).value.title == "Dach")
        #expect(try client.createOrder(NewOrder(title: "x")).value.id == 2)
        #expect(again.stop() == 0)
    }

    @Test("answers 500 to the writes of a commit that fails, logs and counts them, and goes on.")
    func dataPage() throws {
        let directory = TemporaryDirectory()
        let disk = FaultyDisk(in: directory, of: "data.mdb")
        let service = try FaultyService(
            in: directory, arguments: ["--durability", "synced-commits"],
            environment: disk.environment)
        for calls in [FaultyDisk.Calls.write, .sync] {
            let failed = service.figure("failedWrites") ?? 0
            disk.fail(calls, with: EIO, times: 1)
            #expect(try service.create() == 500)
            #expect(service.figure("failedWrites") == failed + 1)
            #expect(try service.create() == 201)
        }
        #expect(service.relayd.logs("a write failed: liblmdb: Input/output error"))
        #expect(service.relayd.stop() == 0)
    }

    @Test(
        "tells that every write fails, is not ready after ten seconds of that, and ends; a restart has all.",
        arguments: [
            ("synced-commits", FaultyDisk.Calls.sync), ("synced-commits", .write), ("log", .write),
        ])
    func lasting(durability: String, calls: FaultyDisk.Calls) throws {
        let directory = TemporaryDirectory()
        let disk = FaultyDisk(in: directory, of: "/store")
        let service = try FaultyService(
            in: directory, arguments: ["--durability", durability], environment: disk.environment)
        // One that the disk gets over is forgotten.
        disk.fail(calls, with: EIO, times: 1)
        #expect(try service.create() == 500 || durability == "log")
        #expect(try service.create() == 201)
        // A checkpoint that fails ends it sooner.
        for _ in 0..<200 where service.figure("logBytesBehind") ?? 0 > 0 { usleep(50_000) }
        disk.fail(calls, with: EIO)
        var statuses: [Int] = []
        var isTold = false
        for _ in 0..<200 {
            guard let status = try? service.create() else { break }
            statuses.append(status)
            if status == 503 { break }
            let health = service.admin(["health"])
            let says = health.output.contains("failingWrites") && health.output.contains("error")
            if health.code == 0, says, service.figure("writesFail") == 1 { isTold = true }
            usleep(100_000)
        }
        #expect(isTold && statuses.first == 500, "\(statuses): \(service.relayd.output)")
        #expect(!statuses.contains(201))
        #expect(service.relayd.process.wait(seconds: 60) == 1)
        #expect(service.relayd.logs("the disk has refused every write for a while"))
        #expect(service.relayd.logs("start relayd again"))
        disk.heal()
        let again = try Relayd(store: service.store, in: directory)
        let client = RelayClient(connection: try again.connect(), key: service.key)
        #expect(try client.getOrder(1).value.title == "Dach")
        _ = try client.createOrder(NewOrder(title: "x"))
        #expect(again.stop() == 0)
    }

    @Test("answers 507 on a full one that takes a part of a write, and lets through what fits.")
    func full() throws {
        guard SmallDisk.isPossible else { return }
        let directory = TemporaryDirectory()
        let disk = try SmallDisk(in: directory, mebibytes: 24)
        let service = try FaultyService(in: directory, store: disk.file("store"))
        disk.fill(but: 300_000)
        var statuses: [Int] = []
        for _ in 0..<6 { statuses.append(try service.create(200_000)) }
        #expect(statuses.contains(507) && statuses.allSatisfy { $0 == 507 || $0 == 201 })
        #expect(service.relayd.logs("the store is full"))
        #expect((service.figure("failedWrites") ?? 0) > 0)
        disk.fill()
        for _ in 0..<3 { #expect(try service.create(200_000) == 507) }
        let full = service.admin(["health"])
        #expect(full.code == 0 && full.output.contains("failingWrites"), "\(full.output)")
        disk.makeRoom()
        #expect(try service.create(200_000) == 201)
        func says() -> Bool { service.admin(["health"]).output.contains("failingWrites") }
        for _ in 0..<100 where says() { usleep(100_000) }
        #expect(!says())
        #expect(service.relayd.stop() == 0)
    }

    @Test("answers 507 at the limit of the size of its files, and is not ended by it.")
    func fileLimit() throws {
        let directory = TemporaryDirectory()
        let script = directory.file("limited")
        // The signal ends a program unless it says otherwise.
        let start = "exec env --default-signal=XFSZ \(ChildProcess.products)/relayd"
        let text = "#!/bin/sh\nulimit -f 4096\n\(start) \"$@\"\n"
        let file = try #require(fopen(script, "w"))
        fputs(text, file)
        fclose(file)
        chmod(script, 0o755)
        let service = try FaultyService(in: directory, program: script)
        var status = 201
        for _ in 0..<60 where status == 201 { status = try service.create(200_000) }
        #expect(status == 507)
        #expect(try service.client().getOrder(1).value.title == "Dach")
        #expect(service.relayd.stop() == 0)
    }

    @Test("removes what a refused upload has left as soon as there is room, without a restart.")
    func uploads() throws {
        guard SmallDisk.isPossible else { return }
        let directory = TemporaryDirectory()
        let disk = try SmallDisk(in: directory, mebibytes: 24)
        let service = try FaultyService(in: directory, store: disk.file("store"))
        disk.fill(but: 4 << 20)
        let file = RelayUpload(
            name: "a.jpg", mediaType: "image/jpeg", bytes: [UInt8](repeating: 3, count: 6 << 20))
        for _ in 0..<3 {
            do {
                _ = try service.client().createOrderComment(
                    1, NewComment(text: "t", authorName: "a"), files: [file])
                Issue.record("there was room for the file")
            } catch {
                #expect("\(error)".contains("status 507"))
            }
        }
        disk.fill()
        disk.makeRoom()
        func chunks() -> String {
            let text = service.admin(["stat", "--json"]).output
            let mark = #""name":"chunks","entries":"#
            guard let found = text.firstRange(of: mark) else { return text }
            return String(text[found.upperBound...].prefix { $0.isNumber })
        }
        for _ in 0..<1_000 where chunks() != "0" { usleep(20_000) }
        #expect(chunks() == "0")
        #expect(service.relayd.stop() == 0)
    }

    @Test("ends when another data file takes the place of its own, and acknowledges nothing then.")
    func replaced() throws {
        let directory = TemporaryDirectory()
        let service = try FaultyService(in: directory)
        let (data, copy) = (service.store + "/data.mdb", service.store + "/other.mdb")
        #expect(ChildProcess.run("cp", [data, copy]).code == 0)
        #expect(rename(copy, data) == 0)
        // Whoever is first, the write or the look once a second: 503, or nobody there.
        if let status = try? service.create() { #expect(status == 503) }
        #expect(service.relayd.process.wait(seconds: 60) == 1)
        #expect(service.relayd.logs("is not the file that was opened"))
        let again = try Relayd(store: service.store, in: directory)
        let client = RelayClient(connection: try again.connect(), key: service.key)
        #expect(try client.createOrder(NewOrder(title: "x")).value.id == 2)
        #expect(again.stop() == 0)
    }

    @Test("notices without a write that its lock file is gone: others would not see its readers.")
    func unlocked() throws {
        let directory = TemporaryDirectory()
        let service = try FaultyService(in: directory)
        #expect(unlink(service.store + "/lock.mdb") == 0)
        #expect(service.relayd.process.wait(seconds: 60) == 1)
        #expect(service.relayd.logs("is not the file that was opened"))
    }

    @Test("grows with --map-size, which the store remembers; relayctl load takes it as well.")
    func mapSize() throws {
        let directory = TemporaryDirectory()
        var service = try FaultyService(in: directory, arguments: ["--map-size", "2MiB"])
        var status = 201
        for _ in 0..<20 where status == 201 { status = try service.create(200_000) }
        #expect(status == 507)
        #expect(service.relayd.logs("--map-size"))
        #expect(service.relayd.stop() == 0)
        service = try FaultyService(in: directory, arguments: ["--map-size", "80GiB"])
        // More than 1 MiB in all, however densely a load puts it.
        for _ in 0..<8 { #expect(try service.create(200_000) == 201) }
        #expect(service.relayd.stop() == 0)
        service = try FaultyService(in: directory)
        #expect(service.figure("mapBytes") == 80 << 30)
        let dump = directory.file("dump")
        let words = ["--store", service.store, "--to", dump]
        #expect(ChildProcess.run("relayctl", ["dump"] + words).code == 0)
        let served = service.admin(["load", dump, "--map-size", "1GiB"])
        #expect(served.code == 2 && served.output.contains("give it to the relayd"))
        #expect(service.relayd.stop() == 0)
        let load = ["load", dump, "--store", directory.file("other"), "--map-size"]
        let small = ChildProcess.run("relayctl", load + ["1MiB"])
        #expect(small.code == 1 && small.output.contains("--map-size"), "\(small.output)")
        #expect(ChildProcess.run("relayctl", load + ["64MiB"]).code == 0)
    }
}
