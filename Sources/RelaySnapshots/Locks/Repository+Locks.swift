import CLinux
import Glibc
import System

extension Repository {
    /// A lock that lives as long as this value, or the process.
    struct Lock: ~Copyable {
        private let file: DiskFile

        fileprivate init(
            _ path: String, _ operation: Int32, _ wait: LockWait
        ) throws(SnapshotError) {
            var descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            let isDirectory = descriptor < 0 && errno == EISDIR
            if isDirectory { descriptor = open(path, O_RDONLY | O_CLOEXEC) }
            if descriptor < 0, operation == LOCK_SH,
                [EROFS, EACCES, EPERM].contains(errno)
            {
                // Whoever may only read locks the file as it is; flock(2) asks for no more.
                descriptor = open(path, O_RDONLY | O_CLOEXEC)
                if descriptor < 0, [ENOENT, EACCES, EPERM].contains(errno) {
                    // There is none yet, or only its owner may read it: the directory does instead, and
                    // prune locks both.
                    descriptor = open(FileError.directory(of: path), O_RDONLY | O_CLOEXEC)
                }
            }
            if descriptor < 0 { throw .system(call: "open", path: path, errno: errno) }
            let file = DiskFile(descriptor: descriptor, path: path)
            try wait.lock(
                file, operation, isDirectory ? path : FileError.directory(of: path))
            self.file = file
        }

        // Not by closing alone: a process that is just being started may hold a copy of the
        // descriptor for a moment, and the lock lives as long as the last copy.
        deinit { flock(file.descriptor, LOCK_UN) }
    }

    /// The only one who adds to the repository, or prunes it.
    func lockForWriting(_ wait: LockWait) throws(SnapshotError) -> Lock {
        try Lock(path + "/write.lock", LOCK_EX, wait)
    }

    /// One of those who read it: nothing goes away meanwhile.
    func lockForReading(_ wait: LockWait) throws(SnapshotError) -> Lock {
        try Lock(path + "/read.lock", LOCK_SH, wait)
    }

    /// Nobody reads it: neither those who may write, nor those who may not and lock the directory.
    func lockForRemoving(_ wait: LockWait) throws(SnapshotError) -> RemovalLock {
        RemovalLock(
            file: try Lock(path + "/read.lock", LOCK_EX, wait),
            directory: try Lock(path, LOCK_EX, wait))
    }

    /// Both locks that a reader may hold one of.
    struct RemovalLock: ~Copyable {
        private let file: Lock
        private let directory: Lock

        fileprivate init(file: consuming Lock, directory: consuming Lock) {
            self.file = file
            self.directory = directory
        }
    }
}
