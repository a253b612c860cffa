import Glibc

/// What can be said about a data file without mapping it.
///
/// LMDB maps whatever it is given; touching a page behind the end of a truncated file is SIGBUS.
/// So the two meta pages are read and judged first. The offsets are those of `MDB_page` and
/// `MDB_meta` in LMDB 0.9, data version 1, 64-bit.
struct DataFile {
    /// Bytes of a page.
    let pageBytes: UInt64
    /// Bytes of the file.
    let bytes: UInt64

    private static let magic: UInt32 = 0xBEEF_C0DE
    private static let metaFlag: UInt16 = 0x08
    private static let knownVersion: UInt32 = 1
    private static let metaBytes = 152

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

        let first = try Meta(descriptor, offset: 0, path: path)
        pageBytes = UInt64(first.pageBytes)
        guard bytes >= 2 * pageBytes else {
            throw .truncated(path: path, bytes: bytes, needed: 2 * pageBytes)
        }
        let second = try Meta(descriptor, offset: Int(first.pageBytes), path: path)
        let newest = first.transaction > second.transaction ? first : second
        let needed = (newest.lastPage + 1) * pageBytes
        if bytes >= needed { return }
        var walk = PageWalk(descriptor, pageBytes: Int(pageBytes), bytes: Int(bytes))
        for root in newest.roots where !walk.isWhole(root: root) {
            throw .truncated(path: path, bytes: bytes, needed: needed)
        }
    }

    /// One of the two meta pages.
    private struct Meta {
        let pageBytes: UInt32
        /// Of LMDB's free list and of its tree of databases.
        let roots: [UInt64]
        let lastPage: UInt64
        let transaction: UInt64

        init(_ descriptor: Int32, offset: Int, path: String) throws(LMDBError) {
            var buffer = [UInt8](repeating: 0, count: metaBytes)
            guard pread(descriptor, &buffer, metaBytes, off_t(offset)) == metaBytes else {
                throw .foreignFile(path: path)
            }
            let page = buffer.span.bytes
            // SAFETY: every offset plus the size of what is loaded there is within `metaBytes`.
            let flags = page.unsafeLoadUnaligned(fromByteOffset: 10, as: UInt16.self)
            let magic = page.unsafeLoadUnaligned(fromByteOffset: 16, as: UInt32.self)
            let version = page.unsafeLoadUnaligned(fromByteOffset: 20, as: UInt32.self)
            guard flags & metaFlag != 0, magic == DataFile.magic else {
                throw .foreignFile(path: path)
            }
            guard version == knownVersion else {
                throw .versionMismatch(path: path, version: version)
            }
            pageBytes = page.unsafeLoadUnaligned(fromByteOffset: 40, as: UInt32.self)
            roots = [80, 128].map {
                page.unsafeLoadUnaligned(fromByteOffset: $0, as: UInt64.self)
            }
            lastPage = page.unsafeLoadUnaligned(fromByteOffset: 136, as: UInt64.self)
            transaction = page.unsafeLoadUnaligned(fromByteOffset: 144, as: UInt64.self)
            guard pageBytes.nonzeroBitCount == 1, Limits.pageBytes.contains(pageBytes) else {
                throw .foreignFile(path: path)
            }
        }
    }
}
