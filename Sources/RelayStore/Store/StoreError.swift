import Glibc
import LMDB
import System

/// What can go wrong in the store. Closed, and every message says what to do next.
public enum StoreError: Error, Equatable, Sendable {
    /// The quota, the map or the disk is full; deletions still work.
    case storeFull
    /// An account would use so many bytes, more than its quota; deletions still work.
    case quotaExceeded(AccountUse, needed: UInt64)
    /// A unique text belongs to another record already.
    case duplicate(id: UInt64)
    /// A new file got the id of another one: see `BlobID`.
    case blobExists
    /// An upload is not there, or not whole: who brought it has begun anew meanwhile.
    case noUpload(UInt64)
    /// A document that would have more than `Limits.documentBytes`.
    case documentFull(DocumentKey, byteCount: Int)
    /// An id, account or label that is out of range, or a change whose record would be too long.
    case tooLarge
    /// Bytes in the store are not what they must be.
    case corrupted(what: String)
    /// The store has a format that this program does not read.
    case incompatible(version: UInt32)
    /// A command that cannot be read.
    case unreadable(CommandFault)
    /// The writer has stopped.
    case stopped
    /// LMDB refused.
    case lmdb(LMDBError)
    /// A file beside the data file could not be used.
    case file(FileError)
    /// The store's log stands in the way.
    case log(LogFault)
    /// The disk has refused every write for a while.
    case unwritable(why: String)
    /// There is no room for a thread that writes, or looks after what is written.
    case noThread(ThreadError)
    /// The log that the store shares with other hosts does.
    case replica(ReplicaFault)

    init(_ error: LMDBError) {
        switch error {
        case .mapFull, .diskFull: self = .storeFull
        case .corrupted: self = .corrupted(what: "a page of the tree")
        default: self = .lmdb(error)
        }
    }

    init(_ error: FileError) {
        switch error.errno {
        case ENOSPC, EDQUOT, EFBIG: self = .storeFull
        default: self = .file(error)
        }
    }
}

extension StoreError {
    /// Whether this process can write to the store no more: only opening it again mends that.
    public var isFatal: Bool {
        switch self {
        case .lmdb(.panicked), .lmdb(.replaced), .log(.notTakenBack), .log(.checkpointFailed),
            .unwritable:
            true
        default: false
        }
    }
}

extension StoreError {
    /// Whether the same command comes to this wherever it is applied to the same store: an outcome, and
    /// not a fault of this process, its disk or its map.
    var isOutcome: Bool {
        switch self {
        case .quotaExceeded, .duplicate, .blobExists, .noUpload, .documentFull, .tooLarge: true
        case .storeFull, .corrupted, .incompatible, .unreadable, .stopped, .lmdb, .file, .log,
            .unwritable, .noThread, .replica:
            false
        }
    }

    /// Whether the same command was refused when it was applied first: that depends on the store alone, or
    /// on what was read of a shared log before it.
    var isRefusal: Bool {
        if case .replica(.gap) = self { return true }
        return isOutcome
    }

    /// Whether it is in what the store holds, or in the command: to try again changes nothing.
    var isLasting: Bool {
        switch self {
        case .corrupted, .incompatible, .unreadable: true
        case .quotaExceeded, .duplicate, .blobExists, .noUpload, .documentFull, .tooLarge,
            .storeFull, .stopped, .lmdb, .file, .log, .unwritable, .noThread, .replica:
            false
        }
    }
}

extension StoreError: CustomStringConvertible {
    /// What happened and what to do about it.
    public var description: String {
        switch self {
        case .storeFull:
            "the store is full: delete records, make room on the disk, or give relayd (or relayctl "
                + "load) a larger --map-size"
        case .quotaExceeded(let use, let needed):
            "account \(use.account) may use \(use.quota ?? 0) bytes and uses \(use.bytes); this would "
                + "make it \(needed): delete records or files, or ask the operator for a larger quota"
        case .duplicate(let id):
            "the text belongs to record \(id) already: use that record or another text"
        case .blobExists:
            "the file was given a number that another file has: send the request again"
        case .noUpload(let id):
            "upload \(id) is not there any more: send the request again"
        case .documentFull(let key, let byteCount):
            "document \(key.describing) would have \(byteCount) bytes, and no document has more than "
                + "\(Limits.documentBytes)"
        case .tooLarge:
            "an id, a text or a change is over its limit: send less"
        case .corrupted(let what):
            "\(what) is damaged: stop writing and restore the store from a good copy"
        case .incompatible(let version):
            "the store has format \(version), this program reads \(Limits.oldestFormat) to "
                + "\(Limits.replicaFormat)"
        case .unreadable(let fault):
            "\(fault)"
        case .stopped:
            "the store is shutting down: try again after the restart"
        case .lmdb(let error):
            error.description
        case .file(let error):
            error.description
        case .log(let fault):
            fault.description
        case .unwritable(let why):
            "the disk has refused every write for a while (\(why)): look at it, then start relayd again"
        case .noThread(let error):
            error.description
        case .replica(let fault):
            fault.description
        }
    }
}

extension StoreError {
    /// The description, and before it the store's directory where it names no file there.
    public func description(in directory: String) -> String {
        let text = description
        return text.contains(directory) ? text : "\(directory): \(text)"
    }
}

/// Starts a thread and lifts the error.
func lifting<Value>(_ body: () throws(ThreadError) -> Value) throws(StoreError) -> Value {
    do throws(ThreadError) {
        return try body()
    } catch {
        throw .noThread(error)
    }
}

/// Runs a call of the LMDB module and lifts its error.
@inline(__always)
func lifting<Value: ~Copyable>(
    _ body: () throws(LMDBError) -> Value
) throws(StoreError) -> Value {
    do throws(LMDBError) {
        return try body()
    } catch {
        throw StoreError(error)
    }
}

/// Runs a call on a file and lifts its error.
@inline(__always)
func lifting<Value: ~Copyable>(
    _ body: () throws(FileError) -> Value
) throws(StoreError) -> Value {
    do throws(FileError) {
        return try body()
    } catch {
        throw StoreError(error)
    }
}
