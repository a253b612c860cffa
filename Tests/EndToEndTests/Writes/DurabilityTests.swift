import Glibc
import HTTP2
import JSON
import RelayClient
import RelayContract
import TestSupport
import Testing

@Suite("An acknowledged write", .serialized)
struct DurabilityTests {
    /// Times that relayd is killed.
    private static let rounds = 50

    @Test("is there after kill -9, fifty times over.")
    func survivesKill() throws {
        let directory = TemporaryDirectory()
        let store = directory.file("store")
        var key = ""
        var acknowledged: [UInt64: String] = [:]
        var random = SystemRandomNumberGenerator()
        for round in 0..<Self.rounds {
            let relayd = try Relayd(store: store, in: directory)
            if round == 0 { key = try relayd.makeKey() }
            let writer = OrderWriter(try relayd.connect(), key: key, prefix: "round \(round)")
            let killer = DelayedKill(
                relayd.process.pid, microseconds: UInt32.random(in: 1_000...40_000, using: &random))
            writer.run()
            killer.join()
            relayd.process.wait()
            acknowledged.merge(writer.acknowledged) { _, _ in
                Issue.record("an id was given out twice")
                return ""
            }
        }
        #expect(acknowledged.count > Self.rounds)
        let relayd = try Relayd(store: store, in: directory)
        let client = RelayClient(connection: try relayd.connect(), key: key)
        for (id, title) in acknowledged {
            #expect(try client.getOrder(id).value.title == title)
        }
        let page = try client.getOrders(limit: 1)
        #expect(try #require(page.total) >= acknowledged.count)
        #expect(relayd.stop() == 0)
    }

    @Test("is answered before relayd ends on SIGTERM, and is there after the restart.")
    func gracefulStop() throws {
        let directory = TemporaryDirectory()
        let relayd = try Relayd(store: directory.file("store"), in: directory)
        let key = try relayd.makeKey()
        let writer = OrderWriter(try relayd.connect(), key: key, prefix: "stopping")
        let stopper = DelayedKill(relayd.process.pid, microseconds: 20_000, signal: SIGTERM)
        writer.run()
        stopper.join()
        #expect(relayd.process.wait() == 0)
        #expect(access(relayd.socket, F_OK) != 0)
        let again = try Relayd(store: directory.file("store"), in: directory)
        let client = RelayClient(connection: try again.connect(), key: key)
        #expect(!writer.acknowledged.isEmpty)
        for (id, title) in writer.acknowledged {
            #expect(try client.getOrder(id).value.title == title)
        }
    }
}

/// Creates orders, many at once, until the connection breaks.
private final class OrderWriter {
    private(set) var acknowledged: [UInt64: String] = [:]
    private let connection: ClientConnection
    private let key: String
    private let prefix: String
    private let parser = JSONParser()

    init(_ connection: ClientConnection, key: String, prefix: String) {
        self.connection = connection
        self.key = key
        self.prefix = prefix
    }

    func run() {
        var pending: [(Int32, String)] = []
        var number = 0
        do {
            while true {
                while pending.count < 16 {
                    let title = "\(prefix), order \(number)"
                    number += 1
                    pending.append(
                        (try connection.send(ClientRequest.createOrder(key: key, title)), title))
                }
                let (id, title) = pending.removeFirst()
                let response = try connection.run(until: id, timeout: 5_000)
                guard response.status == 201 else { return }
                let value = try response.body.span.bytes.withUnsafeBytes { bytes in
                    try parser.parse(bytes)
                }
                var faults = Faults()
                if let created = IdObject(decoding: value, into: &faults) {
                    acknowledged[created.id] = title
                }
            }
        } catch {
            // The connection broke: relayd is gone. What was acknowledged until then counts.
        }
    }
}

/// Sends a signal to a process after a while, from another thread.
private final class DelayedKill: Sendable {
    private let pid: pid_t
    private let delay: UInt32
    private let number: Int32
    private let thread: UInt

    init(_ pid: pid_t, microseconds: UInt32, signal number: Int32 = SIGKILL) {
        self.pid = pid
        delay = microseconds
        self.number = number
        let order = KillOrder(pid: pid, delay: microseconds, number: number)
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { context in
                // SAFETY: retained below for the thread.
                let order = Unmanaged<KillOrder>.fromOpaque(context!).takeRetainedValue()
                usleep(order.delay)
                kill(order.pid, order.number)
                return nil
            }, Unmanaged.passRetained(order).toOpaque())
        self.thread = UInt(thread)
    }

    func join() { pthread_join(pthread_t(thread), nil) }
}

private final class KillOrder: Sendable {
    let pid: pid_t
    let delay: UInt32
    let number: Int32

    init(pid: pid_t, delay: UInt32, number: Int32) {
        self.pid = pid
        self.delay = delay
        self.number = number
    }
}
