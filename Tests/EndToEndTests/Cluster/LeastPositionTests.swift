import Glibc
import HTTP2
import Synchronization
import System
import TestSupport
import Testing

/// Relay-Min-Seq, on one host.
@Suite("A request with Relay-Min-Seq")
struct LeastPositionTests {
    private let service: FaultyService
    private let directory = TemporaryDirectory()

    init() throws { service = try FaultyService(in: directory) }

    private func get(
        _ least: String, _ path: String = "/v1/orders/1"
    ) throws -> (response: ClientResponse, milliseconds: Int64) {
        try send(least, "GET", path)
    }

    private func send(
        _ least: String, _ method: String, _ path: String, _ body: String = "",
        type: String = "application/json"
    ) throws -> (response: ClientResponse, milliseconds: Int64) {
        let start = SystemClock.monotonic.milliseconds
        let response = try service.relayd.connect().perform(
            ClientRequest(
                method, path,
                fields: [
                    HeaderField("authorization", "Bearer \(service.key)"),
                    HeaderField("content-type", type),
                    HeaderField("relay-min-seq", least),
                ], body: Array(body.utf8)))
        return (response, SystemClock.monotonic.milliseconds - start)
    }

    /// Makes an order in half a second.
    private func writeSoon() throws -> SystemThread {
        let (socket, key) = (service.relayd.socket, service.key)
        return try SystemThread {
            usleep(500_000)
            let fields = [
                HeaderField("authorization", "Bearer \(key)"),
                HeaderField("content-type", "application/json"),
            ]
            _ = try? ClientConnection(unix: socket).perform(
                ClientRequest(
                    "POST", "/v1/orders", fields: fields, body: Array(#"{"title":"x"}"#.utf8)))
        }
    }

    private func position() throws -> (text: String, epoch: Substring, number: UInt64) {
        let response = try get("0").response
        let text = try #require(response.fields.first { $0.name == "relay-seq" }?.value)
        let halves = text.split(separator: "-")
        return (text, halves[0], try #require(UInt64(halves[1])))
    }

    @Test("is answered at once when the store has the change, as a position, a number, or now.")
    func there() throws {
        let (text, _, number) = try position()
        for least in [text, "\(number)", "0", "now"] {
            let (response, milliseconds) = try get(least)
            #expect(response.status == 200 && milliseconds < 1_000, "\(least)")
        }
        #expect(service.relayd.stop() == 0)
    }

    @Test("waits for the change, and is refused when that does not come in two seconds.")
    func awaited() throws {
        let (_, epoch, number) = try position()
        let writer = try writeSoon()
        let (response, milliseconds) = try get("\(epoch)-\(number + 1)", "/v1/orders/2")
        writer.join()
        #expect(response.status == 200 && milliseconds >= 400, "\(milliseconds)")
        let refused = try get("\(number + 9)")
        #expect(refused.response.status == 503 && refused.milliseconds >= 1_900)
        #expect(refused.response.fields.contains { $0.name == "retry-after" })
        let text = String(decoding: refused.response.body, as: UTF8.self)
        #expect(text.contains("has not applied change \(number + 9)"), "\(text)")
        #expect(service.relayd.stop() == 0)
    }

    @Test("waits before it writes as well, and writes nothing when the change does not come.")
    func write() throws {
        let (text, epoch, number) = try position()
        let title = #"{"title":"written"}"#
        #expect(try send(text, "POST", "/v1/orders", title).response.status == 201)
        let writer = try writeSoon()
        let awaited = try send("\(epoch)-\(number + 2)", "PATCH", "/v1/orders/1", title)
        writer.join()
        #expect(awaited.response.status == 200 && awaited.milliseconds >= 400, "\(awaited)")
        let comment = "/v1/orders/1/comments"
        let form = "--x\r\ncontent-disposition: form-data; name=\"text\"\r\n\r\nx\r\n--x--\r\n"
        for (method, path, body, type) in [
            ("POST", "/v1/orders", title, "application/json"),
            ("PATCH", "/v1/orders/1", title, "application/json"),
            ("DELETE", "/v1/orders/1", "", "application/json"),
            ("POST", comment, form, "multipart/form-data; boundary=x"),
        ] {
            let late = try send("\(number + 9)", method, path, body, type: type).response
            #expect(late.status == 503, "\(method) \(path): \(late)")
            let wrong = try send("x", method, path, body, type: type).response
            #expect(wrong.status == 400, "\(method) \(path): \(wrong)")
            let foreign = try send("0123456789abcdef-1", method, path, body, type: type).response
            #expect(foreign.status == 410, "\(method) \(path): \(foreign)")
        }
        #expect(try position().number == number + 3)
        for least in ["now", "\(number)"] {
            let made = try send(least, "POST", "/v1/orders", title).response
            #expect(made.status == 201, "\(least)")
        }
        #expect(service.relayd.stop() == 0)
    }

    @Test("is refused when the field is no position, or one of another store.")
    func wrong() throws {
        for least in ["x", "-1", "00", "12x", "0123456789abcdef-x"] {
            #expect(try get(least).response.status == 400, "\(least)")
        }
        #expect(try get("0123456789abcdef-1").response.status == 410)
        #expect(service.relayd.stop() == 0)
    }
}
