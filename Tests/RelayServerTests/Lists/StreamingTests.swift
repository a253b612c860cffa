import Glibc
import HTTP2
import RelayStore
import Synchronization
import Testing

@testable import RelayServer

@Suite("A list without a limit, over a socket")
struct StreamingTests {
    /// Changes a client's orders for as long as it is told to.
    private final class Changes: @unchecked Sendable {
        // SAFETY: the thread is joined before `count` is read.
        private let served: ServedStore
        private let client: ClientConnection
        private let isStopped = Atomic<Bool>(false)
        private var thread = pthread_t()
        private(set) var count = 0
        private(set) var failures: [String] = []

        init(_ served: ServedStore) throws {
            self.served = served
            client = try served.connect()
        }

        func start() {
            let argument = Unmanaged.passRetained(self).toOpaque()
            pthread_create(
                &thread, nil,
                {
                    Unmanaged<Changes>.fromOpaque($0!).takeRetainedValue().run(); return nil
                },
                argument)
        }

        func stop() {
            isStopped.store(true, ordering: .relaxed)
            pthread_join(thread, nil)
        }

        /// Rewrites orders all over the list, and adds new ones, whose length differs each time.
        private func run() {
            while !isStopped.load(ordering: .relaxed) {
                let id = 1 + count * 7_919 % 4_000
                let text = String(repeating: "y", count: 1 + count * 37 % 100)
                let requests = [
                    ("PATCH", "/v1/orders/\(id)", "{\"internalId\":\"\(text)\"}"),
                    ("POST", "/v1/orders", "{\"title\":\"\(text)\"}"),
                ]
                for (method, path, body) in requests {
                    let fields =
                        served.keys.field(.default)
                        + [HeaderField("content-type", "application/json")]
                    let answer = try? client.perform(
                        ClientRequest(method, path, fields: fields, body: Array(body.utf8)))
                    if answer.map({ $0.status / 100 }) != 2 {
                        failures.append(answer?.text ?? "no answer")
                    }
                }
                count += 1
            }
        }
    }

    @Test("comes whole while writes go on: each record once, none torn.")
    func underWrites() throws {
        let served = try ServedStore()
        try served.store.load(orders: 4_000, titleBytes: 2_000)
        let changes = try Changes(served)
        changes.start()
        for _ in 0..<8 {
            let request = ClientRequest("GET", "/v1/orders", fields: served.keys.field(.default))
            let list = try served.client.perform(request)
            #expect(list.status == 200)
            #expect(list.body.count > 8_000_000)
            // Parsing fails when a record is torn; those that were there all along come once each.
            let ids = try #require(list.ids())
            #expect(Array(ids.prefix(4_000)) == Array(1...4_000))
            #expect(ids == ids.sorted() && Set(ids).count == ids.count)
        }
        changes.stop()
        #expect(changes.count > 0)
        #expect(changes.failures == [])
        #expect(try served.store.check().faults == [])
    }
}
