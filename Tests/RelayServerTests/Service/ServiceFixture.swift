import CivilTime
import HTTP2
import JSON
import Logs
import RelayContract
import RelayRecords
import RelayStore
import Synchronization
import TestSupport

@testable import RelayServer

/// API keys: one of account 1, one of account 2, and of account 1 one that was revoked and one that is
/// good for one request an hour.
struct TestKeys: Sendable {
    let first: String
    let second: String
    let revoked: String
    let limited: String

    init(_ store: Store) throws {
        let made = try store.write { (transaction) throws(StoreError) in
            var keys: [NewAPIKey] = []
            let rare = RequestRate(count: 1, per: .hour)
            for (account, rate) in [(UInt32(1), nil), (2, nil), (1, nil), (1, rare)] {
                keys.append(
                    try transaction.createAPIKey(
                        account: account, label: "", time: 0, limits: KeyLimits(requests: rate)))
            }
            _ = try transaction.revokeAPIKey(keys[2].record.id)
            // What the accounts use is counted, and compared by whoever checks the store.
            for account in UInt32(1)...2 { _ = try transaction.setQuota(of: account, to: nil) }
            return keys
        }
        (first, second, revoked) = (made[0].text, made[1].text, made[2].text)
        limited = made[3].text
    }

    /// The Authorization field that a vector asks for.
    func field(_ key: Vector.Key) -> [HeaderField] {
        switch key {
        case .default: [HeaderField("authorization", "Bearer \(first)")]
        case .other: [HeaderField("authorization", "Bearer \(second)")]
        case .revoked: [HeaderField("authorization", "Bearer \(revoked)")]
        case .limited: [HeaderField("authorization", "Bearer \(limited)")]
        case .none: []
        }
    }
}

/// The real applications on an empty store in memory, without threads or sockets of their own:
/// every request runs on the thread of the test.
final class ServiceFixture {
    let store: Store
    let writer: Writer
    let keys: TestKeys
    let state: ServiceState
    /// Lines of the log.
    let log = TestLog()
    /// Idempotency-Keys whose requests have no answer yet.
    let underWay: RequestsUnderWay
    private let loop: DetachedLoop
    private let adminLoop: DetachedLoop

    init(options: StoreOptions? = nil) throws {
        store = try Store.inMemory(options: options ?? .small)
        keys = try TestKeys(store)
        let log = log
        let health = StoreHealth(log: Log { log.add($0.message ?? "\($0.name)") })
        state = ServiceState(health: health)
        writer = try Writer(store, health: health)
        let writing = WriteAccess(writer: writer)
        underWay = writing.underWay
        loop = try DetachedLoop(
            application: try RelayApplication(
                store, writing, health, allowances: state.allowances))
        adminLoop = try DetachedLoop(application: try AdminApplication(store, writer, state))
    }

    deinit { writer.stop() }

    func perform(_ request: ClientRequest) -> ClientResponse { loop.perform(request) }

    func perform(
        _ method: String, _ target: String, _ body: String = "", key: Vector.Key = .default,
        fields: [(String, String)] = []
    ) -> ClientResponse {
        var all = keys.field(key) + fields.map { HeaderField($0.0, $0.1) }
        if !body.isEmpty { all.append(HeaderField("content-type", "application/json")) }
        return loop.perform(
            ClientRequest(method, target, fields: all, body: Array(body.utf8)))
    }

    func get(
        _ target: String, key: Vector.Key = .default, fields: [(String, String)] = []
    ) -> ClientResponse {
        perform("GET", target, key: key, fields: fields)
    }

    func admin(_ method: String, _ path: String, _ body: String = "") -> ClientResponse {
        adminLoop.perform(ClientRequest(method, path, body: Array(body.utf8)))
    }

    /// Sequence number of the newest change: it stays when nothing was changed.
    func sequence() throws -> UInt64 { try store.newestSequence() }
}

/// What the service says to people.
final class TestLog: Sendable {
    private let all = Mutex<[String]>([])

    var lines: [String] { all.withLock { $0 } }

    func add(_ line: String) { all.withLock { $0.append(line) } }
}

extension Store {
    func newestSequence() throws -> UInt64 {
        let reader = try makeReader()
        return try reader.view.lastSequence()
    }

    /// Adds orders 1…count to account 1, each with a title of so many letters besides its id.
    func load(
        orders count: Int, titleBytes: Int = 40, status: (Int) -> OrderStatus = { _ in .open }
    ) throws {
        let padding = String(repeating: "x", count: titleBytes)
        let time = Timestamp(milliseconds: 1_700_000_000_000)
        for start in stride(from: 1, through: count, by: 1_000) {
            try write { (transaction) throws(StoreError) in
                var loader = RecordLoader(account: 1, time: time)
                try loader.begin(&transaction)
                for id in start...min(start + 999, count) {
                    let order = Order(
                        id: UInt64(id), title: "\(id) \(padding)", status: status(id),
                        createdAt: time, updatedAt: time, fields: [], attachments: [],
                        comments: [], contactPersons: [])
                    try loader.add(order, to: &transaction)
                }
                try loader.end(&transaction)
                try loader.finish(&transaction)
            }
        }
    }
}

extension ClientResponse {
    var text: String { String(decoding: body, as: UTF8.self) }

    /// Path and query of the next page, from `Link: <…>; rel="next"`.
    var next: String? {
        guard let link = self["link"], link.hasSuffix(">; rel=\"next\"") else { return nil }
        return String(link.dropFirst().prefix { $0 != ">" })
    }

    /// The ids of a list's records, in its order; nil when the body is not JSON throughout.
    func ids(in member: StaticString? = nil) -> [Int64]? {
        try? JSONParser().parse(body) { root in
            let list = member.flatMap { root[$0] } ?? root
            return list.elements.map { $0["id"].flatMap { $0.integer } ?? -1 }
        }
    }
}

extension StoreOptions {
    /// Of a store in memory with a map of 1 GiB. Tests run beside each other, and under ThreadSanitizer there
    /// are 2 TiB of addresses for all of them.
    static let small = StoreOptions(mapBytes: 1 << 30, durability: .mayCorruptStore)
}
