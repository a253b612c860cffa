import Glibc
import HTTP2
import RelayClient
import RelayContract
import TestSupport
import Testing

@Suite("A restart under load, with clients that connect anew for every request", .serialized)
struct RestartTests {
    /// How often relayd is ended and started again.
    private static let restarts = 4
    private static let workers = 12

    private static func key(_ store: String) throws -> String {
        let made = ChildProcess.run(
            "relayctl", ["keys", "create", "--store", store, "--account", "1", "--json"])
        let key = made.output.split(separator: "\"").first { $0.hasPrefix("relay_") }
        return String(try #require(key, "\(made.output)"))
    }

    /// Lets workers loose on some places while `restart` is called again and again, and looks at what
    /// became of every single order.
    private static func run(
        _ places: [ServerAddress], key: String, restart: () throws -> Relayd?,
        check: (Relayd?) throws -> RelayClient
    ) throws -> RestartWorker.Results {
        let stop = RestartWorker.Stop()
        let workers = (0..<Self.workers).map {
            RestartWorker(places[$0 % places.count], key: key, name: "worker \($0)", until: stop)
        }
        var relayd: Relayd?
        for _ in 0..<restarts {
            // Each has got on with it since the last restart.
            let before = workers.map(\.count)
            for _ in 0..<4_000 where zip(workers, before).contains(where: { $0.count < $1 + 3 }) {
                usleep(5_000)
            }
            relayd = try restart()
        }
        stop.isSet.store(true, ordering: .relaxed)
        var all = RestartWorker.Results()
        for worker in workers {
            let results = worker.join()
            all.created.merge(results.created) { first, _ in first }
            all.refused.formUnion(results.refused)
            all.unreached += results.unreached
            all.failures += results.failures
        }
        #expect(all.failures == [])
        #expect(all.created.count >= workers.count * restarts)
        let client = try check(relayd)
        let orders = try client.getOrders(limit: 1).total
        #expect(orders == all.created.count, "an order was half done, or done without an answer")
        for (title, id) in all.created { #expect(try client.getOrder(id).value.title == title) }
        return all
    }

    @Test("hangs nobody: there is no file, or the connection is refused, until it serves again.")
    func ownSockets() throws {
        let directory = TemporaryDirectory()
        let store = directory.file("store")
        // A port that was just free.
        let port = try TestSocket(ip: "127.0.0.1").port
        let arguments = ["--loops", "2", "--listen", "127.0.0.1:\(port)"]
        var relayd = try Relayd(store: store, in: directory, arguments: arguments)
        let key = try relayd.makeKey()
        let places: [ServerAddress] = [.unix(relayd.socket), .loopback("127.0.0.1:\(port)")]
        let results = try Self.run(places, key: key) {
            #expect(relayd.stop() == 0)
            relayd = try Relayd(store: store, in: directory, arguments: arguments)
            return relayd
        } check: { last in
            RelayClient(connection: try #require(last).connect(), key: key)
        }
        #expect(results.unreached > 0)
        #expect(relayd.stop() == 0)
    }

    @Test("is not even noticed where the sockets are passed: the next process takes who waits.")
    func passedSockets() throws {
        let directory = TemporaryDirectory()
        let store = directory.file("store")
        #expect(try Relayd(store: store, in: directory).stop() == 0)
        let key = try Self.key(store)
        let path = directory.file("passed.sock")
        let sockets = [try TestSocket(unix: path), try TestSocket(ip: "127.0.0.1")]
        func start() throws -> ActivatedRelayd {
            let relayd = ActivatedRelayd(
                in: directory, ["--store", store, "--loops", "2"],
                sockets: sockets.map(\.descriptor))
            try #require(relayd.isReady(), "\(relayd.output)")
            return relayd
        }
        var relayd = try start()
        let places: [ServerAddress] = [.unix(path), .loopback("127.0.0.1:\(sockets[1].port)")]
        let results = try Self.run(places, key: key) {
            relayd.process.signal(SIGTERM)
            #expect(relayd.process.wait() == 0)
            relayd = try start()
            return nil
        } check: { _ in
            RelayClient(connection: try ClientConnection(unix: path), key: key)
        }
        #expect(results.unreached == 0)
        relayd.process.signal(SIGTERM)
        #expect(relayd.process.wait() == 0)
    }
}
