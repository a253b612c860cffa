import CivilTime
import Glibc
import HTTP2
import RelayContract
import RelayRecords
import RelayStore

@testable import RelayServer
@testable import RelaySnapshots

/// Each line of the input is a request: a letter that chooses its route, and its body.
enum StoreTarget {
    private static let routes: [(method: String, path: String)] = [
        ("POST", "/v1/orders"), ("PATCH", "/v1/orders/1"), ("POST", "/v1/addresses"),
        ("POST", "/v1/customers"), ("POST", "/v1/properties"), ("POST", "/v1/units"),
        ("POST", "/v1/orders/1/comments"), ("POST", "/v1/appointments"),
        ("PATCH", "/v1/appointments/1"), ("POST", "/v2/documents"), ("POST", "/v1/eed"),
        ("DELETE", "/v1/properties/1"), ("DELETE", "/v1/appointments/1"), ("PATCH", "/v1/orders/2"),
    ]
    private static let reads = [
        "/v1/orders", "/v1/orders?sort=-id", "/v1/customers", "/v1/properties?limit=2&offset=0",
        "/v1/units?limit=10&offset=0", "/v1/orders/1", "/v1/orders/1/comments",
    ]
    nonisolated(unsafe) private static var accepted = 0

    static func run(_ bytes: [UInt8]) {
        guard let service = Service() else { fatalError("no store in memory") }
        var writes = 0
        for line in bytes.split(separator: 0x0A).prefix(8) {
            let route = routes[Int(line.first!) % routes.count]
            let answer = service.perform(route.method, route.path, Array(line.dropFirst()))
            Target.require(
                (200..<500).contains(answer.status), "\(route) is answered with \(answer.status)")
            if answer.status < 300 { writes += 1 }
        }
        if writes == 0 { return }
        for path in reads {
            let answer = service.perform("GET", path, [])
            Target.require(
                [200, 404].contains(answer.status), "\(path) is answered with \(answer.status)")
        }
        service.writer.stop()
        Dump.requireSound(service.store)
        accepted += 1
        // The disk takes its time.
        if accepted % 64 == 1 { requireRestored(service.store) }
    }

    /// What is snapshotted and restored is dumped as the same.
    private static func requireRestored(_ store: Store) {
        let place = "/dev/shm/relayfuzz-\(getpid())"
        defer {
            for name in ["store", "snapshot", "restored"] {
                for file in ["data.mdb", "lock.mdb", "manifest.json"] {
                    unlink("\(place)/\(name)/\(file)")
                }
                rmdir("\(place)/\(name)")
            }
            rmdir(place)
        }
        mkdir(place, 0o700)
        do {
            let lines = try Dump.lines(of: store)
            let filed = try Store.create(
                at: place + "/store", options: StoreOptions(durability: .mayCorruptStore))
            try Dump.load(lines, into: filed)
            _ = try SnapshotCopy.take(
                filed, to: place + "/snapshot", SnapshotOptions(program: "relayfuzz"))
            _ = try SnapshotRestoration.restore(
                .folder(SnapshotFolder(place + "/snapshot")), to: place + "/restored")
            let restored = try Store.open(at: place + "/restored")
            let again = try Dump.lines(of: restored)
            Target.require(
                Dump.documents(again) == Dump.documents(lines), "a restore has other records")
        } catch {
            fatalError("broken: a snapshot fails with \(error)")
        }
    }
}

/// A service on a store in memory, without sockets.
private final class Service {
    let store: Store
    let writer: Writer
    private let loop: DetachedLoop
    private let key: String

    init?() {
        do {
            store = try Store.inMemory()
            key = try store.write { (transaction) throws(StoreError) in
                try transaction.createAPIKey(
                    account: 1, label: "", time: 0)
            }.text
            let health = StoreHealth()
            writer = try Writer(store, health: health)
            loop = try DetachedLoop(
                application: RelayApplication(store, WriteAccess(writer: writer), health))
        } catch {
            return nil
        }
    }

    deinit { writer.stop() }

    func perform(_ method: String, _ path: String, _ body: [UInt8]) -> ClientResponse {
        var fields = [HeaderField("authorization", "Bearer \(key)")]
        if !body.isEmpty { fields.append(HeaderField("content-type", "application/json")) }
        return loop.perform(ClientRequest(method, path, fields: fields, body: body))
    }
}
