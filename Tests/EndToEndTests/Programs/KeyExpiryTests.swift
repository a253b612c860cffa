import CivilTime
import Glibc
import HTTP2
import TestSupport
import Testing

/// Keys that end by themselves, and what is known of their use.
@Suite("Keys", .serialized)
struct KeyExpiryTests {
    private let directory = TemporaryDirectory()

    /// Makes a key, and gives its text and what was said.
    private func make(_ arguments: [String]) throws -> (key: String, output: String) {
        let made = ChildProcess.run("relayctl", ["keys", "create", "--json"] + arguments)
        try #require(made.code == 0, "\(made.output)")
        let key = made.output.split(separator: "\"").first { $0.hasPrefix("relay_") }
        return (String(try #require(key)), made.output)
    }

    private func get(_ connection: ClientConnection, _ key: String) throws -> ClientResponse {
        try connection.perform(
            ClientRequest(
                "GET", "/v1/orders", fields: [HeaderField("authorization", "Bearer \(key)")]))
    }

    @Test("with --expires end in time, on open connections and streams too; others go on.")
    func expires() throws {
        let relayd = try Relayd(
            store: directory.file("store"), in: directory, arguments: ["--loops", "1"])
        let admin = ["--account", "1", "--admin-socket", relayd.adminSocket]
        let long = try make(admin + ["--expires", "90d"])
        let short = try make(admin + ["--expires", "2s"])
        #expect(short.output.contains("\"expiresAt\":\""))
        let connection = try relayd.connect()
        #expect(try get(connection, short.key).status == 200)
        // A stream that is open when its key ends, and ends with it.
        let stream = ChildProcess.run(
            "curl",
            [
                "-sS", "-N", "--http2-prior-knowledge", "--unix-socket", relayd.socket,
                "--max-time", "60", "-H", "Authorization: Bearer \(short.key)", "-H",
                "Accept: text/event-stream", "http://localhost/v1/changes",
            ])
        #expect(stream.code == 0, "\(stream.output)")
        let ended = try get(connection, short.key)
        let text = String(decoding: ended.body, as: UTF8.self)
        #expect(ended.status == 401 && text.contains("the key has expired at 20"), "\(text)")
        #expect(try get(connection, long.key).status == 200)
        #expect(relayd.stop() == 0)
        // Nor does one open anything after a restart.
        let again = try Relayd(store: directory.file("store"), in: directory)
        #expect(try get(try again.connect(), short.key).status == 401)
        #expect(try get(try again.connect(), long.key).status == 200)
    }

    @Test("are listed with their end and the day of their last use.")
    func lastUse() throws {
        let store = directory.file("store")
        let relayd = try Relayd(store: store, in: directory)
        let admin = ["--account", "1", "--admin-socket", relayd.adminSocket]
        let end = "2199-02-06T12:00:00+01:00"
        let used = try make(admin + ["--expires", end, "--label", "used"])
        _ = try make(admin + ["--label", "unused"])
        let before = Timestamp.now
        #expect(try get(try relayd.connect(), used.key).status == 200)
        // At the latest, the use is noted at the end.
        #expect(relayd.stop() == 0)
        let days = [before, .now].map { "\($0)".prefix(10) }
        let listed = ChildProcess.run(
            "relayctl", ["keys", "list", "--account", "1", "--store", store, "--json"])
        let keys = listed.output.split(separator: "{").filter { $0.contains("\"label\"") }
        try #require(keys.count == 2, "\(listed.output)")
        #expect(keys[0].contains("\"expiresAt\":\"2199-02-06T11:00:00.000Z\""), "\(keys)")
        #expect(days.contains { keys[0].contains("\"lastUsed\":\"\($0)\"") }, "\(keys)")
        #expect(!keys[1].contains("expiresAt") && !keys[1].contains("lastUsed"), "\(keys)")
    }

    @Test("are not made with an end that is past, or no time at all.")
    func refused() throws {
        let store = directory.file("store")
        let relayd = try Relayd(store: store, in: directory)
        let places = [
            ["--admin-socket", relayd.adminSocket], ["--store", directory.file("other")],
        ]
        for place in places {
            for text in ["2020-01-01T00:00:00Z", "0s", "never", "-5d"] {
                let run = ChildProcess.run(
                    "relayctl", ["keys", "create", "--account", "1", "--expires=\(text)"] + place)
                #expect(run.code == 2 && run.output.contains("--expires: expected"), "\(run)")
            }
        }
        let admin = try ClientConnection(unix: relayd.adminSocket)
        for time in ["\"2020-01-01T00:00:00Z\"", "\"soon\"", "7", "null"] {
            let answer = try admin.perform(
                ClientRequest(
                    "POST", "/admin/keys",
                    body: Array("{\"account\":1,\"expiresAt\":\(time)}".utf8)))
            #expect(answer.status == 422, "\(time)")
        }
    }
}
