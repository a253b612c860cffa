import Glibc
import HTTP2
import TestSupport
import Testing

@Suite("A POST with an Idempotency-Key")
struct IdempotencyTests {
    private func request(_ key: String, _ idempotencyKey: String) -> ClientRequest {
        ClientRequest(
            "POST", "/v1/orders",
            fields: [
                HeaderField("authorization", "Bearer \(key)"),
                HeaderField("content-type", "application/json"),
                HeaderField("idempotency-key", idempotencyKey),
            ], body: Array(#"{"title":"once"}"#.utf8))
    }

    @Test("is carried out once, whoever dies before its answer arrives.")
    func survives() throws {
        let directory = TemporaryDirectory()
        let store = directory.file("store")
        var relayd = try Relayd(store: store, in: directory)
        let key = try relayd.makeKey()
        // The client goes without having read anything.
        do {
            let client = try relayd.connect()
            _ = try client.send(request(key, "client"))
        }
        var answer = try relayd.connect().perform(request(key, "client"))
        while answer.status == 409 {
            usleep(1_000)
            answer = try relayd.connect().perform(request(key, "client"))
        }
        #expect(answer.status == 201)
        let first = try relayd.connect().perform(request(key, "server"))
        #expect(first.status == 201 && first["idempotency-replayed"] == nil)
        relayd.process.signal(SIGKILL)
        relayd.process.wait()
        relayd = try Relayd(store: store, in: directory)
        let connection = try relayd.connect()
        for (name, before) in [("client", answer), ("server", first)] {
            let again = try connection.perform(request(key, name))
            #expect(again.status == 201)
            #expect(again["idempotency-replayed"] == "true")
            #expect(again.body == before.body)
            #expect(again["etag"] == before["etag"])
            #expect(again["location"] == before["location"])
        }
        let list = try connection.perform(
            ClientRequest(
                "GET", "/v1/orders", fields: [HeaderField("authorization", "Bearer \(key)")]))
        #expect(list["x-total-count"] == "2")
        #expect(relayd.stop() == 0)
    }

    @Test("answers one of two that come together, and tells the other to wait.")
    func together() throws {
        let directory = TemporaryDirectory()
        let relayd = try Relayd(store: ":memory:", in: directory, arguments: ["--loops", "1"])
        let connection = try relayd.connect()
        let key = try relayd.makeKey()
        let streams = try (0..<2).map { _ in try connection.send(request(key, "both")) }
        let statuses = try streams.map { try connection.run(until: $0, timeout: 5_000).status }
        // The second may come in a later turn of the loop, when the first has its answer.
        #expect(statuses[0] == 201)
        #expect(statuses[1] == 409 || statuses[1] == 201)
        #expect(try connection.perform(request(key, "both")).status == 201)
        let list = try connection.perform(
            ClientRequest(
                "GET", "/v1/orders", fields: [HeaderField("authorization", "Bearer \(key)")]))
        #expect(list["x-total-count"] == "1")
        #expect(relayd.stop() == 0)
    }
}
