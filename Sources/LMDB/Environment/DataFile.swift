import Glibc

/// What can be said about a data file without mapping it.
///
/// LMDB maps whatever it is given; touching a page behind the end of a truncated file is SIGBUS.
/// So the two meta pages are read and judged first.
struct DataFile {
    /// Bytes of a page.
    let pageBytes: UInt64
    /// Bytes of the largest map that it was written with.
    let mapBytes: Int
    /// Bytes of the file.
    let bytes: UInt64

    /// Reads and judges the header. Must not be called while this process has the environment
    /// open, see `EnvironmentRegistry`.
    init(path: String) throws(LMDBError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .system(call: "open", errno: errno, path: path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .system(call: "fstat", errno: errno, path: path)
        }
        guard status.st_size > 0 else { throw .emptyFile(path: path) }
        bytes = UInt64(status.st_size)

        let first = try Self.meta(descriptor, offset: 0, path: path)
        pageBytes = UInt64(first.pageBytes)
        guard bytes >= 2 * pageBytes else {
            throw .truncated(path: path, bytes: bytes, needed: 2 * pageBytes)
        }
        let second = try Self.meta(descriptor, offset: pageBytes, path: path)
        let newest = first.transaction > second.transaction ? first : second
        mapBytes = Int(min(newest.mapBytes, UInt64(Limits.largestMapBytes)))
        let needed = (newest.lastPage + 1) * pageBytes
        if bytes >= needed { return }
        var walk = PageWalk(descriptor, pageBytes: Int(pageBytes), bytes: Int(bytes))
        for root in [newest.freeList.root, newest.main.root] where !walk.isWhole(root: root) {
            throw .truncated(path: path, bytes: bytes, needed: needed)
        }
    }

    /// One of the two meta pages.
    private static func meta(
        _ descriptor: Int32, offset: UInt64, path: String
    ) throws(LMDBError) -> MetaPage {
        var buffer = [UInt8](repeating: 0, count: MetaPage.byteCount)
        guard pread(descriptor, &buffer, buffer.count, off_t(offset)) == buffer.count else {
            throw .foreignFile(path: path)
        }
        // SAFETY: the page copies what it keeps inside the closure.
        let page: Result<MetaPage, LMDBError> = buffer.withUnsafeBytes { bytes in
            Result { () throws(LMDBError) in try MetaPage(bytes, path: path) }
        }
        return try page.get()
    }
}
