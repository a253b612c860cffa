import Glibc
import HTTP2
import System
import TestSupport
import Testing

/// What hosts of one log answer that lack something of it, or cannot ask it.
@Suite(
    "A host that shares a log",
    .enabled(if: JetStreamServers.areWanted, "\(JetStreamServers.absence)"))
struct ReplicaReadTests {
    private let log: BegunLog

    init() throws { log = try BegunLog() }

    private func text(_ response: ClientResponse) -> String {
        String(decoding: response.body, as: UTF8.self)
    }

    private func field(_ name: String, _ response: ClientResponse) -> String? {
        response.fields.first { $0.name == name }?.value
    }

    @Test(
        "waits with changes behind a place that another host has told of, and never calls it gone.")
    func followed() throws {
        let first = try Replica("first", log: log.url, store: log.store)
        let second = try Replica("second", log: log.url, from: log.snapshot)
        let made = try first.send("POST", "/v1/orders", #"{"title":"x"}"#, key: log.key)
        let position = try #require(field("relay-seq", made))
        let least = [HeaderField("relay-min-seq", position)]
        let read = try second.send("GET", "/v1/orders/1", key: log.key, fields: least)
        #expect(read.status == 200)
        let halves = position.split(separator: "-")
        let number = try #require(UInt64(halves[1]))
        // A place that the next but one change leads to.
        let ahead = "\(halves[0])-\(number + 1)"
        let (socket, key) = (first.relayd.socket, log.key)
        let writer = try SystemThread {
            let fields = [
                HeaderField("authorization", "Bearer \(key)"),
                HeaderField("content-type", "application/json"),
            ]
            for title in ["y", "z"] {
                usleep(300_000)
                _ = try? ClientConnection(unix: socket).perform(
                    ClientRequest(
                        "POST", "/v1/orders", fields: fields,
                        body: Array(#"{"title":"\#(title)"}"#.utf8)))
            }
        }
        let changes = try second.send("GET", "/v1/changes?after=\(ahead)&wait=5s", key: log.key)
        writer.join()
        #expect(changes.status == 200, "\(text(changes))")
        #expect(text(changes).contains("\"seq\":\(number + 2),"), "\(text(changes))")
        #expect(changes.fields.filter { $0.name == "relay-seq" }.count == 1)
        let events = [HeaderField("accept", "text/event-stream")]
        let late = "\(halves[0])-\(number + 99)"
        for (query, fields) in [
            ("after=\(late)", []), ("after=\(late)", events),
            ("", events + [HeaderField("last-event-id", late)]),
        ] {
            let refused = try second.send(
                "GET", "/v1/changes?\(query)", key: log.key, fields: fields)
            #expect(refused.status == 503, "\(text(refused))")
            #expect(field("retry-after", refused) != nil)
            #expect(text(refused).contains("has not applied change \(number + 99)"))
        }
        let other = try second.send(
            "GET", "/v1/changes?after=0123456789abcdef-1", key: log.key)
        #expect(other.status == 410)
        #expect(first.relayd.stop() == 0 && second.relayd.stop() == 0)
    }

    @Test("tells a read that asks for all there is that the log cannot be asked, and of no write.")
    func unasked() throws {
        let host = try Replica("first", log: log.url, store: log.store)
        func read() throws -> ClientResponse {
            try host.send(
                "GET", "/v1/orders/1", key: log.key, fields: [HeaderField("relay-min-seq", "now")])
        }
        #expect(try read().status == 200)
        log.servers.pause(0)
        // The first one is sent and not answered; a later one is refused at once.
        for _ in 0..<2 {
            let refused = try read()
            #expect(refused.status == 503)
            #expect(text(refused).contains("this host cannot ask the log now"), "\(text(refused))")
            #expect(text(refused).contains("/problems/unavailable"), "\(text(refused))")
            #expect(field("retry-after", refused) != nil)
        }
        log.servers.resume(0)
        #expect(host.waits(for: "condition", "\"up\""))
        #expect(try read().status == 200)
        #expect(host.relayd.stop() == 0)
    }

    @Test("says that its engine takes no messages, and why: in its log, and in what stat shows.")
    func full() throws {
        let host = try Replica("first", log: log.url, store: log.store)
        #expect(host.waits(for: "condition", "\"up\""))
        #expect(host.shared("trouble") == "")
        let metadata =
            #""metadata":{"relay.identity":\#(host.shared("identity")),"relay.replicas":"1"}}"#
        let full =
            #"{"name":"orders","subjects":["relay.orders.log.>"],"storage":"file","num_replicas":1,"#
            + #""retention":"limits","max_msgs":1,"discard":"new","max_age":0,"#
            + #""duplicate_window":120000000000,"deny_delete":true,"allow_direct":true,"#
            + metadata
        let changed = log.servers.ask("$JS.API.STREAM.UPDATE.orders", full)
        #expect(changed?.contains("\"error\"") == false, "\(changed ?? "")")
        let refused = try host.send("POST", "/v1/orders", #"{"title":"x"}"#, key: log.key)
        #expect(refused.status == 503)
        #expect(host.waits(for: "condition", "\"refuses-writes\""))
        #expect(host.shared("trouble").contains("maximum messages exceeded"))
        #expect(host.relayd.logs("log_refuses_writes"))
        for (verb, code) in [("health", 0), ("replicas", 3)] as [(String, Int32)] {
            let run = ChildProcess.run(
                "relayctl", [verb, "--admin-socket", host.relayd.adminSocket])
            #expect(run.code == code && run.output.contains("maximum messages exceeded"), "\(run)")
        }
        #expect(host.relayd.output.contains("maximum messages exceeded"))
        let open = full.replacing("\"max_msgs\":1,", with: "\"max_msgs\":-1,")
        _ = log.servers.ask("$JS.API.STREAM.UPDATE.orders", open)
        #expect(host.relayd.logs("log_up"))
        #expect(host.waits(for: "condition", "\"up\""))
        #expect(host.shared("trouble") == "")
        #expect(host.relayd.stop() == 0)
    }
}
