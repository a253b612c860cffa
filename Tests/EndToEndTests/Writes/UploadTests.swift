import Glibc
import RelayClient
import RelayContract
import RelayStore
import TestSupport
import Testing

@testable import HTTP2

/// Files that come over a real socket to a real relayd.
@Suite("An upload", .serialized)
struct UploadTests {
    fileprivate static let boundary = "relay-0123456789"

    /// KiB of anonymous memory that an upload of any size may cost: two chunks, a window, a batch of
    /// pages on their way to the disk, and what malloc keeps of them.
    private static let kilobytes = 8 * 1_024

    private static func head(_ name: String, file: String? = nil) -> [UInt8] {
        let suffix = file.map { "; filename=\"\($0)\"\r\nContent-Type: image/jpeg" } ?? ""
        return Array(
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\(suffix)\r\n\r\n"
                .utf8)
    }

    private static func form(files: Int, bytes: Int) -> [UInt8] {
        var body = head("text") + Array("Fotos\r\n".utf8)
        body += head("authorName") + Array("Jana\r\n".utf8)
        for index in 0..<files {
            body += head("files", file: "\(index).jpg") + content(index, bytes) + [13, 10]
        }
        return body + Array("--\(boundary)--\r\n".utf8)
    }

    /// Bytes that no two files, and no two chunks of one, have in common: copies of a block whose
    /// length fits no chunk, for a debug build makes numbers slowly.
    private static func content(_ seed: Int, _ count: Int) -> [UInt8] {
        let block = (0..<10_007).map { UInt8(truncatingIfNeeded: ($0 &* (seed + 3)) >> 3) }
        return [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
            for start in stride(from: 0, to: count, by: block.count) {
                memcpy(bytes.baseAddress! + start, block, min(block.count, count - start))
            }
            initialized = count
        }
    }

    private static func request(
        _ key: String, _ body: [UInt8], length: Int? = nil
    ) -> ClientRequest {
        ClientRequest(
            "POST", "/v1/orders/1/comments",
            fields: [
                HeaderField("authorization", "Bearer \(key)"),
                HeaderField("content-type", "multipart/form-data; boundary=\(boundary)"),
                HeaderField("content-length", "\(length ?? body.count)"),
            ], body: body)
    }

    /// A relayd with one order.
    private final class Service {
        let directory = TemporaryDirectory()
        var relayd: Relayd
        let key: String

        init() throws {
            relayd = try Relayd(store: directory.file("store"), in: directory)
            key = try relayd.makeKey()
            _ = try client().createOrder(NewOrder(title: "Dach"))
        }

        func client() throws -> RelayClient {
            RelayClient(connection: try relayd.connect(), key: key)
        }

        func restart() throws {
            relayd = try Relayd(store: directory.file("store"), in: directory)
        }

        /// Chunks and uploads in the store, once relayd has ended.
        func leftovers() throws -> (chunks: UInt64, uploads: UInt64, faults: [String]) {
            let store = try Store.open(
                at: directory.file("store"), recovery: .records())
            let databases = try store.statistics().databases
            let report = try store.check()
            let uploads = databases.first { $0.name == "uploads" }
            return (report.chunks, uploads?.statistics.entries ?? 0, report.faults)
        }
    }

    @Test("of ten files of 10 MB costs less than 8 MB of memory, and all bytes come back.")
    func memory() throws {
        let service = try Service()
        // What is allocated once is there before it is measured.
        let small = Self.form(files: 1, bytes: 300_000)
        let connection = try service.relayd.connect()
        #expect(try connection.perform(Self.request(service.key, small)).status == 201)
        let before = service.relayd.process.anonymousKilobytes
        let body = Self.form(files: 10, bytes: 9_900_000)
        let id = try connection.send(Self.request(service.key, body))
        let response = try connection.run(until: id)
        let after = service.relayd.process.anonymousKilobytes
        #expect(response.status == 201)
        #expect(after - before < Self.kilobytes, "\(after - before) KiB")
        let client = try service.client()
        let order = try client.getOrder(1).value
        #expect(order.attachments.count == 11)
        for (index, file) in order.attachments.dropFirst().enumerated() {
            let fetched = try client.getAttachment(file.id!)
            #expect(fetched.bytes == Self.content(index, 9_900_000))
        }
        #expect(service.relayd.process.anonymousKilobytes - before < Self.kilobytes)
        #expect(service.relayd.stop() == 0)
        let left = try service.leftovers()
        #expect(left.uploads == 0)
        #expect(left.faults == [])
    }

    @Test("that is reset leaves nothing, and neither does one whose client goes away.")
    func reset() throws {
        let service = try Service()
        for bytes in [10_000, 250_000] {
            let body = Self.form(files: 1, bytes: bytes).dropLast(100)
            let client = try CutOffUpload(service.relayd.socket, service.key, Array(body))
            try client.reset()
            _ = try CutOffUpload(service.relayd.socket, service.key, Array(body))
        }
        let order = try service.client().getOrder(1).value
        #expect(order.comments.isEmpty)
        #expect(service.relayd.stop() == 0)
        let left = try service.leftovers()
        #expect(left.chunks == 0 && left.uploads == 0)
        #expect(left.faults == [])
    }

    @Test("that kill -9 cuts off leaves nothing after the next start.")
    func killed() throws {
        let service = try Service()
        let body = Self.form(files: 1, bytes: 250_000).dropLast(100)
        let client = try CutOffUpload(service.relayd.socket, service.key, Array(body))
        // Commits come in order: the answer to this one comes behind the first chunks.
        try service.client().updateOrder(1, OrderPatch(status: .inProgress))
        service.relayd.process.signal(SIGKILL)
        _ = service.relayd.process.wait()
        let cut = try service.leftovers()
        #expect(cut.chunks > 0 && cut.uploads == 1)
        try service.restart()
        // And this one is behind the removal.
        try service.client().updateOrder(1, OrderPatch(status: .finished))
        #expect(service.relayd.stop() == 0)
        let left = try service.leftovers()
        #expect(left.chunks == 0 && left.uploads == 0)
        #expect(left.faults == [])
        _ = client
    }

    @Test("that would be one of too many waits its turn: the memory of all is bounded.")
    func tooMany() throws {
        let service = try Service()
        let body = Self.form(files: 1, bytes: 40_000)
        let before = service.relayd.process.anonymousKilobytes
        var clients: [CutOffUpload] = []
        for _ in 0..<2 {
            clients.append(
                try CutOffUpload(
                    service.relayd.socket, service.key, Array(body.dropLast(100)), streams: 256))
        }
        let connection = try service.relayd.connect()
        let refused = try connection.perform(Self.request(service.key, body))
        #expect(refused.status == 503)
        #expect(refused.fields.contains { $0.name == "retry-after" })
        // What brings no file is served.
        try service.client().updateOrder(1, OrderPatch(status: .inProgress))
        try clients[0].reset()
        #expect(try connection.perform(Self.request(service.key, body)).status == 201)
        clients = []
        // The chunks go back to the system, soon: what loops keep for streams stays.
        var growth = Int.max
        for _ in 0..<100 where growth >= 2 * Self.kilobytes {
            growth = service.relayd.process.anonymousKilobytes - before
            usleep(20_000)
        }
        #expect(growth < 2 * Self.kilobytes, "\(growth) KiB")
        #expect(service.relayd.stop() == 0)
        let left = try service.leftovers()
        #expect(left.chunks == 1 && left.uploads == 0)
    }

    @Test("that is one more than its key may have is refused before its body is read.")
    func limitedKey() throws {
        let service = try Service()
        let key = try service.relayd.makeKey(limits: ",\"uploads\":2")
        let body = Self.form(files: 1, bytes: 40_000)
        var clients: [CutOffUpload] = []
        for _ in 0..<2 {
            clients.append(
                try CutOffUpload(service.relayd.socket, key, Array(body.dropLast(100))))
        }
        // Without end: it would never be answered after its body.
        let curl = CurlClient(
            "http://localhost",
            ["--http2-prior-knowledge", "--unix-socket", service.relayd.socket], key: key)
        let refused = curl.ask(
            "/v1/orders/1/comments",
            ["--request", "POST", "--upload-file", "/dev/zero", "--header", "Expect:"]
                + ["--header", "Content-Type: multipart/form-data; boundary=\(Self.boundary)"])
        #expect(refused.status == 429 && refused.field("retry-after") == "1", "\(refused.fault)")
        let connection = try service.relayd.connect()
        let again = try connection.perform(Self.request(key, body))
        let text = String(decoding: again.body, as: UTF8.self)
        #expect(again.status == 429 && text.contains("2 uploads at a time"), "\(text)")
        // Another key has places of its own, and what brings no file takes none.
        #expect(try connection.perform(Self.request(service.key, body)).status == 201)
        try clients[0].reset()
        #expect(try connection.perform(Self.request(key, body)).status == 201)
        #expect(try connection.perform(Self.request(key, body)).status == 201)
        #expect(try service.client().getOrder(1).value.comments.count == 3)
        clients = []
        #expect(service.relayd.stop() == 0)
        let left = try service.leftovers()
        #expect(left.uploads == 0 && left.faults == [])
    }

    @Test("that is too large is refused before the rest is read.")
    func tooLarge() throws {
        let service = try Service()
        let connection = try service.relayd.connect()
        // By its length, while its bytes have hardly begun to come.
        let curl = CurlClient(
            "http://localhost",
            ["--http2-prior-knowledge", "--unix-socket", service.relayd.socket], key: service.key)
        let announced = curl.ask(
            "/v1/orders/1/comments",
            ["--request", "POST", "--upload-file", "/dev/zero", "--header", "Expect:"]
                + ["--header", "Content-Length: 200000000"]
                + ["--header", "Content-Type: multipart/form-data; boundary=\(Self.boundary)"])
        #expect(announced.status == 413, "\(announced.fault)")
        // By its bytes, when nothing said how many there would be.
        var request = Self.request(service.key, Self.form(files: 1, bytes: 101_000_000))
        request.fields.removeLast()
        #expect(try connection.perform(request).status == 413)
        #expect(try service.client().getOrder(1).value.comments.isEmpty)
        #expect(service.relayd.stop() == 0)
        let left = try service.leftovers()
        #expect(left.chunks == 0 && left.uploads == 0)
    }
}

/// An upload of which the start was sent, and read by the server, and no more.
private final class CutOffUpload {
    private let socket: Int32

    /// Sends HEADERS and DATA, less than a stream's window, and waits until they were looked at.
    init(_ path: String, _ key: String, _ body: [UInt8], streams: Int = 1) throws {
        socket = try UnixSocket.connect(path)
        var bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        bytes += RawFrames.frame(4, []) + RawFrames.frame(4, flags: 1, [])
        let fields = [
            (":method", "POST"), (":scheme", "http"), (":path", "/v1/orders/1/comments"),
            ("authorization", "Bearer \(key)"),
            ("content-type", "multipart/form-data; boundary=\(UploadTests.boundary)"),
        ]
        var block: [UInt8] = []
        for (name, value) in fields { block += [0] + RawFrames.text(name) + RawFrames.text(value) }
        for stream in (0..<UInt32(streams)).map({ 2 * $0 + 1 }) {
            bytes += RawFrames.frame(1, flags: 4, stream: stream, block)
            for start in stride(from: 0, to: body.count, by: 16_384) {
                bytes += RawFrames.frame(
                    0, stream: stream, Array(body[start..<min(start + 16_384, body.count)]))
            }
        }
        try RawFrames.write(to: socket, bytes + RawFrames.frame(6, [UInt8](repeating: 7, count: 8)))
        try readPing()
    }

    deinit { close(socket) }

    /// Resets the first stream, and waits until the server has read it.
    func reset() throws {
        try RawFrames.write(
            to: socket,
            RawFrames.frame(3, stream: 1, [0, 0, 0, 8])
                + RawFrames.frame(6, [UInt8](repeating: 7, count: 8)))
        try readPing()
    }

    /// Waits for the acknowledgement of a PING frame: eight sevens that nothing else has.
    private func readPing() throws {
        var sevens = 0
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while sevens < 8 {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { throw TransportError.connectionClosed("by the server") }
            sevens += buffer[..<count].count { $0 == 7 }
        }
    }
}
