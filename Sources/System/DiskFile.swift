import Glibc

/// A file that is read and written by offset; closed with its owner.
public final class DiskFile: Sendable {
    /// The descriptor, which no program inherits.
    public let descriptor: Int32
    /// The path that it was opened by, for messages.
    public let path: String

    /// How a file is opened.
    public enum Mode: Sendable {
        case reading
        case writing
        /// For its owner only; there must be none.
        case creating
    }

    /// Opens a file.
    public init(_ path: String, _ mode: Mode) throws(FileError) {
        self.path = path
        switch mode {
        case .reading: descriptor = open(path, O_RDONLY | O_CLOEXEC)
        case .writing: descriptor = open(path, O_RDWR | O_CLOEXEC)
        case .creating: descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        }
        if descriptor < 0 { throw failure(mode == .creating ? "make" : "open") }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// What the last call set, with its name.
    private func failure(_ call: String) -> FileError {
        FileError(call, path: path, errno: errno)
    }

    /// Bytes of the file.
    public func size() throws(FileError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("look at") }
        return Int(status.st_size)
    }

    /// Writes all bytes at an offset.
    public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
        var done = 0
        while done < bytes.count {
            // SAFETY: the caller lends the bytes for the call.
            let count = pwrite(
                descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("write") }
            done += count
        }
    }

    /// Reads into a buffer until it is full or the file ends; returns how much that was.
    public func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(FileError) -> Int {
        var done = 0
        while done < buffer.count {
            // SAFETY: the caller lends the buffer for the call.
            let count = pread(
                descriptor, buffer.baseAddress! + done, buffer.count - done,
                off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read") }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Waits until what was written is on the disk: the bytes, and what it takes to read them.
    public func syncData() throws(FileError) {
        guard fdatasync(descriptor) == 0 else { throw failure("sync") }
    }

    /// Makes the names in a directory durable.
    public static func syncDirectory(_ path: String) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("open", path: path, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError("sync", path: path, errno: errno) }
    }

    /// Puts a small file in the place of one of its name, or where there is none: after a power cut there is the
    /// one or the other. It is written as `PATH.new` first.
    public static func replace(_ path: String, with bytes: [UInt8]) throws(FileError) {
        let new = path + ".new"
        // Of a process that was killed.
        unlink(new)
        do throws(FileError) {
            let file = try DiskFile(new, .creating)
            // SAFETY: written inside the closure.
            let written = bytes.withUnsafeBytes { bytes in
                Result { () throws(FileError) in try file.write(bytes, at: 0) }
            }
            try written.get()
            try file.syncData()
            if rename(new, path) != 0 { throw FileError("replace", path: path, errno: errno) }
        } catch {
            unlink(new)
            throw error
        }
        try syncDirectory(FileError.directory(of: path))
    }

    /// Takes the whole file's lock (flock), which ends with the file.
    ///
    /// - Returns: whether nobody else has it.
    public func lock(isShared: Bool = false) throws(FileError) -> Bool {
        if flock(descriptor, (isShared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 { return true }
        if errno == EWOULDBLOCK { return false }
        throw failure("lock")
    }
}
