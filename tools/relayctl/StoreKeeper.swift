import Glibc
import JSON
import Options
import RelayStore

/// How to reach a store: through the relayd that runs on it, or by opening it.
enum StoreAccess {
    case running(AdminClient)
    case direct(StoreKeeper)

    init(_ arguments: Arguments) throws(CommandError) {
        let directory = arguments[Commands.store]
        let named = arguments[Commands.adminSocket]
        let socket = named ?? AdminClient.defaultSocket(store: directory)
        if let relayd = try AdminClient(socket: socket) {
            self = .running(relayd)
        } else if let named {
            // Whoever names a socket means a relayd; to go behind its back would be a surprise.
            throw .notRunning(socket: named)
        } else {
            self = .direct(try StoreKeeper(directory: directory))
        }
    }
}

/// Looks after a store that nobody serves. Its answers have the form of the admin API's.
struct StoreKeeper {
    private let store: Store

    init(directory: String) throws(CommandError) {
        guard access(directory + "/data.mdb", F_OK) == 0 else { throw .missing(path: directory) }
        store = try lifting { () throws(StoreError) in try Store.open(at: directory) }
    }

    func createKey(account: Int, label: String?) throws(CommandError) -> Report {
        let material = APIKeyText.randomBytes()
        let time = Self.now()
        let key = try lifting { () throws(StoreError) in
            try store.write { transaction throws(StoreError) in
                try transaction.createAPIKey(
                    account: UInt32(account), label: label ?? "", time: time, material: material)
            }
        }
        return Report { writer in
            writer.member("id", key.record.id)
            writer.member("key", key.text)
            writer.member("account", account)
        }
    }

    func listKeys(account: Int) throws(CommandError) -> Report {
        let records = try lifting { () throws(StoreError) in
            try store.makeReader().view.apiKeys(account: UInt32(account))
        }
        return Report { writer in
            writer.name("keys")
            writer.beginArray()
            for record in records {
                writer.beginObject()
                writer.member("id", record.id)
                writer.member("account", Int(record.account))
                if !record.label.isEmpty { writer.member("label", record.label) }
                writer.member("createdAt", Timestamp(milliseconds: record.created))
                writer.endObject()
            }
            writer.endArray()
        }
    }

    func revokeKey(_ id: UInt64) throws(CommandError) {
        let wasInForce = try lifting { () throws(StoreError) in
            try store.write { transaction throws(StoreError) in
                try transaction.revokeAPIKey(id)
            }
        }
        guard wasInForce else { throw .unknownKey(id) }
    }

    func stat() throws(CommandError) -> Report {
        let statistics = try lifting { () throws(StoreError) in try store.statistics() }
        let metadata = store.metadata
        return Report { writer in
            // Text, because it has 64 bits and JSON's readers have 53.
            writer.member("epoch", String(metadata.epoch, radix: 16))
            writer.member("createdAt", Timestamp(milliseconds: metadata.created))
            writer.member("sequence", statistics.sequence)
            writer.member("usedBytes", statistics.environment.usedBytes)
            writer.member("freeBytes", statistics.freeBytes)
            writer.member("mapBytes", statistics.environment.mapBytes)
            writer.name("databases")
            writer.beginArray()
            for database in statistics.databases {
                let pages = database.statistics
                writer.beginObject()
                writer.member("name", database.name)
                writer.member("entries", pages.entries)
                writer.member("pages", pages.branchPages + pages.leafPages + pages.overflowPages)
                writer.member("depth", Int(pages.depth))
                writer.endObject()
            }
            writer.endArray()
        }
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// Runs a call of the store and lifts its error.
func lifting<Value: ~Copyable>(
    _ body: () throws(StoreError) -> Value
) throws(CommandError) -> Value {
    do throws(StoreError) {
        return try body()
    } catch {
        throw .store(error)
    }
}
