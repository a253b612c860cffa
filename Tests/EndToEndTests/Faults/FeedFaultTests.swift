import Glibc
import HTTP2
import TestSupport
import Testing

/// What those are told who wait for changes when something in the store cannot be read.
@Suite("A change that cannot be read", .serialized)
struct FeedFaultTests {
    private let directory = TemporaryDirectory()
    private let disk: FaultyDisk
    private let service: FaultyService
    private let connection: ClientConnection
    private let other: String

    init() throws {
        disk = FaultyDisk(in: directory, of: "data.mdb")
        service = try FaultyService(
            in: directory, arguments: ["--scrub-rate", "0"], environment: disk.environment)
        connection = try service.relayd.connect()
        other = try service.relayd.makeKey(account: 2)
    }

    private func request(
        _ path: String, key: String? = nil, events: Bool = false
    ) -> ClientRequest {
        var fields = [HeaderField("authorization", "Bearer \(key ?? service.key)")]
        if events { fields.append(HeaderField("accept", "text/event-stream")) }
        return ClientRequest("GET", path, fields: fields)
    }

    /// Begins to wait, and returns when relayd has looked at the request.
    private func begin(
        _ path: String, key: String? = nil, events: Bool = false
    ) throws -> Int32 {
        let id = try connection.send(request(path, key: key, events: events))
        // Of what one connection asks, the later is looked at later.
        for _ in 0..<3 { #expect(try connection.perform(request("/v1/orders/1")).status == 200) }
        return id
    }

    /// Waits for the end of a stream of events that breaks off.
    private func expectReset(_ id: Int32) {
        do throws(TransportError) {
            _ = try connection.run(until: id)
            Issue.record("the stream ended as if all was told")
        } catch {
            #expect("\(error)".contains("was reset"), "\(error)")
        }
    }

    /// What log, health and count say.
    private func expectTold(_ line: String, failedReads: Int) {
        #expect(service.relayd.logs("a read failed: \(line)"), "\(service.relayd.output)")
        let health = service.admin(["health", "--json"])
        #expect(health.output.contains("\"failedReads\":\(failedReads)"), "\(health.output)")
    }

    @Test("ends polls and streams of its account with an error, is logged and counted.")
    func change() throws {
        let poll = try begin("/v1/changes?wait=30s")
        let stream = try begin("/v1/changes", events: true)
        // Order 2 (kind 5), created: what the log has of it.
        disk.damage((5 << 38 | 2) << 2 | 1)
        #expect(try service.create() == 201)
        let answer = try connection.run(until: poll)
        #expect(answer.status == 500)
        #expect(String(decoding: answer.body, as: UTF8.self).contains("a change record"))
        expectReset(stream)
        // Those two, and the look for whom the change concerns.
        expectTold("a change record", failedReads: 3)
        // Whoever comes again is told the same in words.
        let place = try #require(
            try connection.perform(request("/v1/orders/1"))["relay-seq"]?.split(separator: "-"))
        let again = "/v1/changes?after=\(place[0])-1"
        #expect(try connection.perform(request(again)).status == 500)
        #expect(try connection.perform(request(again, events: true)).status == 500)
        // The change behind it can be followed.
        #expect(try service.create() == 201)
        let newer = try connection.perform(request("/v1/changes?after=\(place[0])-2"))
        #expect(newer.status == 200)
        #expect(service.relayd.stop() == 0)
    }

    @Test("does not end what another account follows.")
    func otherAccount() throws {
        let poll = try begin("/v1/changes?wait=30s", key: other)
        disk.damage((5 << 38 | 2) << 2 | 1)
        #expect(try service.create() == 201)
        disk.heal()
        // Its own change comes: order 1 of account 2.
        var creation = request("/v1/orders", key: other)
        creation.method = "POST"
        creation.fields.append(HeaderField("content-type", "application/json"))
        creation.body = Array(#"{"title":"y"}"#.utf8)
        #expect(try service.relayd.connect().perform(creation).status == 201)
        let answer = try connection.run(until: poll)
        #expect(answer.status == 200)
        let text = String(decoding: answer.body, as: UTF8.self)
        #expect(text.contains(#""resource":"order","id":1,"change":"created""#), "\(text)")
        expectTold("a change record", failedReads: 1)
        #expect(service.relayd.stop() == 0)
    }
}
