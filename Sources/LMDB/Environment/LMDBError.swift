import CLMDB
import Glibc
import System

/// What can go wrong with an environment. Closed, and every message says what to do next.
public enum LMDBError: Error, Equatable, Sendable {
    /// The map is full of live data, or of pages that a reader still holds.
    case mapFull
    /// The disk refused to take more (ENOSPC, EDQUOT, or EFBIG for a limit of the process).
    case diskFull
    /// All reader slots are taken.
    case readersFull
    /// Another process on this environment has the same process id, in another PID namespace.
    case processIDTaken(Int32)
    /// One transaction changed more pages than LMDB can track.
    case transactionFull
    /// A page is not what it must be.
    case corrupted
    /// A write failed half-way through the meta page: this environment is unusable until reopened.
    case panicked
    /// The data file was written by another version of LMDB's format.
    case versionMismatch(path: String, version: UInt32)
    /// The file is not an LMDB data file.
    case foreignFile(path: String)
    /// The file is empty: a creation was interrupted or the copy failed.
    case emptyFile(path: String)
    /// The file ends before the last page that it says it has.
    case truncated(path: String, bytes: UInt64, needed: UInt64)
    /// There is no data file.
    case missing(path: String)
    /// There is a data file already.
    case alreadyExists(path: String)
    /// This process has the environment open already; a second one would wipe the reader table.
    case alreadyOpen(path: String)
    /// Another process has the data file open with another lock file, under another name; who, if that can be
    /// told.
    case openElsewhere(path: String, by: String?)
    /// Another process serves the store; who, if that can be told.
    case served(path: String, by: String?)
    /// Another file has taken the place of the one that is open, or its name is gone.
    case replaced(path: String)
    /// Other processes have the environment open, and this one may not enter itself as a reader.
    case unlockable(path: String)
    /// The map may not be resized while a transaction can still look at it.
    case transactionsActive
    /// The environment lacks a named database.
    case databaseMissing(name: String)
    /// A key of 0 or more than `Limits.keyBytes` bytes, or a value over 4 GiB.
    case badSize
    /// A key given to `append` does not sort after the last one.
    case notAscending
    /// A system call failed.
    case system(call: String, errno: Int32, path: String)
    /// Any other answer of liblmdb.
    case unexpected(code: Int32)

    /// Translates what liblmdb returned; never called with `MDB_SUCCESS`.
    init(code: Int32) {
        switch code {
        case MDB_MAP_FULL: self = .mapFull
        case ENOSPC, EDQUOT, EFBIG: self = .diskFull
        case MDB_READERS_FULL: self = .readersFull
        // liblmdb locks a byte of lock.mdb for each process that reads, at its process id.
        case EAGAIN: self = .processIDTaken(getpid())
        case MDB_TXN_FULL: self = .transactionFull
        // A page without room for one entry, and a tree deeper than any can become.
        case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_PAGE_FULL, MDB_CURSOR_FULL: self = .corrupted
        case MDB_PANIC: self = .panicked
        case MDB_BAD_VALSIZE: self = .badSize
        case MDB_KEYEXIST: self = .notAscending
        default: self = .unexpected(code: code)
        }
    }
}

extension LMDBError: CustomStringConvertible {
    /// What happened and what to do about it.
    public var description: String {
        switch self {
        case .mapFull:
            "the map is full: delete data or reopen with a larger map"
        case .diskFull:
            "the disk is full: make room, nothing was changed"
        case .readersFull:
            "all reader slots are taken: end readers, or run fewer processes on this store"
        case .processIDTaken(let pid):
            "another process reads this store under the same process id (\(pid)): it runs in another "
                + "PID namespace (a container of its own), and LMDB tells readers apart by that id; "
                + "run both in one namespace (--pid host, or --pid container:NAME), or ask relayd "
                + "through its admin socket (--admin-socket PATH)"
        case .transactionFull:
            "one transaction changed too many pages: split the work into smaller ones"
        case .corrupted:
            "a page is damaged: stop writing and restore the store from a good copy"
        case .panicked:
            "a write to the meta page failed: stop this process and open the store again"
        case .versionMismatch(let path, let version):
            "\(path) has data format \(version), this program reads 1: use the matching liblmdb"
        case .foreignFile(let path):
            "\(path) is not an LMDB data file: check the path"
        case .emptyFile(let path):
            "\(path) is empty: remove it to create a new store, or restore a copy"
        case .truncated(let path, let bytes, let needed):
            "\(path) is truncated (\(bytes) bytes, \(needed) needed): restore it from a good copy"
        case .missing(let path):
            "\(path) does not exist: check the path or create the store first"
        case .alreadyExists(let path):
            "\(path) exists already: open it, or choose another directory"
        case .alreadyOpen(let path):
            "\(path) is already open in this process: share that environment"
        case .openElsewhere(let path, let holder):
            "\(path) is open in \(holder ?? "another process") with another lock file than the lock.mdb beside "
                + "it: the file has a second name (see 'find -samefile'), or lock.mdb was removed; use the "
                + "directory that it was opened in, or stop that process first"
        case .served(let path, let holder):
            "\(path) is served by \(holder ?? "another process"), in this directory or another one that leads to "
                + "the file: stop it first, or choose another store"
        case .replaced(let path):
            "\(path) is not the file that was opened: another one has taken its place, or it was "
                + "removed; what is written here is lost, so open the store again"
        case .unlockable(let path):
            "\(path) is open in another process, and this one may not write to lock.mdb beside it, "
                + "where readers enter themselves: run it where both files may be written to, or "
                + "while nobody has the store open"
        case .transactionsActive:
            "the map cannot change its size under a transaction: end all of them first"
        case .databaseMissing(let name):
            "the environment has no database \(name): it was made by another program or version"
        case .badSize:
            "a key must have 1 to \(Limits.keyBytes) bytes and a value less than 4 GiB"
        case .notAscending:
            "a key given to append does not sort after the last one: use put"
        case .system(let call, let errno, let path):
            "\(FileError(call, path: path, errno: errno))"
        case .unexpected(let code):
            "liblmdb: \(String(cString: mdb_strerror(code)))"
        }
    }
}

/// Throws unless liblmdb said `MDB_SUCCESS`.
@inline(__always)
func check(_ code: Int32) throws(LMDBError) {
    if code != MDB_SUCCESS { throw LMDBError(code: code) }
}
