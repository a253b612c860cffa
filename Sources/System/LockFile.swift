import CLinux
import Glibc

/// A file that one process has locked for as long as it lives, or until it lets go: whoever has it
/// owns what the file stands for.
public final class LockFile: Sendable {
    private let path: String
    private let descriptor: Int32

    /// Takes the lock and makes the file if there is none.
    ///
    /// - Returns: nil when another process has it.
    public init?(_ path: String) throws(FileError) {
        self.path = path
        while true {
            let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if file < 0 { throw FileError("open", path: path, errno: errno) }
            guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
                let code = errno
                close(file)
                if code == EWOULDBLOCK { return nil }
                throw FileError("lock", path: path, errno: code)
            }
            // Who had it may have removed it just before letting go: then it is nobody's name.
            if let named = FileIdentity(path), named == FileIdentity(file) {
                descriptor = file
                return
            }
            close(file)
        }
    }

    /// Removes the file and lets go.
    deinit {
        if FileIdentity(path) == FileIdentity(descriptor) { unlink(path) }
        // Not by closing alone: a child that was just being started may hold a copy.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
