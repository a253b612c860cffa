import CivilTime
import Glibc
import JSON
import Options
import RelayRecords
import RelayStore
import System

/// How to reach a store: through the relayd that runs on it, or by opening it.
enum StoreAccess {
    case running(AdminClient)
    case direct(StoreKeeper)

    init(_ arguments: Arguments, isReading: Bool = false) throws(CommandError) {
        if let relayd = try AdminClient.serving(arguments) {
            self = .running(relayd)
        } else {
            guard let directory = arguments[Commands.anyStore] else { throw .nothingToAsk }
            self = .direct(try StoreKeeper(directory: directory, isReading: isReading))
        }
    }
}

/// Looks after a store that nobody serves. Its answers have the form of the admin API's.
struct StoreKeeper {
    let store: Store

    init(directory: String, isReading: Bool = false) throws(CommandError) {
        store = isReading ? try Self.openForReading(directory) : try Self.open(directory)
    }

    /// Opens a store that has to be there.
    static func open(
        _ directory: String, isReadOnly: Bool = false
    ) throws(CommandError) -> Store {
        guard try exists(in: directory) else { throw .missing(path: directory) }
        return try lifting { () throws(StoreError) in
            try Store.open(
                at: directory, options: StoreOptions(isReadOnly: isReadOnly),
                recovery: .told)
        }
    }

    /// Opens a store that has to be there and is not to be changed, see `Store.openForReading`.
    static func openForReading(_ directory: String) throws(CommandError) -> Store {
        guard try exists(in: directory) else { throw .missing(path: directory) }
        return try lifting { () throws(StoreError) in
            try Store.openForReading(at: directory, recovery: .told)
        }
    }

    /// Throws when pages may have changed under a reader that could not enter itself: the second
    /// commit after its own may use them.
    static func requireUndisturbed(
        _ store: Store, since transactionID: UInt64
    ) throws(CommandError) {
        if store.isReadOnly, store.lastTransactionID > transactionID + 1 {
            throw .store(.lmdb(.unlockable(path: store.directory + "/data.mdb")))
        }
    }

    /// Keeps every relayd out of a store for as long as the lock is kept.
    ///
    /// - Parameter advice: what is said when a relayd serves it.
    static func lock(
        _ directory: String, orElse advice: String
    ) throws(CommandError) -> LockFile {
        let lock: LockFile?
        do throws(FileError) {
            lock = try LockFile(directory + "/relayd.lock")
        } catch {
            throw .system(call: error.call, path: error.path, errno: error.errno)
        }
        guard let lock else { throw .usage(advice) }
        return lock
    }

    /// Whether there is a store in a directory. A file instead of the directory, and one that may not
    /// be entered, are errors.
    static func exists(in directory: String) throws(CommandError) -> Bool {
        let path = directory + "/data.mdb"
        if access(path, F_OK) == 0 { return true }
        let code = errno
        switch code {
        case ENOENT: return false
        case ENOTDIR: throw .notADirectory(path: directory)
        default: throw .system(call: "open", path: path, errno: code)
        }
    }

    func createKey(
        account: Int, label: String?, expires: Timestamp? = nil, limits: KeyLimits = KeyLimits()
    ) throws(CommandError) -> Report {
        let time = Timestamp.now.milliseconds
        let key = try lifting { () throws(StoreError) in
            try store.write { transaction throws(StoreError) in
                try transaction.createAPIKey(
                    account: UInt32(account), label: label ?? "", time: time,
                    expires: expires?.milliseconds, limits: limits)
            }
        }
        return Report { key.writeMembers(to: &$0) }
    }

    func setLimits(of id: UInt64, _ limits: KeyLimitsPatch) throws(CommandError) -> Report {
        let record = try lifting { () throws(StoreError) in
            try store.write { transaction throws(StoreError) in
                try transaction.setLimits(of: id, limits)
            }
        }
        guard let record else { throw .unknownKey(id) }
        return Report { record.writeMembers(to: &$0) }
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
            if let state = try store.replicaState() { state.writeMembers(to: &writer) }
            writer.endObject()
            return Report(json: writer.bytes)
        }
    }
}

extension ReplicaState {
    /// Member `sharedLog`: up to where the store has applied the log, under the names that a relayd which serves
    /// it has for that.
    fileprivate func writeMembers(to json: inout JSONWriter) {
        json.name("sharedLog")
        json.beginObject()
        json.member("identity", "\(identity)")
        json.member("level", UInt64(level))
        json.member("sequence", sequence)
        json.member("chain", String(chain, radix: 16))
        json.member("documents", String(documents, radix: 16))
        json.endObject()
    }
}

extension StoreRecovery {
    /// One whose end is told on standard error.
    static var told: StoreRecovery {
        .records { progress in
            if progress.isDone { Commands.program.complain("\(progress)") }
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
