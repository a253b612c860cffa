import Glibc
import HTTP2
import TestSupport
import Testing

/// What a key may do, set by relayctl and kept by relayd.
@Suite("A key's limits", .serialized)
struct KeyLimitTests {
    private let directory = TemporaryDirectory()

    private func relayctl(_ arguments: [String], code: Int32 = 0) -> String {
        let run = ChildProcess.run("relayctl", arguments)
        #expect(run.code == code, "\(arguments): \(run.output)")
        return run.output
    }

    /// A new key and its id.
    private func make(_ place: [String], _ limits: [String]) throws -> (key: String, id: String) {
        let made = relayctl(["keys", "create", "--account", "1", "--json"] + place + limits)
        let key = try #require(made.split(separator: "\"").first { $0.hasPrefix("relay_") })
        let id = try #require(made.firstMatch(of: /"id":([0-9]+)/)).1
        return (String(key), String(id))
    }

    private func perform(
        _ connection: ClientConnection, _ key: String, _ method: String = "GET",
        _ path: String = "/v1/orders", _ body: String = ""
    ) throws -> ClientResponse {
        var fields = [HeaderField("authorization", "Bearer \(key)")]
        if !body.isEmpty { fields.append(HeaderField("content-type", "application/json")) }
        return try connection.perform(
            ClientRequest(method, path, fields: fields, body: Array(body.utf8)))
    }

    private func count(
        _ times: Int, _ connections: [ClientConnection], _ key: String
    ) throws -> [Int: Int] {
        var statuses: [Int: Int] = [:]
        for index in 0..<times {
            let answer = try perform(connections[index % connections.count], key)
            statuses[answer.status, default: 0] += 1
            guard answer.status == 429 else { continue }
            let seconds = answer.fields.first { $0.name == "retry-after" }.flatMap { Int($0.value) }
            #expect((1...3_600).contains(seconds ?? 0))
        }
        return statuses
    }

    @Test("--rate holds over all connections and loops together, and other keys go on.")
    func rate() throws {
        let store = directory.file("store")
        let relayd = try Relayd(store: store, in: directory, arguments: ["--loops", "2"])
        let place = ["--admin-socket", relayd.adminSocket]
        let (key, id) = try make(place, ["--rate", "5/h:20"])
        let (free, _) = try make(place, [])
        let connections = try (0..<8).map { _ in try relayd.connect() }
        #expect(try count(80, connections, key) == [200: 20, 429: 60])
        #expect(try count(80, connections, free) == [200: 80])
        // On the connections that are open.
        let set = relayctl(["keys", "set", id, "--rate", "1/h:3", "--json"] + place)
        #expect(set.contains("\"id\":\(id),") && set.contains("\"rate\":\"1/h:3\""), "\(set)")
        #expect(try count(40, connections, key) == [200: 3, 429: 37])
        // A key that is made meanwhile has all keys looked up again, and none gets more for it.
        _ = try make(place, [])
        #expect(try count(16, connections, key) == [429: 16])
        let list = relayctl(["keys", "list", "--account", "1", "--json"] + place)
        let refused = #""rate":"1/h:3","refused":{"requests":113,"writes":0,"uploads":0}"#
        #expect(list.contains(refused), "\(list)")
        _ = relayctl(["keys", "set", id, "--rate", "none"] + place)
        #expect(try count(40, connections, key) == [200: 40])
        #expect(relayd.stop() == 0)
        #expect(relayd.logs("key_limits_set"))
    }

    @Test("--rate is refilled as time goes by, and Retry-After says when.")
    func refilled() throws {
        let relayd = try Relayd(store: directory.file("store"), in: directory)
        let (key, _) = try make(["--admin-socket", relayd.adminSocket], ["--rate", "2/s:1"])
        let connection = try relayd.connect()
        #expect(try perform(connection, key).status == 200)
        var refused = 0
        while try perform(connection, key).status == 429 { refused += 1 }
        #expect(refused > 0)
    }

    @Test("--write-rate leaves reads alone; a batch, and a body that comes late, are one write.")
    func writes() throws {
        let relayd = try Relayd(store: directory.file("store"), in: directory)
        let place = ["--admin-socket", relayd.adminSocket]
        let (key, id) = try make(place, ["--write-rate", "3/h", "--rate", "1000/h"])
        let connection = try relayd.connect()
        let order = #"{"title":"Dach"}"#
        let batch =
            "{\"properties\":["
            + (1...50).map { "{\"name\":\"Haus \($0)\"}" }
            .joined(separator: ",") + "]}"
        _ = try perform(connection, key, "POST", "/v1/properties", batch)
        #expect(try perform(connection, key, "POST", "/v1/orders", order).status == 201)
        #expect(
            try perform(connection, key, "POST", "/v1/orders?dryRun=true", order).status == 201)
        for (method, path) in [("POST", "/v1/orders"), ("PATCH", "/v1/orders/1")] {
            let refused = try perform(connection, key, method, path, order)
            let text = String(decoding: refused.body, as: UTF8.self)
            #expect(refused.status == 429 && text.contains("3 writes an hour"), "\(text)")
        }
        #expect(try perform(connection, key, "DELETE", "/v1/orders/1").status == 429)
        for _ in 0..<9 { #expect(try perform(connection, key, "HEAD").status == 200) }
        let orders = try perform(connection, key)
        #expect(orders.fields.contains { $0.name == "x-total-count" && $0.value == "1" })
        _ = relayctl(["keys", "set", id, "--write-rate", "none"] + place)
        #expect(try perform(connection, key, "DELETE", "/v1/orders/1").status == 200)
    }

    @Test("A request that waits for changes counts once, however often it is looked at.")
    func waiting() throws {
        let relayd = try Relayd(
            store: directory.file("store"), in: directory, arguments: ["--loops", "1"])
        let place = ["--admin-socket", relayd.adminSocket]
        let (key, _) = try make(place, ["--rate", "3/h"])
        let (other, _) = try make(["--admin-socket", relayd.adminSocket], [])
        let connection = try relayd.connect()
        let start = try perform(connection, key, "GET", "/v1/changes")
        let text = String(decoding: start.body, as: UTF8.self)
        let next = try #require(text.firstMatch(of: /"next":"([^"]+)"/)).1
        let fields = [HeaderField("authorization", "Bearer \(key)")]
        let wait = try connection.send(
            ClientRequest(
                "GET", "/v1/changes?after=\(next)&resource=customer&wait=30s", fields: fields))
        try connection.flush()
        let writer = try relayd.connect()
        // Each of these wakes its loop, and the last one is what it waits for.
        for _ in 0..<5 {
            let order = try perform(writer, other, "POST", "/v1/orders", #"{"title":"Dach"}"#)
            #expect(order.status == 201)
        }
        _ = try make(place, [])
        let customer = #"{"customer":{"name":"Verwaltung Nord"}}"#
        #expect(try perform(writer, other, "POST", "/v1/customers", customer).status == 201)
        #expect(try connection.run(until: wait, timeout: 60_000).status == 200)
        #expect(try perform(connection, key).status == 200)
        #expect(try perform(connection, key).status == 429)
        let admin = try ClientConnection(unix: relayd.adminSocket)
        let stat = try admin.perform(ClientRequest("GET", "/admin/stat")).body
        let counts = #""keyRequests":[{"id":1,"count":4},{"id":2,"count":6}]"#
        #expect(String(decoding: stat, as: UTF8.self).contains(counts))
    }

    @Test("They are set in a store that nobody serves, shown, and wrong ones are refused.")
    func unserved() throws {
        let store = directory.file("store")
        _ = relayctl(["sample", "--store", store, "--orders", "1"])
        let place = ["--store", store]
        let (key, id) = try make(
            place, ["--rate", "1/m", "--write-rate", "2/h:1", "--uploads", "3"])
        let limits = #""rate":"1/m","writeRate":"2/h:1","uploads":3"#
        let list = relayctl(["keys", "list", "--account", "1", "--json"] + place)
        #expect(list.contains(limits), "\(list)")
        let set = relayctl(["keys", "set", id, "--uploads", "none", "--json"] + place)
        #expect(set.contains(#""writeRate":"2/h:1"}"#), "\(set)")
        for (arguments, text) in [
            (["--rate", "100"], "--rate: expected none, or N/s"),
            (["--write-rate", "0/s"], "--write-rate: expected none, or N/s"),
            (["--uploads", "513"], "--uploads: expected none, or a whole number from 1 to 512"),
            ([], "give --rate, --write-rate or --uploads"),
        ] {
            let refused = relayctl(["keys", "set", id] + arguments + place, code: 2)
            #expect(refused.contains(text), "\(refused)")
        }
        let unknown = relayctl(["keys", "set", "99", "--rate", "1/s"] + place, code: 1)
        #expect(unknown.contains("there is no key 99"), "\(unknown)")
        let relayd = try Relayd(store: store, in: directory)
        #expect(try count(3, [try relayd.connect()], key) == [200: 1, 429: 2])
        let scrape = try Scrape(relayd)
        #expect(scrape[#"relay_key_refused_total{key="\#(id)",limit="requests"}"#] == 2)
        #expect(scrape[#"relay_key_refused_total{key="\#(id)",limit="uploads"}"#] == 0)
        let top = relayctl(["top", "--once", "--admin-socket", relayd.adminSocket])
        #expect(top.contains("refused   key \(id)"), "\(top)")
        let admin = ["--admin-socket", relayd.adminSocket]
        _ = relayctl(["accounts", "set", "1", "--quota", "10MiB"] + admin)
        let counted = relayctl(["top", "--once"] + admin)
        #expect(counted.contains(" KiB of 10.0 MiB, 0 %"), "\(counted)")
    }
}
