import CLMDB
import CLinux
import Glibc
import System

extension Environment {
    /// Whether both files still have the names that they were opened by. When another data file has
    /// taken the place of this one, whatever is written here is lost. Two system calls.
    public var isInPlace: Bool {
        if directory.isEmpty { return true }
        guard FileIdentity(following: dataPath) == identity else { return false }
        return lock?.isInPlace ?? true
    }

    /// Whether it was opened so that nothing in its directory changes.
    public var isReadOnly: Bool { lock == nil }

    /// Whether this process may write to the files of an environment, and make the lock file if there
    /// is none. True as well where it may not even read the lock file: then nobody can tell whether
    /// the environment is in use, and to open it says whose that file is.
    public static func mayWrite(in directory: String) -> Bool {
        let lock = directory + "/lock.mdb"
        if access(lock, R_OK) != 0, errno == EACCES { return true }
        guard access(dataPath(in: directory), R_OK | W_OK) == 0 else { return false }
        if access(lock, W_OK) == 0 { return true }
        return errno == ENOENT && access(directory, W_OK | X_OK) == 0
    }

    /// Throws unless `isInPlace`.
    public func requireInPlace() throws(LMDBError) {
        if !isInPlace { throw .replaced(path: dataPath) }
    }

    /// Writes out what the kernel holds of the data file, piece by piece, so that little is left for `sync`
    /// and whoever else waits for the disk meanwhile waits for one piece. Nothing is durable by that.
    public func writeOut() throws(LMDBError) {
        var file: Int32 = -1
        try check(mdb_env_get_fd(pointer, &file))
        let bytes = statistics.usedBytes
        let piece = max(Limits.writtenOutBytes, bytes / Limits.writtenOutPieces)
        for offset in stride(from: 0, to: bytes, by: piece) {
            // Not every file system has it; `sync` does it all there. But what the disk refused, the
            // kernel may not say again.
            if relay_write_out(file, offset, piece) != 0, [EIO, ENOSPC, EDQUOT].contains(errno) {
                throw LMDBError(code: errno)
            }
        }
    }

    /// Says that this process serves the store, as long as it has it open; throws when another one does. Two
    /// may know of each other's pages, and still one of them only may look after the store.
    public func claimService() throws(LMDBError) {
        guard let claim, !claim.serves() else { return }
        throw .served(path: dataPath, by: claim.otherHolder?.description)
    }

    /// Throws unless liblmdb said that a write went well.
    ///
    /// It says EIO when the disk took a part of a write: a full disk does that (tmpfs always, others
    /// where some room is left). And when it was the meta page that could not be written, it says so
    /// from the next transaction on only.
    func checkWrite(_ code: Int32) throws(LMDBError) {
        if code == MDB_SUCCESS { return }
        if isPanicked { throw .panicked }
        if code == EIO, isDiskFull { throw .diskFull }
        throw LMDBError(code: code)
    }

    /// Whether liblmdb refuses every transaction since a write of the meta page failed.
    private var isPanicked: Bool {
        transactionBegins()
        defer { transactionEnded() }
        var transaction: OpaquePointer?
        let code = mdb_txn_begin(pointer, nil, UInt32(MDB_RDONLY), &transaction)
        if let transaction { mdb_txn_abort(transaction) }
        return code == MDB_PANIC
    }

    /// Whether the file cannot grow by what one write may take: tried out, because quotas and limits
    /// of the process count as well.
    private var isDiskFull: Bool {
        var file: Int32 = -1
        guard mdb_env_get_fd(pointer, &file) == MDB_SUCCESS else { return false }
        var status = stat()
        guard fstat(file, &status) == 0 else { return false }
        let (size, room) = (Int(status.st_size), Limits.writeBytes)
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0,
            limit.rlim_cur < rlim_t(size + room)
        {
            return true
        }
        if relay_reserve(file, size, room) == 0 {
            relay_release(file, size, room)
            return false
        }
        if [ENOSPC, EDQUOT, EFBIG].contains(errno) { return true }
        var space = statvfs()
        return fstatvfs(file, &space) == 0
            && Int(space.f_bavail) * Int(space.f_frsize) < room
    }
}
