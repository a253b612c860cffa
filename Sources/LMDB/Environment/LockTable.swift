import CLinux
import Glibc
import System

/// An environment's lock file, `lock.mdb`, as this process has it open beside liblmdb: it holds the
/// table of readers, over all processes.
///
/// To close any descriptor of a file drops all locks that the process has on it (fcntl(2)). So this
/// one is opened before liblmdb opens its own, and lives longer than that.
final class LockTable: Sendable {
    private let path: String
    private let descriptor: Int32
    let identity: FileIdentity?

    /// Bytes of the table's head (`MDB_txninfo` without its first slot) and of each slot
    /// (`MDB_reader`): multiples of a cache line.
    private static let headBytes = 128
    private static let slotBytes = 64

    /// Opens the file, or makes it: with the owner and the mode of the data file beside it, so that
    /// who may use that one may use this one, whoever comes first.
    ///
    /// All of it gets its blocks on the disk here. liblmdb makes a hole and maps it, and where the
    /// disk is full the first touch of that is SIGBUS.
    init(in directory: String, readers: UInt32) throws(LMDBError) {
        path = directory + "/lock.mdb"
        descriptor = try Self.open(path, besides: Environment.dataPath(in: directory))
        identity = FileIdentity(descriptor)
        let bytes = Self.headBytes + Int(readers) * Self.slotBytes
        while relay_reserve(descriptor, 0, bytes) != 0 {
            let code = errno
            if code == EINTR { continue }
            // A file system that cannot do it in advance.
            if code == EOPNOTSUPP || code == ENOSYS { return }
            close(descriptor)
            throw .system(call: "make room for", errno: code, path: path)
        }
    }

    deinit { close(descriptor) }

    private static func open(_ path: String, besides data: String) throws(LMDBError) -> Int32 {
        while true {
            var file = Glibc.open(path, O_RDWR | O_CLOEXEC)
            if file >= 0 { return file }
            guard errno == ENOENT else { throw .system(call: "open", errno: errno, path: path) }
            file = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            if file < 0, errno == EEXIST { continue }
            guard file >= 0 else { throw .system(call: "make", errno: errno, path: path) }
            var status = stat()
            guard stat(data, &status) == 0 else { return file }
            // Who is not root can give it to nobody else, and then it is the mode that counts.
            _ = fchown(file, status.st_uid, status.st_gid)
            _ = fchmod(file, status.st_mode & 0o666)
            return file
        }
    }

    /// Whether the process that took a slot lives: liblmdb has it lock the byte at its process id,
    /// which is seen from other PID namespaces too.
    func isAlive(_ process: Int32) -> Bool {
        // A process's own locks do not stand in its way.
        if process == getpid() { return true }
        return Self.isLocked(descriptor, at: off_t(process)) ?? true
    }

    /// Whether another process has locked a byte; nil where that cannot be asked.
    private static func isLocked(_ file: Int32, at place: off_t) -> Bool? {
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = place
        lock.l_len = 1
        return fcntl(file, F_GETLK, &lock) == 0 ? Int32(lock.l_type) != F_UNLCK : nil
    }

    /// Frees the slots of a process that had this one's id before, in a container that was started anew for
    /// one: liblmdb takes them for this process's own. Called before this process takes a slot.
    ///
    /// - Returns: how many there were; 0 while another process of that id lives, in another PID namespace.
    func freeSlots(readers: UInt32) -> Int {
        guard Self.isLocked(descriptor, at: off_t(getpid())) == false else { return 0 }
        var freed = 0
        for slot in 0..<Int(readers) {
            // Behind the number of the commit.
            let place = off_t(Self.headBytes + slot * Self.slotBytes + 8)
            var process: Int32 = 0
            guard pread(descriptor, &process, 4, place) == 4 else { break }
            guard process == getpid() else { continue }
            process = 0
            if pwrite(descriptor, &process, 4, place) == 4 { freed += 1 }
        }
        return freed
    }

    /// Whether the name still leads to the file that is open here.
    var isInPlace: Bool { FileIdentity(following: path) == identity }

    /// Whether a process has the environment of a directory open; false too where that cannot be
    /// asked. Must not be called while this process has it open.
    static func isInUse(in directory: String) -> Bool {
        let file = Glibc.open(directory + "/lock.mdb", O_RDONLY | O_CLOEXEC)
        if file < 0 { return false }
        defer { close(file) }
        // Each process has locked the first byte for reading, or for writing while it begins.
        return isLocked(file, at: 0) ?? false
    }
}
