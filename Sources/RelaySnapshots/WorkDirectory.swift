import Glibc

/// A directory to build in, which is its maker's as long as this value lives. Its maker holds a lock
/// on it, and a lock ends with the process, however that ends: so what is left behind is told from
/// what is being built, whoever has that process id now.
final class WorkDirectory: Sendable {
    /// Where it is.
    let path: String
    private let lock: Int32

    /// Makes an empty directory whose name begins so.
    init(_ prefix: String) throws(SnapshotError) {
        var number = 0
        while true {
            // Both numbers are for people; what counts is that there is no such name yet.
            let path = "\(prefix)\(getpid())" + (number == 0 ? "" : "-\(number)")
            number += 1
            if mkdir(path, 0o700) != 0 {
                if errno == EEXIST { continue }
                throw .system(call: "mkdir", path: path, errno: errno)
            }
            // Whoever clears away may have found it before the lock, and has removed it then.
            if let lock = Self.lock(path, LOCK_EX) {
                self.path = path
                self.lock = lock
                return
            }
        }
    }

    deinit { close(lock) }

    /// Removes what is in it, and then the directory. Best effort: the reason for giving up is the
    /// better message.
    func remove() { Self.remove(path) }

    /// Removes directories whose names begin so, in a directory, and whose makers are gone.
    static func removeAbandoned(_ prefix: String, in parent: String) {
        for name in Disk.names(in: parent) ?? [] where name.hasPrefix(prefix) {
            let path = "\(parent)/\(name)"
            guard let lock = lock(path, LOCK_EX | LOCK_NB) else { continue }
            remove(path)
            close(lock)
        }
    }

    /// Locks a directory; nil if somebody else has it, or if it is gone by now.
    private static func lock(_ path: String, _ operation: Int32) -> Int32? {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        var (opened, named) = (stat(), stat())
        guard flock(descriptor, operation) == 0, fstat(descriptor, &opened) == 0,
            lstat(path, &named) == 0, opened.st_ino == named.st_ino,
            opened.st_dev == named.st_dev
        else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// A store, or a snapshot, has no directories inside but the one that `CompactCopy` reads in.
    private static func remove(_ directory: String) {
        for name in Disk.names(in: directory) ?? [] {
            let path = "\(directory)/\(name)"
            if unlink(path) != 0, errno == EISDIR { remove(path) }
        }
        rmdir(directory)
    }
}
