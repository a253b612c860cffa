import Glibc
import Synchronization
import System

/// The environments that are open in this process.
///
/// The same environment opened twice in a process wipes LMDB's reader table, and readers of the
/// first one then see pages change under them.
enum EnvironmentRegistry {
    private static let open = Mutex<Set<FileIdentity>>([])

    /// Claims the file for one environment; `release` gives it back.
    ///
    /// Between this call and `mdb_env_open` the data file may be read through a descriptor: the
    /// claim is the proof that no environment on it is open in this process.
    static func claim(path: String) throws(LMDBError) -> FileIdentity {
        // By `stat`, never by `open`: closing any descriptor of a file that LMDB has open would drop
        // the locks this process holds on it.
        guard let identity = FileIdentity(following: path) else {
            let code = errno
            throw code == ENOENT || code == ENOTDIR
                ? .missing(path: path) : .system(call: "stat", errno: code, path: path)
        }
        let isNew = open.withLock { $0.insert(identity).inserted }
        guard isNew else { throw .alreadyOpen(path: path) }
        return identity
    }

    /// Whether this process has an environment on the file open: its lock file must not be opened then.
    static func isOpen(path: String) -> Bool {
        guard let identity = FileIdentity(following: path) else { return false }
        return open.withLock { $0.contains(identity) }
    }

    static func release(_ identity: FileIdentity) {
        open.withLock { _ = $0.remove(identity) }
    }
}
