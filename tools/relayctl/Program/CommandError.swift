import Glibc
import HTTP2
import Options
import RelayClient
import RelayRecords
import RelaySnapshots
import RelayStore
import System
import Zstd

/// Why a command failed. `description` is what the user reads after the program's name.
enum CommandError: Error, CustomStringConvertible {
    /// The store refused.
    case store(StoreError)
    /// A log that hosts share, or its engine, refused.
    case sharedLog(SharedLogError)
    /// relayd's admin socket broke off.
    case transport(TransportError)
    /// relayd answered with an error.
    case refused(status: Int, detail: String)
    /// Nobody listens on the admin socket.
    case notRunning(socket: String)
    /// A snapshot, or what builds a store whole or not at all, failed.
    case snapshot(SnapshotError)
    /// The options do not go together.
    case usage(String)
    /// There is no store.
    case missing(path: String)
    /// A file stands where the store's directory should be.
    case notADirectory(path: String)
    /// Ctrl-C or SIGTERM.
    case interrupted
    /// The command line named neither a store nor an admin socket.
    case nothingToAsk
    /// The key's number is none.
    case badKeyId(String)
    /// No key in force has this number.
    case unknownKey(UInt64)
    /// relayd was not ready in time.
    case notReady(milliseconds: Int, seen: String)
    /// Ctrl-C or SIGTERM while a file was loaded.
    case loadInterrupted
    /// A dump of a form that this program does not read.
    case foreignDump(path: String, version: Int64)
    /// What is to be loaded has not a single line.
    case emptyInput(path: String)
    /// A file is not what was expected; the sentence says why.
    case badDocument(String)
    /// The snapshot has no such record.
    case noRecord(name: String, account: UInt32, place: String)
    /// Records of a snapshot that cannot be put into a store.
    case unrestorable(problems: [String])
    /// relayd's API refused, or broke off.
    case client(RelayClientError)
    /// A compressed file is damaged, or there is no memory for it.
    case compression(ZstdError)
    /// The output would take the place of a file of the store that it is made of.
    case inStore(path: String)
    /// The output cannot be written.
    case output(OutputError)
    /// A system call failed.
    case system(call: String, path: String, errno: Int32)

    var description: String {
        switch self {
        case .store(.lmdb(.system(let call, let code, let path))),
            .snapshot(.store(.lmdb(.system(let call, let code, let path)))),
            .system(let call, let path, let code):
            "\(FileError(call, path: path, errno: code))"
        case .store(let error): "\(error)"
        case .sharedLog(let error): "\(error)"
        case .transport(let error): "\(error)"
        case .refused(let status, let detail): "relayd answered \(status): \(detail)"
        case .notRunning(let socket):
            "no process listens on \(socket): start relayd, or name its --admin-socket"
        case .snapshot(let error): "\(error)"
        case .usage(let sentence): sentence
        case .missing(let path):
            access(path, F_OK) == 0
                ? "there is no store in \(path): expected a directory with data.mdb in it"
                : "there is no directory \(path): expected the directory of a store"
        case .notADirectory(let path):
            "\(path) is not a directory: expected the directory of a store, with data.mdb in it"
        case .interrupted: "interrupted; nothing is left behind"
        case .nothingToAsk:
            "the command does not say which relayd: give --store DIR or --admin-socket PATH"
        case .badKeyId(let text):
            "ID cannot be '\(text)': expected a number that relayctl keys list shows"
        case .unknownKey(let id): "there is no key \(id): relayctl keys list shows all keys"
        case .notReady(let milliseconds, let seen):
            "relayd was not ready after \(milliseconds) ms; the last attempt: \(seen)"
        case .loadInterrupted:
            "interrupted; loaded records stay: load the file again to load the rest"
        case .foreignDump(let path, let version):
            "\(path == "-" ? "standard input" : path): the dump has format version \(version): "
                + "this program reads versions 1 to \(DumpWriter.version)"
        case .emptyInput(let path):
            "\(path == "-" ? "standard input" : path) is empty: expected a dump, as relayctl dump "
                + "writes it"
        case .badDocument(let sentence): sentence
        case .noRecord(let name, let account, let place):
            "there is no \(name) of account \(account) in \(place)"
        case .unrestorable(let problems):
            "nothing was restored: " + problems.joined(separator: "; ")
        case .client(let error): "relayd's API: \(error)"
        case .compression(let error): "\(error)"
        case .inStore(let path):
            "\(path) is a file of the store, or would be one of its log: choose another place for the dump"
        case .output(let error): "\(error)"
        }
    }
}

extension CommandError {
    /// What the user reads; an error of the store names the store's directory.
    func description(at store: String?) -> String {
        switch (self, store) {
        case (.store(.lmdb(.system)), _), (.snapshot(.store(.lmdb(.system))), _): description
        case (.store(let error), let store?), (.snapshot(.store(let error)), let store?):
            error.description(in: store)
        default: description
        }
    }

    /// Whether the store cannot be read under this process id, see `LMDBError.processIDTaken`.
    var isProcessIDTaken: Bool {
        switch self {
        case .store(.lmdb(.processIDTaken)), .snapshot(.store(.lmdb(.processIDTaken))): true
        default: false
        }
    }

    /// Whether nobody reads the output any more.
    var isBrokenPipe: Bool {
        switch self {
        case .output(.system(_, _, EPIPE)), .snapshot(.system(_, _, EPIPE)): true
        default: false
        }
    }

    /// Lifts the errors of snapshots and of the staging directories that they are built in.
    static func lifting<Value>(
        _ body: () throws(SnapshotError) -> Value
    ) throws(CommandError) -> Value {
        do throws(SnapshotError) {
            return try body()
        } catch {
            throw .snapshot(error)
        }
    }

    /// Lifts the errors of files that are written.
    static func lifting<Value: ~Copyable>(
        _ body: () throws(OutputError) -> Value
    ) throws(CommandError) -> Value {
        do throws(OutputError) {
            return try body()
        } catch {
            throw .output(error)
        }
    }
}
