import Glibc
import System

/// The store's directory, while this process is the only relayd in it.
final class StoreDirectory {
    private let path: String
    /// Whether it was made here and holds no store yet.
    private var isNew: Bool
    private var lock: LockFile?

    /// Makes the directory if there is none, and locks it.
    init(_ path: String) throws {
        self.path = path
        isNew = mkdir(path, 0o700) == 0
        if !isNew, errno != EEXIST {
            throw StartupError.file(FileError("make", path: path, errno: errno))
        }
        do {
            lock = try LockFile(path + "/relayd.lock")
        } catch {
            abandon()
            throw error
        }
        if lock == nil { throw StartupError.storeInUse(path) }
    }

    /// Whether there is a store in it. What is there and may not be used is said here, by its name.
    func hasStore() throws(StartupError) -> Bool {
        let file = path + "/data.mdb"
        if access(file, F_OK) != 0 {
            if errno == ENOENT { return false }
            throw .file(FileError("look at", path: file, errno: errno))
        }
        for name in ["/data.mdb", "/lock.mdb"] where access(path + name, F_OK) == 0 {
            if access(path + name, R_OK | W_OK) != 0 {
                throw .file(FileError("open", path: path + name, errno: errno))
            }
        }
        return true
    }

    /// Lets another relayd have it.
    func release() { lock = nil }

    /// Removes what was made here, after everything else in it was.
    func abandon() {
        release()
        // Does nothing when there is a store in it by now.
        if isNew { rmdir(path) }
    }
}
