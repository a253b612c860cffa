import CLinux
import Glibc

/// A file that is read or written by offset; closed with its owner.
struct DiskFile: ~Copyable {
    let descriptor: Int32
    let path: String

    /// Opens a file for reading.
    init(reading path: String) throws(SnapshotError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        self.path = path
        guard descriptor >= 0 else {
            throw errno == ENOENT || errno == ENOTDIR
                ? .missing(path: path) : .system(call: "open", path: path, errno: errno)
        }
    }

    /// Makes a file that only its owner may read; there must be none.
    init(creating path: String) throws(SnapshotError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        self.path = path
        guard descriptor >= 0 else { throw .system(call: "open", path: path, errno: errno) }
    }

    /// Makes a file that is written past the page cache, which belongs to what is served, where the
    /// file system can do that: by whole pages, from memory that begins at a page. Half the work is
    /// then not done at all, and what is left is the disk's.
    init(creatingDirect path: String) throws(SnapshotError) {
        try self.init(creating: path)
        _ = relay_set_direct(descriptor, 1)
    }

    /// Whether it is written past the page cache.
    private var isDirect: Bool { relay_is_direct(descriptor) != 0 }

    /// Takes over a descriptor.
    init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Writes where a descriptor of somebody else leads, which stays open.
    init(copyOf descriptor: Int32, path: String) throws(SnapshotError) {
        self.descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
        self.path = path
        guard self.descriptor >= 0 else { throw .system(call: "open", path: path, errno: errno) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Bytes of the file.
    func size() throws(SnapshotError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("fstat") }
        return Int(status.st_size)
    }

    /// Sets the size; what is added are zeros without blocks.
    func resize(to bytes: Int) throws(SnapshotError) {
        guard ftruncate(descriptor, off_t(bytes)) == 0 else { throw failure("ftruncate") }
    }

    /// Writes all bytes at an offset.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SnapshotError) {
        var done = 0
        while done < bytes.count {
            // SAFETY: the caller lends the bytes for the call.
            let count = pwrite(
                descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            // Not aligned as this disk wants it.
            if count < 0, errno == EINVAL, isDirect, relay_set_direct(descriptor, 0) == 0 {
                continue
            }
            guard count > 0 else { throw failure("write") }
            done += count
        }
    }

    /// Writes all bytes where a pipe or terminal is.
    func append(_ bytes: UnsafeRawBufferPointer) throws(SnapshotError) {
        var done = 0
        while done < bytes.count {
            // SAFETY: as above.
            let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("write") }
            done += count
        }
    }

    /// Reads into a buffer until it is full or the file ends; returns how much that was.
    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(SnapshotError) -> Int {
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

    /// Reads exactly these bytes; nil where the file ends before.
    func bytes(_ range: Range<Int>) throws(SnapshotError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: range.count)
        // SAFETY: the array is filled inside the closure.
        let outcome: Result<Int, SnapshotError> = bytes.withUnsafeMutableBytes { room in
            Result { () throws(SnapshotError) in try read(into: room, at: range.lowerBound) }
        }
        return try outcome.get() == range.count ? bytes : nil
    }

    /// Waits until everything is on the disk.
    func sync() throws(SnapshotError) {
        guard fsync(descriptor) == 0 else { throw failure("fsync") }
    }

    /// Has the kernel begin to write out what was written; `sync` waits for the end, and says whether
    /// it went well.
    func beginWritingOut() { relay_begin_writing_out(descriptor) }

    /// Writes a part out and lets the page cache forget it: what is written here is read by nobody
    /// soon, and the cache belongs to what is served.
    ///
    /// The kernel reports a failure to write out once, to whoever asks first: that is this call.
    func settle(_ range: Range<Int>) throws(SnapshotError) {
        if isDirect { return }
        guard fdatasync(descriptor) == 0 else { throw failure("fdatasync") }
        posix_fadvise(
            descriptor, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_DONTNEED)
    }

    private func failure(_ call: String) -> SnapshotError {
        errno == ENOSPC || errno == EDQUOT
            ? .noSpace(path: path, needed: 1, free: 0)
            : .system(call: call, path: path, errno: errno)
    }
}
