import Glibc
import Synchronization

/// Which file this is, whatever path leads to it.
struct FileIdentity: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64

    /// Asks by `stat`, never by `open`: closing any descriptor of a file that LMDB has open
    /// would drop the locks this process holds on it.
    init(path: String) throws(LMDBError) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let code = errno
            throw code == ENOENT || code == ENOTDIR
                ? .missing(path: path) : .system(call: "stat", errno: code, path: path)
        }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}

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
        let identity = try FileIdentity(path: path)
        let isNew = open.withLock { $0.insert(identity).inserted }
        guard isNew else { throw .alreadyOpen(path: path) }
        return identity
    }

    static func release(_ identity: FileIdentity) {
        open.withLock { _ = $0.remove(identity) }
    }
}
