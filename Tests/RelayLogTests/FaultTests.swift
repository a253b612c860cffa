import Glibc
import RelayStore
import Synchronization
import System
import TestSupport
import Testing

@testable import RelayLog

/// Servers that die, stand still and come back.
@Suite(.enabled(if: JetStreamServers.areWanted, "\(JetStreamServers.absence)"))
struct FaultTests {
    enum Fault: CaseIterable { case killed, paused }

    /// Before 3.6 libnats reads on in a subscription that another thread destroys just then.
    @Test("Subscriptions can be left while messages come in to them.")
    func leftInboxes() throws {
        let servers = try JetStreamServers()
        let url = try JetStreamURL("nats://\(servers.addresses)/orders")
        try EngineConnection.load(for: url)
        let connections = try ["flood", "inboxes"].map { name in
            try EngineConnection(
                url, name: name, credentials: nil,
                events: EngineEvents(subject: "\(name).none", onMessage: { _ in }, onChange: {}))
        }
        let isOver = Atomic<Bool>(false)
        let flood = try SystemThread { [flood = connections[0]] in
            while !isOver.load(ordering: .relaxed) {
                _ = flood.publish([1, 2, 3], to: "flood.1", reply: "flood.none")
            }
        }
        var messages = 0
        let end = SystemClock.monotonic.milliseconds + 4_000
        while SystemClock.monotonic.milliseconds < end {
            let inbox = try #require(connections[1].inbox("flood.*"))
            if case .message = inbox.next(milliseconds: 100) { messages += 1 }
        }
        isOver.store(true, ordering: .relaxed)
        flood.join()
        #expect(messages > 100, "\(messages)")
        for connection in connections { connection.close() }
    }

    @Test(
        "When the log's leader dies or stands still, nothing acknowledged is lost, nothing is there twice, and readers go on.",
        arguments: Fault.allCases)
    func leader(fault: Fault) throws {
        let place = try LogPlace(3)
        let count = 3_000
        let log = try place.log("h1")
        let appender = Appender(log, name: "m", count: count)
        let thread = try SystemThread { #expect(appender.run(underWay: 16, seconds: 60)) }
        let reader = try place.log("h2")
        var entries = try readAll(reader, to: 300)
        let leader = try #require(place.servers.leader(of: "orders"))
        switch fault {
        case .killed: place.servers.kill(leader)
        case .paused: place.servers.pause(leader)
        }
        // Each goes on before the server is back.
        let before = entries.count
        entries += try readAll(reader, after: UInt64(before), to: UInt64(before + 200))
        #expect(entries.count >= before + 200)
        switch fault {
        case .killed: place.servers.start(leader)
        case .paused: place.servers.resume(leader)
        }
        entries += try readAll(
            reader, after: UInt64(entries.count), to: UInt64(count), seconds: 60)
        thread.join()
        #expect(appender.kept.count == count)
        #expect(appender.faults > 0)
        try check(entries, appender, count)
        // What a third host reads, from the beginning, is the same.
        #expect(try readAll(place.log("h3"), to: UInt64(count)) == entries)
        #expect(try retry { try log.state().last } == UInt64(count))
    }

    /// Each message once, where it was acknowledged.
    private func check(_ entries: [SharedLogEntry], _ appender: Appender, _ count: Int) throws {
        #expect(entries.map(\.sequence) == Array(1...UInt64(count)))
        let texts = Set(entries.map(\.message))
        #expect(texts == Set((0..<count).map { Appender.text("m", $0) }))
        for (number, sequence) in appender.kept {
            let entry = entries[Int(sequence) - 1]
            #expect(entry.message == Appender.text("m", number))
        }
        #expect(zip(entries, entries.dropFirst()).allSatisfy { $0.time <= $1.time })
    }

    @Test("When all servers are down, everybody is told within seconds, and all goes on by itself.")
    func allDown() throws {
        let place = try LogPlace(3)
        let log = try place.log()
        #expect(append(log, [1], id: "1") == .kept(at: 1))
        #expect(try readAll(log, to: 1).count == 1)
        let outcomes = Mutex<[AppendOutcome]>([])
        let done = Semaphore()
        // Without their answers: two are gone, so there is no majority.
        let leader = try #require(place.servers.leader(of: "orders"))
        for server in 0..<3 where server != leader { place.servers.pause(server) }
        for number in 0..<8 {
            log.append([2], id: "under way \(number)") { outcome in
                outcomes.withLock { $0.append(outcome) }
                done.post()
            }
        }
        let milliseconds = SystemClock.time { for _ in 0..<8 { done.wait() } }
        #expect(milliseconds < Limits.answerMilliseconds + 2_000)
        for outcome in outcomes.withLock({ $0 }) {
            guard case .unknown = outcome else {
                Issue.record("\(outcome)")
                continue
            }
        }
        for server in 0..<3 { place.servers.kill(server) }
        SystemClock.sleep(milliseconds: 300)
        let refused = SystemClock.time {
            guard case .refused(let why) = append(log, [3], id: "3") else {
                Issue.record("a message was taken without a server")
                return
            }
            #expect(why.contains("no connection to 127.0.0.1:"))
        }
        #expect(refused < 200)
        let waited = SystemClock.time {
            #expect(throws: SharedLogError.self) { try log.read(after: 1, waitMilliseconds: 500) }
            #expect(throws: SharedLogError.self) { try log.state() }
            #expect(throws: SharedLogError.self) { try log.entry(at: 1) }
        }
        #expect(waited < 5_000)
        for server in 0..<3 { place.servers.start(server) }
        // What was under way may be there by now, each once. What was refused is not.
        let appender = Appender(log, name: "under way", count: 8)
        #expect(appender.run(underWay: 8, seconds: 60))
        let last = try retry { try log.state().last }
        let entries = try readAll(log, to: last)
        #expect(entries.count == Int(last))
        #expect(!entries.contains { $0.message == [3] })
        #expect(entries.first?.message == [1])
    }

    @Test("A server that stands still makes outcomes unknown; the same id again is there once.")
    func pausedServer() throws {
        let place = try LogPlace()
        let log = try place.log()
        #expect(append(log, [1], id: "1") == .kept(at: 1))
        #expect(try readAll(log, to: 1).count == 1)
        place.servers.pause(0)
        let milliseconds = SystemClock.time {
            guard case .unknown = append(log, [2], id: "2") else {
                Issue.record("an answer came from a server that stands still")
                return
            }
        }
        #expect((Limits.answerMilliseconds - 100...6_000).contains(milliseconds))
        let waited = SystemClock.time {
            #expect(throws: SharedLogError.self) { try log.read(after: 1, waitMilliseconds: 7_000) }
        }
        #expect(waited < 12_000)
        place.servers.resume(0)
        #expect(Appender(log, name: "x", count: 1).run(underWay: 1, seconds: 30))
        guard case .kept = append(log, [2], id: "2") else {
            Issue.record("it does not go on")
            return
        }
        let last = try log.state().last
        let messages = try readAll(log, to: last).map(\.message)
        #expect(messages.filter { $0 == [2] }.count == 1)
    }

    @Test("A server that refuses a host is asked again, and it is said where to look.")
    func refusal() throws {
        let servers = try JetStreamServers(
            settings: "accounts { A { jetstream: enabled, users: [{user: a, password: b}] } }",
            waits: false)
        let url = try JetStreamURL("nats://\(servers.addresses)/orders")
        let log = try JetStreamLog(url, host: "h1")
        for _ in 0..<200 {
            guard case .refused(let why) = append(log, [1], id: "1") else {
                Issue.record("a message was taken")
                return
            }
            if why.contains("the server refuses this host") { return }
            SystemClock.sleep(milliseconds: 50)
        }
        Issue.record("\(append(log, [1], id: "1"))")
    }

    @Test("A host needs no more rights than to write as itself, and to read.")
    func permissions() throws {
        let servers = try JetStreamServers(
            settings: """
                no_auth_user: host
                accounts { A {
                    jetstream: enabled
                    users: [
                        { user: admin, password: secret }
                        { user: host, password: other, permissions: {
                            publish: [
                                "relay.orders.log.h1", "relay.orders.beat.h1", "$JS.API.STREAM.INFO.orders",
                                "$JS.API.CONSUMER.CREATE.orders.>",
                                "$JS.API.CONSUMER.MSG.NEXT.orders.>", "$JS.API.DIRECT.GET.orders"
                            ]
                            subscribe: [ "_INBOX.h1.>", "relay.orders.beat.*" ]
                        } }
                    ]
                } }
                """, login: #""user":"admin","pass":"secret","#)
        let identity = LogIdentity.random
        let made = servers.ask(
            "$JS.API.STREAM.CREATE.orders",
            """
            {"name":"orders","subjects":["relay.orders.log.>"],"deny_delete":true,\
            "allow_direct":true,\(LogPlace.metadata(identity))}
            """)
        #expect(made?.contains("did_create") == true, "\(made as Any)")
        let url = try JetStreamURL("nats://\(servers.addresses)/orders")
        let log = try JetStreamLog(url, host: "h1")
        #expect(append(log, [1], id: "1") == .kept(at: 1))
        let entries = try readAll(log, to: 1)
        #expect(entries.map(\.message) == [[1]])
        #expect(try log.entry(at: 1) == entries.first)
        #expect(try log.state().identity == identity)
        #expect(log.announcements() == [])
        log.announce([7])
        var heard: [[UInt8]] = []
        for _ in 0..<500 where heard.isEmpty {
            usleep(10_000)
            heard = log.announcements()
        }
        #expect(heard == [[7]])
        // As another host it can do nothing, and make no log.
        let other = try JetStreamLog(url, host: "h2")
        let outcome = append(other, [2], id: "2")
        guard case .declined(let why) = outcome, why.contains("Permissions Violation") else {
            Issue.record("a host wrote as another one, or is not told why it may not: \(outcome)")
            return
        }
        #expect(throws: SharedLogError.self) { try other.state() }
        #expect(throws: SharedLogError.self) {
            try JetStreamLog.create(url, identity: .random, replicas: 1)
        }
        #expect(try log.state().last == 1)
    }
}
