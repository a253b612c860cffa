import Glibc
import JSON
import Options
import RelayRecords
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
    let store: Store

    init(directory: String) throws(CommandError) {
        guard access(directory + "/data.mdb", F_OK) == 0 else { throw .missing(path: directory) }
        store = try lifting { () throws(StoreError) in try Store.open(at: directory) }
    }

    func createKey(account: Int, label: String?) throws(CommandError) -> Report {
        let material = APIKeyText.randomBytes()
        let time = Timestamp.now.milliseconds
        let key = try lifting { () throws(StoreError) in
            try store.write { transaction throws(StoreError) in
                try transaction.createAPIKey(
                    account: UInt32(account), label: label ?? "", time: time, material: material)
            }
        }
        return Report { key.writeMembers(to: &$0) }
    }

    func listKeys(account: Int) throws(CommandError) -> Report {
        let records = try lifting { () throws(StoreError) in
            try store.makeReader().view.apiKeys(account: UInt32(account))
        }
        return Report { records.writeMembers(to: &$0) }
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
        try lifting { () throws(StoreError) in
            var writer = JSONWriter()
            writer.beginObject()
            try store.writeStatistics(to: &writer)
            writer.endObject()
            return Report(json: writer.bytes)
        }
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
