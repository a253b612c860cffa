import Glibc
import HTTP2
import JSON
import RelayContract
import Synchronization

/// A client that makes a new connection for every order that it creates, on a thread of its own.
final class RestartWorker: @unchecked Sendable {
    // SAFETY: `thread` is written before anybody else knows of the worker.
    private let place: ServerAddress
    private let key: String
    private let name: String
    private let isStopped: Stop
    private let results = Mutex(Results())
    private var thread = pthread_t()

    /// Told to all workers at once.
    final class Stop: Sendable {
        let isSet = Atomic<Bool>(false)
    }

    /// What became of the orders, by their titles.
    struct Results: Sendable {
        /// Acknowledged, with their ids.
        var created: [String: UInt64] = [:]
        /// Refused in good order: GOAWAY said that they were not looked at.
        var refused: Set<String> = []
        /// Nobody listened: no file, or connection refused.
        var unreached = 0
        /// Anything else.
        var failures: [String] = []
    }

    init(_ place: ServerAddress, key: String, name: String, until stop: Stop) {
        self.place = place
        self.key = key
        self.name = name
        isStopped = stop
        pthread_create(
            &thread, nil,
            { context in
                // SAFETY: retained below for the thread.
                Unmanaged<RestartWorker>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
    }

    /// Waits for its end, after it was told to stop.
    func join() -> Results {
        pthread_join(thread, nil)
        return results.withLock { $0 }
    }

    /// Orders that were created so far.
    var count: Int { results.withLock { $0.created.count } }

    private func run() {
        let parser = JSONParser()
        var number = 0
        while !isStopped.isSet.load(ordering: .relaxed) {
            number += 1
            let title = "\(name), order \(number)"
            do throws(TransportError) {
                let connection = try connect()
                // What hangs is given up, and is a failure.
                let response = try connection.perform(
                    ClientRequest.createOrder(key: key, title), timeout: 10_000)
                let value = try? response.body.withUnsafeBytes { try parser.parse($0) }
                var faults = Faults()
                let created = value.flatMap { IdObject(decoding: $0, into: &faults) }
                results.withLock { results in
                    if response.status == 201, let created {
                        results.created[title] = created.id
                    } else {
                        results.failures.append("\(title): status \(response.status)")
                    }
                }
            } catch {
                fail(title, error)
            }
        }
    }

    private func connect() throws(TransportError) -> ClientConnection {
        switch place {
        case .unix(let path): try ClientConnection(unix: path)
        case .loopback(let address): try ClientConnection(loopback: address)
        }
    }

    private func fail(_ title: String, _ error: TransportError) {
        if case .system(let call, ENOENT) = error, call.hasPrefix("connect") { return unreached() }
        if case .system(let call, ECONNREFUSED) = error, call.hasPrefix("connect") {
            return unreached()
        }
        results.withLock { results in
            // REFUSED_STREAM, from the server or by its GOAWAY (RFC 9113 §8.7).
            if case .connectionClosed(let why) = error, why.hasSuffix("reset with code 7") {
                results.refused.insert(title)
            } else {
                results.failures.append("\(title): \(error)")
            }
        }
    }

    private func unreached() {
        results.withLock { $0.unreached += 1 }
        usleep(2_000)
    }
}

extension ClientRequest {
    /// Creates an order that has no more than a title.
    static func createOrder(key: String, _ title: String) -> ClientRequest {
        ClientRequest(
            "POST", "/v1/orders",
            fields: [
                HeaderField("authorization", "Bearer \(key)"),
                HeaderField("content-type", "application/json"),
            ], body: NewOrder(title: title).json)
    }
}
