import CLinux
import Glibc
import System

/// What a process that has a data file open says to all others that may open it under another name.
///
/// liblmdb keeps writers apart, and pages that a reader uses from being written again, through `lock.mdb`. A
/// data file with a second name (a hard link, a symbolic link, a mount) has a second lock file beside that, and
/// who opens it there knows nothing of who has it open here. So each process locks a byte of the data file
/// itself, whose place is told by the lock file, and refuses when any other such byte is locked.
///
/// These are locks of the open file description (`F_OFD_SETLK`): unlike a process's own ones, they stay when
/// another descriptor of the file is closed. liblmdb locks nothing in the data file.
final class DataClaim: Sendable {
    private let descriptor: Int32

    /// Locked by who serves the store; no data file is that long.
    private static let serverPlace = 1 << 61
    /// The first of the bytes of those who have it open, and how many there are.
    private static let firstPlace = 1 << 62
    private static let placeCount = 1 << 61

    /// Claims the data file of a directory for those who use `lock`; throws when somebody uses another one.
    init(in directory: String, with lock: FileIdentity?) throws(LMDBError) {
        let path = Environment.dataPath(in: directory)
        let file = open(path, O_RDWR | O_CLOEXEC)
        guard file >= 0 else { throw .system(call: "open", errno: errno, path: path) }
        let place = Self.firstPlace + (lock?.place(within: Self.placeCount) ?? 0)
        // First said, then asked: of two that come at the same time, at least one is refused.
        if relay_lock_part(file, place, 1, 0) == 0,
            Self.isLocked(file, Self.firstPlace..<place) || Self.isLocked(file, (place + 1)...)
        {
            let holder = LockHolder(of: file)
            Self.release(file)
            throw .openElsewhere(path: path, by: holder?.description)
        }
        // Tells others who it is; where the file system has no such locks, nobody is told anything.
        _ = flock(file, LOCK_SH | LOCK_NB)
        descriptor = file
    }

    deinit { Self.release(descriptor) }

    /// Not by closing alone: a child that was just being started may hold a copy.
    private static func release(_ file: Int32) {
        _ = flock(file, LOCK_UN)
        _ = relay_unlock(file)
        close(file)
    }

    /// Says that this process serves the store, for as long as it has it open.
    ///
    /// - Returns: false when another process says so.
    func serves() -> Bool {
        relay_lock_part(descriptor, Self.serverPlace, 1, 1) == 0
            || (errno != EAGAIN && errno != EACCES)
    }

    /// Another process that has the file open, if that can be told.
    var otherHolder: LockHolder? { LockHolder(of: descriptor, besides: getpid()) }

    /// Whether any process has claimed the data file of a directory, this one included; false too where that
    /// cannot be asked.
    static func isThere(in directory: String) -> Bool {
        let file = open(Environment.dataPath(in: directory), O_RDONLY | O_CLOEXEC)
        if file < 0 { return false }
        defer { close(file) }
        return isLocked(file, firstPlace...)
    }

    /// Whether another open file has locked any of these bytes.
    private static func isLocked(_ file: Int32, _ part: Range<Int>) -> Bool {
        !part.isEmpty && relay_is_locked(file, part.lowerBound, part.count) == 1
    }

    private static func isLocked(_ file: Int32, _ part: PartialRangeFrom<Int>) -> Bool {
        // No bytes: up to the end, wherever that is.
        relay_is_locked(file, part.lowerBound, 0) == 1
    }
}
