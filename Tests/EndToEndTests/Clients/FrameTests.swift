import Glibc
import TestSupport
import Testing

@testable import HTTP2

/// relayd and requests whose frames no usual client would put so.
@Suite("relayd, by the frame")
struct FrameTests {
    /// A connection that says what it is told to, and looks at the first answer on a stream.
    private final class Client {
        private let socket: Int32
        private var received: [UInt8] = []

        init(_ path: String) throws {
            socket = try UnixSocket.connect(path)
            let settings = RawFrames.frame(4, [])
            try send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + settings)
        }

        deinit { close(socket) }

        func send(_ bytes: [UInt8]) throws { try RawFrames.write(to: socket, bytes) }

        /// Type and payload of the next frame on a stream.
        func next(on stream: Int) throws -> (type: UInt8, payload: [UInt8]) {
            while true {
                let head = try take(9)
                let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
                let payload = try take(length)
                if Array(head[5..<9]) == RawFrames.word(stream) { return (head[3], payload) }
            }
        }

        private func take(_ count: Int) throws -> [UInt8] {
            while received.count < count {
                var buffer = [UInt8](repeating: 0, count: 65_536)
                var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
                guard poll(&descriptor, 1, 10_000) == 1 else {
                    throw TransportError.timedOut("a frame")
                }
                let read = recv(socket, &buffer, buffer.count, 0)
                guard read > 0 else { throw TransportError.connectionClosed("by the server") }
                received += buffer[0..<read]
            }
            defer { received.removeFirst(count) }
            return Array(received[0..<count])
        }
    }

    /// A method and a path, and the status of the request without a body by its index in the static table.
    struct Bodiless: Sendable {
        let method: String
        let path: String
        let status: UInt8
    }

    private static let bodiless = [
        Bodiless(method: "GET", path: "/v1/orders?limit=1&offset=0", status: 0x88),
        Bodiless(method: "HEAD", path: "/v1/orders?limit=1&offset=0", status: 0x88),
        Bodiless(method: "GET", path: "/openapi.json", status: 0x88),
        Bodiless(method: "DELETE", path: "/v1/properties/1", status: 0x8D),
        Bodiless(method: "OPTIONS", path: "/v1/orders", status: 0x89),
    ]

    private static func fields(
        _ request: Bodiless, key: String, _ others: [(String, String)] = []
    ) -> [UInt8] {
        let fields =
            [
                (":method", request.method), (":scheme", "http"), (":path", request.path),
                ("authorization", "Bearer \(key)"),
            ] + others
        return fields.flatMap { [0x00] + RawFrames.text($0.0) + RawFrames.text($0.1) }
    }

    @Test("A request without a body may end with an empty DATA frame or with trailers.")
    func emptyBodies() throws {
        let directory = TemporaryDirectory()
        let relayd = try Relayd(store: ":memory:", in: directory)
        defer { relayd.stop() }
        let key = try relayd.makeKey()
        let empty = RawFrames.frame(0, flags: 1, stream: 1, [])
        let trailers = RawFrames.frame(
            1, flags: 5, stream: 1, [0x00] + RawFrames.text("a") + RawFrames.text("b"))
        for request in Self.bodiless {
            for end in [empty, RawFrames.frame(0, stream: 1, []) + empty, trailers] {
                for length in [[], [("content-length", "0")]] {
                    let client = try Client(relayd.socket)
                    let block = Self.fields(request, key: key, length)
                    try client.send(RawFrames.frame(1, flags: 4, stream: 1, block) + end)
                    let answer = try client.next(on: 1)
                    #expect(
                        answer.type == 1 && answer.payload.first == request.status,
                        "\(request) \(length)")
                }
            }
        }
    }

    @Test("A body where there may be none is refused with its first byte, or by its length.")
    func refusedBodies() throws {
        let directory = TemporaryDirectory()
        let relayd = try Relayd(store: ":memory:", in: directory)
        defer { relayd.stop() }
        let key = try relayd.makeKey()
        for request in Self.bodiless where request.method != "OPTIONS" {
            for (length, body) in [([], [UInt8(1)]), ([("content-length", "1")], [])] {
                let client = try Client(relayd.socket)
                let block = Self.fields(request, key: key, length)
                try client.send(RawFrames.frame(1, flags: 4, stream: 1, block))
                if !body.isEmpty { try client.send(RawFrames.frame(0, stream: 1, body)) }
                let answer = try client.next(on: 1)
                #expect(answer.type == 1 && answer.payload.first == 0x8C, "\(request) is 400")
                if request.method == "HEAD" { continue }
                let problem = String(decoding: try client.next(on: 1).payload, as: UTF8.self)
                #expect(problem.contains("takes no body"))
            }
        }
    }

    @Test("A request that is sent whole is carried out, though its client closes at once.")
    func closedAtOnce() throws {
        let directory = TemporaryDirectory()
        let relayd = try Relayd(store: ":memory:", in: directory)
        defer { relayd.stop() }
        let key = try relayd.makeKey()
        let post = Bodiless(method: "POST", path: "/v1/orders", status: 0x88)
        let json = ("content-type", "application/json")
        for _ in 0..<20 {
            let client = try Client(relayd.socket)
            try client.send(
                RawFrames.frame(
                    1, flags: 4, stream: 1, Self.fields(post, key: key, [json]))
                    + RawFrames.frame(0, flags: 1, stream: 1, Array("{\"title\":\"t\"}".utf8)))
        }
        let connection = try relayd.connect()
        let request = ClientRequest(
            "GET", "/v1/orders?limit=1&offset=0",
            fields: [HeaderField("authorization", "Bearer \(key)")])
        var total: String?
        for _ in 0..<500 where total != "20" {
            total = try connection.perform(request)["x-total-count"]
            usleep(5_000)
        }
        #expect(total == "20")
    }

    /// Writes whose bodies come in two parts: JSON that is kept until it is whole, JSON that might have
    /// been a form, and a form that goes into the store as it comes.
    struct Halved: Sendable {
        let path: String
        let type: String
        let first: String
        let last: String
    }

    private static let halved = [
        Halved(
            path: "/v1/orders", type: "application/json", first: "{\"title\":", last: "\"t\"}"),
        Halved(
            path: "/v1/orders/1/comments", type: "application/json",
            first: "{\"text\":\"t\",", last: "\"authorName\":\"a\"}"),
        Halved(
            path: "/v1/orders/1/comments", type: "multipart/form-data; boundary=x",
            first: "--x\r\ncontent-disposition: form-data; name=\"text\"\r\n\r\nt\r\n--x",
            last: "\r\ncontent-disposition: form-data; name=\"authorName\"\r\n\r\na\r\n--x--\r\n"),
    ]

    /// Sends a body in two parts, and does something after the first, when the request was admitted;
    /// returns the answer's body.
    private func answer(
        _ halved: Halved, _ relayd: Relayd, key: String, between: () throws -> Void
    ) throws -> String {
        let client = try Client(relayd.socket)
        let post = Bodiless(method: "POST", path: halved.path, status: 0x88)
        let fields = [("content-type", halved.type), ("expect", "100-continue")]
        let block = Self.fields(post, key: key, fields)
        try client.send(RawFrames.frame(1, flags: 4, stream: 1, block))
        // 100: the fields were looked at, and a body may come.
        #expect(try client.next(on: 1).type == 1)
        try client.send(RawFrames.frame(0, stream: 1, Array(halved.first.utf8)))
        try between()
        try client.send(RawFrames.frame(0, flags: 1, stream: 1, Array(halved.last.utf8)))
        var frame = try client.next(on: 1)
        while frame.type != 0 { frame = try client.next(on: 1) }
        return String(decoding: frame.payload, as: UTF8.self)
    }

    @Test("A key that is revoked while a body arrives opens nothing.", arguments: halved)
    func keyRevokedBetween(halved: Halved) throws {
        let directory = TemporaryDirectory()
        let relayd = try Relayd(store: ":memory:", in: directory)
        defer { relayd.stop() }
        let (key, other) = (try relayd.makeKey(), try relayd.makeKey())
        let order = Self.halved[0]
        #expect(try answer(order, relayd, key: other, between: {}) == "{\"id\":1}")
        let refusal = try answer(halved, relayd, key: key) {
            let admin = try ClientConnection(unix: relayd.adminSocket)
            let revoked = try admin.perform(ClientRequest("DELETE", "/admin/keys/1"))
            #expect(revoked.status == 204)
        }
        #expect(refusal.contains("\"status\":401"))
        #expect(refusal.contains("the key is unknown or was revoked"))
        // Nothing was carried out: the next of each is the first.
        let next = try answer(halved, relayd, key: other, between: {})
        #expect(next == (halved.path == order.path ? "{\"id\":2}" : "{\"id\":1}"), "\(next)")
    }

    @Test("A key goes on to open its account when another one is made while a body arrives.")
    func keyMadeBetween() throws {
        let directory = TemporaryDirectory()
        let relayd = try Relayd(store: ":memory:", in: directory)
        defer { relayd.stop() }
        let key = try relayd.makeKey()
        // An order, and two comments.
        for (halved, id) in zip(Self.halved, [1, 1, 2]) {
            let made = try answer(halved, relayd, key: key) { _ = try relayd.makeKey(account: 2) }
            #expect(made == "{\"id\":\(id)}", "\(halved.path)")
        }
    }

    @Test("What a connection is cut off for is told to it, and counted in /admin/stat.")
    func cutOff() throws {
        let directory = TemporaryDirectory()
        let relayd = try Relayd(store: ":memory:", in: directory)
        defer { relayd.stop() }
        let client = try Client(relayd.socket)
        try client.send(RawFrames.frame(2, [0, 0, 0, 0, 15]))
        var frame = try client.next(on: 0)
        while frame.type != 7 { frame = try client.next(on: 0) }
        #expect(String(decoding: frame.payload.dropFirst(8), as: UTF8.self).contains("PRIORITY"))
        let admin = try ClientConnection(unix: relayd.adminSocket)
        var figures = ""
        for _ in 0..<500 where !figures.contains("\"cutOffProtocolError\":1") {
            figures = String(
                decoding: try admin.perform(ClientRequest("GET", "/admin/stat")).body,
                as: UTF8.self)
            usleep(5_000)
        }
        #expect(figures.contains("\"cutOffProtocolError\":1"))
        #expect(figures.contains("\"cutOffResets\":0"))
    }
}
