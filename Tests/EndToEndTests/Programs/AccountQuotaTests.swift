import HTTP2
import TestSupport
import Testing

/// What an account may have, set by relayctl and kept by relayd.
@Suite("An account's quota", .serialized)
struct AccountQuotaTests {
    private let directory = TemporaryDirectory()

    private func relayctl(_ arguments: [String], code: Int32 = 0) -> String {
        let run = ChildProcess.run("relayctl", arguments)
        #expect(run.code == code, "\(arguments): \(run.output)")
        return run.output
    }

    private func perform(
        _ connection: ClientConnection, _ key: String, _ method: String, _ path: String,
        _ body: String = "", fields: [HeaderField] = []
    ) throws -> ClientResponse {
        var fields = fields + [HeaderField("authorization", "Bearer \(key)")]
        if !body.isEmpty { fields.append(HeaderField("content-type", "application/json")) }
        return try connection.perform(
            ClientRequest(method, path, fields: fields, body: Array(body.utf8)))
    }

    private func used(_ place: [String]) throws -> Int {
        let list = relayctl(["accounts", "list", "--json"] + place)
        let text = try #require(list.firstMatch(of: /"account":1,.*?"usedBytes":([0-9]+)/)).1
        return try #require(Int(text))
    }

    @Test("refuses what would go past it, and lets through what changes, deletes or reads.")
    func refused() throws {
        let store = directory.file("store")
        let relayd = try Relayd(store: store, in: directory)
        let place = ["--admin-socket", relayd.adminSocket]
        let (key, other) = (try relayd.makeKey(account: 1), try relayd.makeKey(account: 2))
        let connection = try relayd.connect()
        let comments = "/v1/orders/1/comments"
        func comment(_ letters: Int) -> String {
            "{\"text\":\"\(String(repeating: "d", count: letters))\",\"authorName\":\"J\"}"
        }
        let order = #"{"title":"Dach"}"#
        #expect(try perform(connection, key, "POST", "/v1/orders", order).status == 201)
        #expect(try perform(connection, key, "POST", comments, comment(2_000)).status == 201)
        let set = relayctl(["accounts", "set", "1", "--quota", "10KiB", "--json"] + place)
        #expect(set.contains("\"quotaBytes\":10240,"), "\(set)")
        let before = try used(place)
        #expect(before > 2_000 && before < 3_000)
        // Room for three more, and not for a fourth that is longer.
        let repeated = [HeaderField("idempotency-key", "one")]
        for fields in [repeated, [], []] {
            let answer = try perform(
                connection, key, "POST", comments, comment(2_000), fields: fields)
            #expect(answer.status == 201)
        }
        let full = try used(place)
        let past = try perform(connection, key, "POST", comments, comment(4_000))
        let text = String(decoding: past.body, as: UTF8.self)
        #expect(past.status == 507 && text.contains("/problems/quota-exceeded"), "\(text)")
        #expect(text.contains("uses \(full) of 10240 bytes, and would use "), "\(text)")
        #expect(try used(place) == full)
        let dry = try perform(connection, key, "POST", comments + "?dryRun=true", comment(4_000))
        #expect(dry.status == 507)
        let longer = "{\"text\":\"\(String(repeating: "d", count: 4_000))\"}"
        #expect(try perform(connection, key, "PATCH", comments + "/1", longer).status == 507)
        // What was done is answered again, what shrinks is done, and nobody else is touched.
        let again = try perform(
            connection, key, "POST", comments, comment(2_000), fields: repeated)
        #expect(again.status == 201)
        #expect(try perform(connection, other, "POST", "/v1/orders", order).status == 201)
        _ = relayctl(["accounts", "set", "1", "--quota", "1KiB"] + place)
        let none = try perform(connection, key, "POST", comments, comment(1))
        #expect(none.status == 507)
        #expect(!String(decoding: none.body, as: UTF8.self).contains("would"))
        let shorter = #"{"text":"d"}"#
        #expect(try perform(connection, key, "PATCH", comments + "/1", shorter).status == 200)
        #expect(try perform(connection, key, "GET", "/v1/orders").status == 200)
        #expect(try perform(connection, key, "DELETE", comments + "/2").status == 200)
        #expect(try perform(connection, key, "DELETE", "/v1/orders/1").status == 200)
        #expect(try used(place) == 0)
        #expect(try perform(connection, key, "POST", "/v1/orders", order).status == 201)
        let scrape = try Scrape(relayd)
        #expect(scrape[#"relay_account_quota_bytes{account="1"}"#] == 1_024)
        #expect(scrape[#"relay_account_used_bytes{account="1"}"#] == Double(try used(place)))
        #expect(scrape[#"relay_account_refused_total{account="1"}"#] == 4)
        let list = relayctl(["accounts", "list", "--json"] + place)
        #expect(list.contains("\"refused\":4}"), "\(list)")
        _ = relayctl(["accounts", "set", "1", "--quota", "none"] + place)
        for _ in 0..<9 {
            #expect(try perform(connection, key, "POST", "/v1/orders", order).status == 201)
        }
        #expect(relayd.stop() == 0)
        #expect(relayd.logs("quota_set"))
        #expect(!relayd.output.contains("write_failed"))
        _ = relayctl(["check", "--store", store])
    }

    @Test("counts files, refuses them before their bodies are read, and is kept over restarts.")
    func files() throws {
        let store = directory.file("store")
        let relayd = try Relayd(store: store, in: directory)
        let place = ["--admin-socket", relayd.adminSocket]
        _ = relayctl(["accounts", "set", "1", "--quota", "100KiB"] + place)
        let key = try relayd.makeKey()
        let connection = try relayd.connect()
        #expect(
            try perform(connection, key, "POST", "/v1/orders", #"{"title":"Dach"}"#).status == 201)
        let boundary = "relay-0123456789"
        func upload(_ bytes: Int) throws -> Int {
            let head = "--\(boundary)\r\nContent-Disposition: form-data; name="
            let text = head + "\"text\"\r\n\r\nFoto\r\n" + head + "\"authorName\"\r\n\r\nJana\r\n"
            let file = head + "\"files\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n"
            let body =
                Array((text + file).utf8) + [UInt8](repeating: 7, count: bytes)
                + Array("\r\n--\(boundary)--\r\n".utf8)
            return try connection.perform(
                ClientRequest(
                    "POST", "/v1/orders/1/comments",
                    fields: [
                        HeaderField("authorization", "Bearer \(key)"),
                        HeaderField("content-type", "multipart/form-data; boundary=\(boundary)"),
                    ], body: body)
            ).status
        }
        #expect(try upload(90_000) == 201)
        #expect(try used(place) > 90_000)
        #expect(try upload(20_000) == 507)
        #expect(try upload(5_000) == 201)
        _ = relayctl(["accounts", "set", "1", "--quota", "90000B"] + place)
        let curl = CurlClient(
            "http://localhost",
            ["--http2-prior-knowledge", "--unix-socket", relayd.socket], key: key)
        let refused = curl.ask(
            "/v1/orders/1/comments",
            ["--request", "POST", "--upload-file", "/dev/zero", "--header", "Expect:"]
                + ["--header", "Content-Type: multipart/form-data; boundary=\(boundary)"])
        #expect(refused.status == 507, "\(refused.fault)")
        let before = try used(place)
        relayd.process.signal(9)
        _ = relayd.process.wait()
        #expect(try used(["--store", store]) == before)
        let second = try Relayd(store: store, in: directory)
        let again = try second.connect()
        #expect(try perform(again, key, "DELETE", "/v1/attachments/1").status == 200)
        #expect(try used(["--admin-socket", second.adminSocket]) < before - 89_999)
        #expect(second.stop() == 0)
        _ = relayctl(["check", "--store", store])
    }

    @Test("is set in a store that nobody serves; a load is counted, and never refused.")
    func unserved() throws {
        let (from, to) = (directory.file("from"), directory.file("to"))
        for store in [from, to] { _ = relayctl(["sample", "--store", store, "--orders", "20"]) }
        let dump = directory.file("dump")
        _ = relayctl(["dump", "--store", from, "--to", dump])
        let place = ["--store", to]
        let set = relayctl(["accounts", "set", "1", "--quota", "1KiB", "--json"] + place)
        let before = try used(place)
        #expect(set.contains("\"usedBytes\":\(before),"), "\(set)")
        _ = relayctl(["load", dump, "--store", to])
        // The same records again.
        #expect(try used(place) == before)
        _ = relayctl(["check", "--store", to])
        let empty = directory.file("empty")
        do {
            let relayd = try Relayd(store: empty, in: directory)
            _ = relayctl(
                ["accounts", "set", "1", "--quota", "1KiB", "--admin-socket", relayd.adminSocket])
            _ = relayctl(["load", dump, "--admin-socket", relayd.adminSocket])
            #expect(try used(["--admin-socket", relayd.adminSocket]) > 1_024)
            #expect(relayd.stop() == 0)
        }
        _ = relayctl(["check", "--store", empty])
        for (account, quota, text) in [
            ("0", "1KiB", "ACCOUNT: expected a number"), ("x", "1KiB", "ACCOUNT: expected"),
            ("1", "much", "--quota: expected none, or a size"), ("1", "-1", "--quota: expected"),
        ] {
            let refused = relayctl(
                ["accounts", "set", account, "--quota=\(quota)"] + place, code: 2)
            #expect(refused.contains(text), "\(refused)")
        }
    }
}
