import Glibc
import HTTP2
import System
import TestSupport
import Testing

/// What real hosts of one log tell of each other.
@Suite(
    "Hosts that know of each other",
    .enabled(if: JetStreamServers.areWanted, "\(JetStreamServers.absence)"))
struct ReplicasTests {
    private let log: BegunLog

    init() throws { log = try BegunLog() }

    /// Runs until the output has a text, for 20 s at most; gives the last output.
    private func wait(
        for text: String, _ words: [String]
    ) -> (code: Int32, output: String) {
        var last: (code: Int32, output: String) = (-1, "")
        for _ in 0..<200 {
            last = ChildProcess.run("relayctl", words)
            if last.output.contains(text) { return last }
            usleep(100_000)
        }
        return last
    }

    @Test(
        "are listed with what they do, compared in depth, and raised together; a missing one is named."
    )
    func table() throws {
        let first = try Replica("first", log: log.url, store: log.store)
        let second = try Replica("second", log: log.url, from: log.snapshot)
        for host in [first, second] {
            let made = try host.send("POST", "/v1/orders", #"{"title":"x"}"#, key: log.key)
            #expect(made.status == 201)
        }
        let admin = ["--admin-socket", second.relayd.adminSocket]
        let both = wait(for: "host first  condition ok", ["replicas"] + admin)
        #expect(
            both.code == 0 && both.output.contains("host second  condition ok"), "\(both.output)")
        let json = ChildProcess.run("relayctl", ["replicas", "--json"] + admin)
        #expect(
            json.code == 0 && json.output.contains(#""asked":true,"version":""#), "\(json.output)")
        let deep = ChildProcess.run("relayctl", ["replicas", "--deep"] + admin)
        #expect(deep.code == 0 && deep.output.contains("equal"), "\(deep.output)")
        #expect(!deep.output.contains(" no"), "\(deep.output)")
        let upgrade = ChildProcess.run("relayctl", ["cluster", "upgrade", "--json"] + admin)
        #expect(upgrade.output.contains(#"{"level":1,"raised":false}"#), "\(upgrade.output)")
        // Where relayd is looked for without --admin-socket.
        try #require(link(second.relayd.adminSocket, second.store + "/admin.sock") == 0)
        for verb in [["replicas"], ["cluster", "upgrade"]] {
            let plain = ChildProcess.run("relayctl", verb + ["--store", second.store])
            #expect(plain.code == 0, "\(plain.output)")
        }
        #expect(first.relayd.stop() == 0)
        let alone = wait(for: "host first  condition missing", ["replicas"] + admin)
        #expect(alone.code == 3, "\(alone.output)")
        let refused = ChildProcess.run("relayctl", ["cluster", "upgrade"] + admin)
        #expect(refused.code == 1 && refused.output.contains("not heard of first"))
        // Nobody waits for a host that is not there; one that is stopped from answering is waited for.
        let half = ChildProcess.run(
            "relayctl", ["replicas", "--deep", "--timeout", "2s", "--json"] + admin)
        #expect(half.code == 3 && half.output.contains(#""notCompared":1"#), "\(half.output)")
        #expect(!half.output.contains(#""equal""#), "\(half.output)")
        #expect(second.relayd.stop() == 0)
    }

    @Test("are called equal by all who compare them at once.")
    func comparedAtOnce() throws {
        let hosts = [
            try Replica("first", log: log.url, store: log.store),
            try Replica("second", log: log.url, from: log.snapshot),
        ]
        let directory = TemporaryDirectory()
        // Each has heard of the other, or it would not wait for it.
        for (host, other) in zip(hosts, ["second", "first"]) {
            let known = wait(
                for: "host \(other)  condition ok",
                ["replicas", "--admin-socket", host.relayd.adminSocket])
            #expect(known.code == 0, "\(known.output)")
        }
        for round in 0..<3 {
            let runs = (0..<6).map { number in
                let file = directory.file("\(round)-\(number)")
                let words = ["replicas", "--deep", "--json", "--admin-socket"]
                let process = ChildProcess(
                    "relayctl", words + [hosts[number % 2].relayd.adminSocket], output: file)
                // Not all in one message of the log.
                usleep(100_000)
                return (process: process, file: file)
            }
            for run in runs {
                let code = run.process.wait()
                let output = readText(run.file)
                #expect(code == 0 && output.contains(#""equal":true"#), "\(code): \(output)")
            }
        }
        for host in hosts { #expect(host.relayd.stop() == 0) }
    }

    @Test("are listed no more once they are gone for good, on any host, until they are back.")
    func forgotten() throws {
        let hosts = [
            try Replica("first", log: log.url, store: log.store),
            try Replica("second", log: log.url, from: log.snapshot),
        ]
        let gone = try Replica("third", log: log.url, from: log.snapshot)
        for host in hosts + [gone] {
            let made = try host.send("POST", "/v1/orders", #"{"title":"x"}"#, key: log.key)
            #expect(made.status == 201)
        }
        func list(_ host: Replica) -> [String] {
            ["replicas", "--admin-socket", host.relayd.adminSocket]
        }
        func forget(_ name: String) -> (code: Int32, output: String) {
            ChildProcess.run("relayctl", list(hosts[0]) + ["--forget", name])
        }
        for host in hosts {
            let all = wait(for: "host third  condition ok", list(host))
            #expect(all.output.contains("host third  condition ok"), "\(all.output)")
        }
        let alive = forget("third")
        #expect(alive.code == 1 && alive.output.contains("so it is not gone"), "\(alive.output)")
        for (name, words) in [("first", "is this host"), ("nobody", "no host nobody")] {
            let refused = forget(name)
            #expect(refused.code == 1 && refused.output.contains(words), "\(refused.output)")
        }
        #expect(forget("a.b").code == 2)
        gone.relayd.process.signal(SIGKILL)
        #expect(gone.relayd.process.wait() != 0)
        for host in hosts {
            let missing = wait(for: "host third  condition missing", list(host))
            #expect(missing.code == 3, "\(missing.output)")
        }
        var done = forget("third")
        // What it has written last counts as well.
        for _ in 0..<200 where done.output.contains("so it is not gone") {
            usleep(100_000)
            done = forget("third")
        }
        #expect(done.code == 0, "\(done.output)")
        for host in hosts {
            #expect(host.relayd.logs("host_forgotten"))
            let listed = ChildProcess.run("relayctl", list(host))
            #expect(listed.code == 0 && !listed.output.contains("third"), "\(listed.output)")
        }
        // One that starts anew without what it kept is told by the other.
        #expect(unlink(hosts[0].store + "/forgotten-hosts") == 0)
        try hosts[0].killAndStart()
        #expect(hosts[0].relayd.logs("host_forgotten"))
        let again = wait(for: "host first  condition ok", list(hosts[0]))
        #expect(again.code == 0 && again.output.contains("host second"), "\(again.output)")
        #expect(!again.output.contains("third"), "\(again.output)")
        // When all start at once, nobody is left to tell.
        for host in hosts { #expect(host.relayd.stop() == 0) }
        for host in hosts { try host.start() }
        let anew = wait(for: "host second  condition ok", list(hosts[0]))
        #expect(anew.code == 0 && !anew.output.contains("third"), "\(anew.output)")
        try gone.start()
        for host in hosts {
            let back = wait(for: "host third  condition ok", list(host))
            #expect(back.output.contains("host third  condition ok"), "\(back.output)")
        }
        for host in hosts + [gone] { #expect(host.relayd.stop() == 0) }
    }

    @Test("stop writing, and say why, once another one has begun under their name.")
    func namesake() throws {
        let first = try Replica("same", log: log.url, store: log.store)
        let order = #"{"title":"x"}"#
        func write(_ host: Replica) throws -> ClientResponse {
            try host.send("POST", "/v1/orders", order, key: log.key)
        }
        #expect(try write(first).status == 201)
        let second = try Replica("same", log: log.url, from: log.snapshot)
        #expect(try write(second).status == 201)
        let begun = SystemClock.monotonic.milliseconds
        let lost = try write(first)
        #expect(lost.status == 503)
        #expect(SystemClock.monotonic.milliseconds - begun < 5_000)
        #expect(first.relayd.logs("replica_stopped"))
        #expect(first.relayd.output.contains("another host has begun as same since"))
        #expect(first.shared("stopped").contains("was passed over"))
        let refused = try write(first)
        let text = String(decoding: refused.body, as: UTF8.self)
        #expect(refused.status == 503 && text.contains("--host-name"), "\(text)")
        let health = ChildProcess.run(
            "relayctl", ["health", "--admin-socket", first.relayd.adminSocket])
        #expect(health.code == 1 && health.output.contains("another host"), "\(health.output)")
        #expect(try first.send("GET", "/v1/orders/1", key: log.key).status == 200)
        #expect(try write(second).status == 201)
        #expect(first.relayd.stop() == 0 && second.relayd.stop() == 0)
    }

    @Test("that share no log have no list, and say so.")
    func alone() throws {
        let directory = TemporaryDirectory()
        let relayd = try Relayd(store: directory.file("store"), in: directory, arguments: [])
        for words in [["replicas"], ["replicas", "--deep"], ["cluster", "upgrade"]] {
            let answer = ChildProcess.run(
                "relayctl", words + ["--admin-socket", relayd.adminSocket])
            #expect(answer.code == 1 && answer.output.contains("without --log"), "\(answer.output)")
        }
        #expect(relayd.stop() == 0)
    }

    @Test(
        "refuse reads once the log is silent, where --stale-reads says so, and answer them behind it."
    )
    func stale() throws {
        let host = try Replica(
            "first", log: log.url, store: log.store, arguments: ["--stale-reads", "3s"])
        func read() throws -> ClientResponse {
            try host.send("GET", "/v1/orders/1", key: log.key)
        }
        func waits(for status: Int) throws -> ClientResponse? {
            for _ in 0..<300 {
                let response = try read()
                if response.status == status { return response }
                usleep(100_000)
            }
            return nil
        }
        #expect(try waits(for: 200) != nil)
        log.servers.kill(0)
        let refused = try #require(try waits(for: 503))
        let text = String(decoding: refused.body, as: UTF8.self)
        #expect(text.contains("--stale-reads") && text.contains("ask another host"), "\(text)")
        #expect(host.relayd.logs("reads_refused"))
        #expect(host.shared("readsRefused").contains("has not heard"))
        log.servers.start(0)
        #expect(try waits(for: 200) != nil)
        #expect(host.relayd.stop() == 0)
    }

    @Test("stop or go on with reads of a store that differs, as --on-divergence says.")
    func divergence() throws {
        let hosts = try ["first", "second"].map {
            try Replica($0, log: log.url, from: log.snapshot)
        }
        let stopping = try Replica("third", log: log.url, store: try log.bentStore(1))
        let serving = try Replica(
            "fourth", log: log.url, store: try log.bentStore(2),
            arguments: ["--on-divergence", "serve"])
        #expect(stopping.relayd.logs("replica_stopped"))
        #expect(serving.relayd.logs("replica_stopped"))
        #expect(stopping.relayd.logs("reads_refused"))
        let refused = try stopping.send("GET", "/v1/orders/1", key: log.key)
        #expect(refused.status == 503)
        #expect(String(decoding: refused.body, as: UTF8.self).contains("--on-divergence"))
        #expect(try serving.send("GET", "/v1/orders/1", key: log.key).status == 200)
        #expect(try hosts[0].send("GET", "/v1/orders/1", key: log.key).status == 200)
        for host in hosts + [stopping, serving] { #expect(host.relayd.stop() == 0) }
    }
}
