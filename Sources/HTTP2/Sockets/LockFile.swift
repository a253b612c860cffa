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
    public init?(_ path: String) throws(TransportError) {
        self.path = path
        while true {
            let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if file < 0 { throw .file("open", path: path, errno: errno) }
            guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
                let code = errno
                close(file)
                if code == EWOULDBLOCK { return nil }
                throw .file("lock", path: path, errno: code)
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

/// A file told apart from a later one of the same name.
struct FileIdentity: Equatable, Sendable {
    private let device: dev_t
    private let inode: ino_t

    /// Of what has this name, a symbolic link itself; nil when there is nothing.
    init?(_ path: String) {
        var status = stat()
        if lstat(path, &status) != 0 { return nil }
        self.init(status)
    }

    /// Of what is open; nil when nothing is.
    init?(_ descriptor: Int32) {
        var status = stat()
        if fstat(descriptor, &status) != 0 { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        device = status.st_dev
        inode = status.st_ino
    }
}

/// Why a file cannot be used, and what to do about it.
public enum FileFault {
    /// A system call's refusal in words, with who owns what when that is the cause.
    public static func describe(_ path: String, errno code: Int32) -> String {
        let why = String(cString: strerror(code))
        switch code {
        case EACCES, EPERM: return "\(why): \(owner(of: path))"
        case ENOENT: return "\(why): make the directory \(parent(of: path)) first"
        default: return why
        }
    }

    private static func owner(of path: String) -> String {
        for candidate in [path, parent(of: path)] {
            var status = stat()
            guard lstat(candidate, &status) == 0 else { continue }
            return "\(candidate) belongs to user \(status.st_uid) and group \(status.st_gid), mode "
                + "0\(String(status.st_mode & 0o7777, radix: 8)), and this process is user "
                + "\(geteuid()): run it as user \(status.st_uid), or change the owner"
        }
        return "user \(geteuid()) may not enter a directory above it"
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
