import Glibc
import LMDB
import RelayStore
import System
import Zstd

/// What can go wrong with snapshots. Closed, and every message says what to do next. Damage is no
/// error but a finding, see `VerificationReport`, except where it ends what was asked for.
public enum SnapshotError: Error, Equatable, Sendable {
    /// There is something where a snapshot or a store should go.
    case occupied(path: String)
    /// There is no snapshot.
    case missing(path: String)
    /// There is no repository.
    case noRepository(path: String)
    /// There was a repository that the store remembers, and now there is none.
    case vanished(path: String)
    /// There is a repository where one was to be made.
    case repositoryExists(path: String)
    /// A newer program has written what was to be read.
    case newerFormat(path: String, version: Int)
    /// A repository is encrypted, and no key was given, or a passphrase for a key or the other way round.
    case locked(path: String, _ isByPassphrase: Bool)
    /// A key was given for a repository that is not encrypted.
    case notEncrypted(path: String)
    /// A repository that is not encrypted has no key to change.
    case cannotChangeKey(path: String)
    /// The key in a file is not that of the repository.
    case wrongKey(path: String, file: String)
    /// There is no file with a key.
    case noKeyFile(path: String)
    /// A file has no key or passphrase in it.
    case badKeyFile(path: String, expected: String)
    /// There is no memory for what makes a key of a passphrase.
    case noPassphraseMemory(bytes: Int)
    /// There is nowhere to unpack pages of an encrypted repository.
    case noWorkspace(path: String)
    /// A repository does not go to another place, or come from there.
    case transfer(TransferFault)
    /// No snapshot of a repository has this id, or several begin with it.
    case unknownSnapshot(id: String, repository: String)
    /// Another process creates or prunes, or reads while this one wants to prune; who it is, if that is
    /// told, and for how many milliseconds it was waited for.
    case busy(path: String, holder: LockHolder?, waited: Int)
    /// The disk has not enough room.
    case noSpace(path: String, needed: Int, free: Int)
    /// The store grew by more than was allowed while a snapshot held its pages.
    case grewTooMuch(bytes: Int, limit: Int)
    /// The caller said stop.
    case cancelled
    /// What was to be used is damaged; this is what is wrong with it.
    case damaged(findings: [String])
    /// The store that a snapshot was to be taken of is damaged; this is what is wrong with it.
    case damagedStore(findings: [String])
    /// No snapshot of a repository can become a replica of a log; why the newest cannot.
    case noReplica(repository: String, why: String)
    /// The changes cannot be replayed up to there.
    case unreachable(reason: String)
    /// zstd refused.
    case compression(ZstdError)
    /// The store refused.
    case store(StoreError)
    /// A system call failed.
    case system(call: String, path: String, errno: Int32)
}

extension SnapshotError: CustomStringConvertible {
    /// Who has a repository locked.
    static func name(_ holder: LockHolder?) -> String {
        holder.map { "\($0)" } ?? "another process"
    }

    /// What happened and what to do about it.
    public var description: String {
        switch self {
        case .occupied(let path):
            "\(path) exists already; choose another directory, or remove it first"
        case .missing(let path):
            "there is no snapshot in \(path): a snapshot is a directory, or REPO:ID"
        case .noRepository(let path):
            "there is no repository in \(path): if there was one, mount its disk; relayctl snapshot "
                + "init makes a new one"
        case .vanished(let path):
            "the repository \(path) is gone: mount its disk, or give relayctl snapshot create --init "
                + "to begin a new one"
        case .repositoryExists(let path):
            "there is a repository in \(path) already: leave --init out"
        case .newerFormat(let path, let version):
            "\(path) has format \(version), and this program reads less: use the program that wrote "
                + "it, or a newer one"
        case .locked(let path, let isByPassphrase):
            "\(path) is encrypted by a \(isByPassphrase ? "passphrase" : "key"): give its file, relayctl "
                + "\(isByPassphrase ? "--passphrase-file" : "--key-file") FILE or relayd "
                + "\(isByPassphrase ? "--snapshot-passphrase-file" : "--snapshot-key-file") FILE"
        case .notEncrypted(let path):
            "\(path) is not encrypted, but a key was given: leave the key out, or make an encrypted "
                + "repository elsewhere"
        case .cannotChangeKey(let path):
            "\(path) is not encrypted, so it has no key: relayctl snapshot init makes a repository that "
                + "is"
        case .wrongKey(let path, let file):
            "what stands in \(file) does not open the repository \(path): give the file that it was "
                + "made with, or that its key was changed to"
        case .noKeyFile(let path):
            "there is no file \(path): expected the key, or the passphrase, of a repository"
        case .badKeyFile(let path, let expected): "\(path): expected \(expected)"
        case .noPassphraseMemory(let bytes):
            "there is not enough memory to make a key of the passphrase: it takes \(bytes) bytes"
        case .transfer(let fault): fault.description
        case .noWorkspace(let path):
            "\(path) cannot be written to, and the pages of an encrypted repository are unpacked there: "
                + "set TMPDIR to a directory with room"
        case .unknownSnapshot(let id, let repository):
            "no snapshot, or more than one, of \(repository) is called \(id): "
                + "relayctl snapshot list \(repository) shows them"
        case .busy(let path, let holder, 0):
            "\(Self.name(holder)) is at work on \(path): try again when it has ended, or give relayctl "
                + "--wait TIME"
        case .busy(let path, let holder, let waited):
            "\(Self.name(holder)) is still at work on \(path) after \(waited) ms: try again when it has "
                + "ended"
        case .noSpace(let path, _, 0): "\(path): the disk is full: make room first"
        case .noSpace(let path, let needed, let free):
            "\(path) needs \(needed) bytes, and the disk has \(free): make room first"
        case .grewTooMuch(let bytes, let limit):
            "the store has grown by \(bytes) bytes during the snapshot, more than \(limit): "
                + "try again when less is written, or with a higher --max-growth"
        case .cancelled: "interrupted; nothing is left behind"
        case .damaged(let findings):
            "it is damaged, use another snapshot: " + findings.prefix(5).joined(separator: "; ")
        case .damagedStore(let findings):
            "the store is damaged, so no snapshot of it was made: "
                + findings.prefix(5).joined(separator: "; ")
                + "; relayctl check lists all faults; restore the last snapshot that verified"
        case .noReplica(let repository, let why):
            "no snapshot of \(repository) goes on with the log: \(why)"
        case .unreachable(let reason): reason
        case .compression(let error): error.description
        case .store(let error): error.description
        case .system(let call, let path, let code):
            "\(FileError(call, path: path, errno: code))"
        }
    }
}

/// Runs a call of the store and lifts its error.
@inline(__always)
func lifting<Value: ~Copyable>(
    _ body: () throws(StoreError) -> Value
) throws(SnapshotError) -> Value {
    do throws(StoreError) {
        return try body()
    } catch {
        throw .store(error)
    }
}

/// Runs a call of the LMDB module and lifts its error.
@inline(__always)
func lifting<Value: ~Copyable>(
    lmdb body: () throws(LMDBError) -> Value
) throws(SnapshotError) -> Value {
    do throws(LMDBError) {
        return try body()
    } catch {
        throw .store(.lmdb(error))
    }
}
