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
            let found: Int32?
            do throws(SnapshotError) {
                found = try Self.opened(path)
            } catch {
                rmdir(path)
                throw error
            }
            guard let directory = found else { continue }
            // Where directories cannot be locked, as on NFS, nobody can clear them away either.
            while flock(directory, LOCK_EX) != 0, errno == EINTR {}
            if Self.isNamed(path, directory) {
                self.path = path
                lock = directory
                return
            }
            Self.unlock(directory)
        }
    }

    deinit { Self.unlock(lock) }

    /// Removes what is in it, and then the directory. Best effort: the reason for giving up is the
    /// better message.
    func remove() { Self.remove(path) }

    /// Removes directories whose names begin so, in a directory, and whose makers are gone.
    static func removeAbandoned(_ prefix: String, in parent: String) {
        for name in (try? Disk.names(in: parent)) ?? [] where isName(name, prefix) {
            let path = "\(parent)/\(name)"
            guard let directory = try? opened(path) else { continue }
            // Where anybody may make names, one's own directory stays what it is (the sticky bit), and
            // only that.
            guard isOwn(directory) else {
                unlock(directory)
                continue
            }
            if flock(directory, LOCK_EX | LOCK_NB) == 0, isNamed(path, directory) { remove(path) }
            unlock(directory)
        }
    }

    /// Lets go of a directory, also where a process that is just being started holds a copy of the
    /// descriptor: close(2) alone would leave the lock to that copy.
    private static func unlock(_ directory: Int32) {
        flock(directory, LOCK_UN)
        close(directory)
    }

    /// Whether a name is one that is given here: what else begins so belongs to somebody else.
    static func isName(_ name: String, _ prefix: String) -> Bool {
        guard name.hasPrefix(prefix) else { return false }
        let numbers = name.dropFirst(prefix.count)
            .split(separator: "-", omittingEmptySubsequences: false)
        return numbers.count <= 2
            && numbers.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { 48...57 ~= $0 } }
    }

    /// Opens a directory; nil if it is gone.
    private static func opened(_ path: String) throws(SnapshotError) -> Int32? {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        if descriptor >= 0 { return descriptor }
        if errno == ENOENT { return nil }
        throw .system(call: "open", path: path, errno: errno)
    }

    private static func isOwn(_ directory: Int32) -> Bool {
        var status = stat()
        return fstat(directory, &status) == 0 && status.st_uid == geteuid()
    }

    /// Whether a directory that is open still has its name.
    private static func isNamed(_ path: String, _ directory: Int32) -> Bool {
        var (opened, named) = (stat(), stat())
        return fstat(directory, &opened) == 0 && lstat(path, &named) == 0
            && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
    }

    /// A store, or a snapshot, has no directories inside but the one that `CompactCopy` reads in.
    private static func remove(_ directory: String) {
        for name in (try? Disk.names(in: directory)) ?? [] {
            let path = "\(directory)/\(name)"
            if unlink(path) != 0, errno == EISDIR { remove(path) }
        }
        rmdir(directory)
    }
}
