import Glibc
import HTTP2
import RelayClient
import RelayContract
import TestSupport
import Testing

/// One flipped bit in the title of an order.
@Suite("A damaged record", .serialized)
struct DamageTests {
    private static let title = "unverwechselbar"

    /// Two orders, of which one is damaged, and no relayd.
    private func damaged(in directory: TemporaryDirectory) throws -> (store: String, key: String) {
        let service = try FaultyService(in: directory)
        let client = try service.client()
        #expect(try client.createOrder(NewOrder(title: Self.title)).value.id == 2)
        #expect(service.relayd.stop() == 0)
        try Self.flip(Array(Self.title.utf8), at: 0, in: service.store)
        return (service.store, service.key)
    }

    /// Flips a bit of one of these bytes, wherever the store's file has them.
    static func flip(_ text: [UInt8], at index: Int, in store: String) throws {
        let data = store + "/data.mdb"
        let bytes = readBytes(data)
        let file = open(data, O_RDWR | O_CLOEXEC)
        defer { close(file) }
        let starts = bytes.indices.filter {
            bytes[$0] == text[0] && bytes[$0...].starts(with: text)
        }
        try #require(!starts.isEmpty)
        for start in starts {
            var byte = bytes[start + index] ^ 1
            try #require(pwrite(file, &byte, 1, off_t(start + index)) == 1)
        }
    }

    private func status(_ call: () throws(RelayClientError) -> Void) -> Int? {
        do throws(RelayClientError) {
            try call()
            return 200
        } catch .refused(let status, _) {
            return status
        } catch {
            return nil
        }
    }

    @Test("is answered with 500, is not made good by a change, and is named by log and health.")
    func served() throws {
        let directory = TemporaryDirectory()
        let (store, key) = try damaged(in: directory)
        // Without a scrub a write finds it, which must not give it a right checksum.
        let relayd = try Relayd(store: store, in: directory, arguments: ["--scrub-rate", "0"])
        let client = RelayClient(connection: try relayd.connect(), key: key)
        #expect(
            status { () throws(RelayClientError) in
                _ = try client.updateOrder(2, OrderPatch(status: .finished))
            } == 500)
        for _ in 0..<3 {
            #expect(status { () throws(RelayClientError) in _ = try client.getOrder(2) } == 500)
        }
        #expect(try client.getOrder(1).value.title == "Dach")
        #expect(try client.updateOrder(1, OrderPatch(status: .finished)).value == 1)
        #expect(relayd.logs("order 2 of account 1 is damaged"))
        let health = ChildProcess.run(
            "relayctl", ["health", "--admin-socket", relayd.adminSocket, "--json"])
        #expect(health.output.contains("\"damagedDocuments\":1"), "\(health.output)")
        #expect(relayd.stop() == 0)
    }

    @Test("is found by the scrub, though nobody asks for it.")
    func scrubbed() throws {
        let directory = TemporaryDirectory()
        let (store, _) = try damaged(in: directory)
        var relayd = try Relayd(store: store, in: directory)
        #expect(relayd.logs("order 2 of account 1 is damaged"))
        #expect(relayd.logs("found 1 damaged"))
        let stat = ChildProcess.run(
            "relayctl", ["stat", "--json", "--admin-socket", relayd.adminSocket])
        #expect(stat.output.contains("\"damagedDocuments\":1,"), "\(stat.output)")
        #expect(relayd.stop() == 0)
        // With `--scrub-rate 0` nothing is looked at.
        relayd = try Relayd(store: store, in: directory, arguments: ["--scrub-rate", "0"])
        usleep(1_500_000)
        #expect(!relayd.output.contains("damaged"))
        #expect(relayd.stop() == 0)
    }

    @Test("is marked in a dump, which ends with 3, and a load refuses its line.")
    func dumped() throws {
        let directory = TemporaryDirectory()
        let (store, _) = try damaged(in: directory)
        let dump = directory.file("dump")
        let made = ChildProcess.run("relayctl", ["dump", "--store", store, "--to", dump])
        #expect(made.code == 3)
        #expect(made.output.contains("order 2 of account 1: its checksum is wrong"))
        #expect(readText(dump).contains(#""id":2,"version":2,"#))
        #expect(readText(dump).contains(#","damaged":true,"document":{"id":2,"#))
        let other = directory.file("other")
        let loaded = ChildProcess.run("relayctl", ["load", dump, "--store", other, "--json"])
        #expect(loaded.code == 3)
        #expect(loaded.output.contains("damaged: the record was damaged in the store"))
        #expect(loaded.output.contains(#""created":1,"updated":0,"unchanged":0,"failed":1"#))
        #expect(ChildProcess.run("relayctl", ["check", "--store", other]).code == 0)
    }

    @Test("or rather a damaged file is named in a dump, and everything else is dumped.")
    func file() throws {
        let directory = TemporaryDirectory()
        let service = try FaultyService(in: directory)
        let mark = Array("unverwechselbare Bytes".utf8)
        let content = [UInt8](repeating: 65, count: 100_000) + mark
        _ = try service.client().createOrderComment(
            1, NewComment(text: "t", authorName: "a"),
            files: [RelayUpload(name: "a.jpg", mediaType: "image/jpeg", bytes: content)])
        #expect(service.relayd.stop() == 0)
        try Self.flip(mark, at: 0, in: service.store)
        let dump = directory.file("dump")
        let made = ChildProcess.run("relayctl", ["dump", "--store", service.store, "--to", dump])
        #expect(made.code == 3)
        #expect(made.output.contains("attachment 1 of account 1: "), "\(made.output)")
        #expect(readText(dump).contains(#""end":2,"documents":2}"#))
        #expect(readText(dump).contains(#""title":"Dach""#))
    }

    /// What log and health say once an answer has broken off; how many did.
    private func expectBroken(
        _ service: (store: String, key: String), _ path: String, _ says: String
    ) throws {
        let directory = TemporaryDirectory()
        let relayd = try Relayd(
            store: service.store, in: directory, arguments: ["--scrub-rate", "0"])
        let fields = [HeaderField("authorization", "Bearer \(service.key)")]
        for _ in 0..<3 {
            let connection = try relayd.connect()
            #expect(throws: TransportError.self) {
                try connection.perform(ClientRequest("GET", path, fields: fields))
            }
        }
        #expect(relayd.logs("a read failed: "), "\(relayd.output)")
        #expect(relayd.logs(says), "\(relayd.output)")
        // Of three only the first is told at once.
        #expect(relayd.output.split(separator: "\n").count { $0.contains("read failed") } == 1)
        for words in [["health", "--json"], ["stat", "--json"]] {
            let said = ChildProcess.run(
                "relayctl", words + ["--admin-socket", relayd.adminSocket])
            #expect(said.code == 0)
            #expect(said.output.contains("\"failedReads\":3"), "\(said.output)")
        }
        #expect(relayd.stop() == 0)
    }

    @Test("in the middle of a list breaks it off, and log, count and health say so.")
    func brokenList() throws {
        let directory = TemporaryDirectory()
        let service = try FaultyService(in: directory)
        // More than two portions.
        for _ in 2...8 { #expect(try service.create(100_000) == 201) }
        #expect(service.relayd.stop() == 0)
        // The list's keys, one behind the other: 7 becomes the id of no order.
        let keys = [UInt64(6), 7, 8].flatMap { key in
            (0..<8).map { UInt8(truncatingIfNeeded: key >> (8 * $0)) }
        }
        try Self.flip(keys, at: 10, in: service.store)
        try expectBroken(
            (service.store, service.key), "/v1/orders",
            "it names document 1/5/65543, which is missing")
    }

    @Test("or rather a file that is damaged near its end breaks off, and is said.")
    func brokenFile() throws {
        let directory = TemporaryDirectory()
        let service = try FaultyService(in: directory)
        let mark = Array("unverwechselbare Bytes".utf8)
        let content = [UInt8](repeating: 65, count: 1_000_000) + mark
        _ = try service.client().createOrderComment(
            1, NewComment(text: "t", authorName: "a"),
            files: [RelayUpload(name: "a.jpg", mediaType: "image/jpeg", bytes: content)])
        #expect(service.relayd.stop() == 0)
        try Self.flip(mark, at: 0, in: service.store)
        try expectBroken((service.store, service.key), "/v1/attachments/1", "is damaged")
    }
}
