import Glibc

/// What a meta page says of its commit: `MDB_page` and `MDB_meta` of LMDB 0.9, data version 1, on a
/// 64-bit machine. A data file begins with two of them; the one with the higher number counts.
struct MetaPage: Sendable {
    /// Bytes from the page's beginning to the end of what is read here.
    static let byteCount = 152
    private static let magic: UInt32 = 0xBEEF_C0DE
    private static let metaFlag: UInt16 = 0x08
    private static let knownVersion: UInt32 = 1
    private static let numberOffset = 144

    /// The page's first `byteCount` bytes.
    let bytes: [UInt8]
    /// Bytes of every page of the file.
    let pageBytes: UInt32
    /// Bytes of the largest map that the file was written with.
    let mapBytes: UInt64
    /// LMDB's free list.
    let freeList: TreeRecord
    /// The tree of named databases.
    let main: TreeRecord
    /// Number of the last page that was ever used.
    let lastPage: UInt64
    /// Number of the commit.
    let transaction: UInt64

    /// Reads a meta page; `path` is for messages.
    init(_ source: UnsafeRawBufferPointer, path: String) throws(LMDBError) {
        guard source.count >= Self.byteCount else { throw .foreignFile(path: path) }
        let bytes = Array(source[..<Self.byteCount])
        self.bytes = bytes
        let page = bytes.span.bytes
        // SAFETY: every offset plus the size of what is loaded there is within `byteCount`.
        let flags = page.unsafeLoadUnaligned(fromByteOffset: 10, as: UInt16.self)
        let magic = page.unsafeLoadUnaligned(fromByteOffset: 16, as: UInt32.self)
        let version = page.unsafeLoadUnaligned(fromByteOffset: 20, as: UInt32.self)
        guard flags & Self.metaFlag != 0, magic == Self.magic else {
            throw .foreignFile(path: path)
        }
        guard version == Self.knownVersion else {
            throw .versionMismatch(path: path, version: version)
        }
        mapBytes = page.unsafeLoadUnaligned(fromByteOffset: 32, as: UInt64.self)
        pageBytes = page.unsafeLoadUnaligned(fromByteOffset: 40, as: UInt32.self)
        freeList = TreeRecord(page, at: 40)
        main = TreeRecord(page, at: 88)
        lastPage = page.unsafeLoadUnaligned(fromByteOffset: 136, as: UInt64.self)
        transaction = page.unsafeLoadUnaligned(
            fromByteOffset: Self.numberOffset, as: UInt64.self)
        guard pageBytes.nonzeroBitCount == 1, Limits.pageBytes.contains(pageBytes),
            lastPage >= 1, lastPage < Limits.pagesOfFile
        else { throw .foreignFile(path: path) }
    }

    /// The newer of the two meta pages at the beginning of a file.
    static func newest(
        of file: UnsafeRawBufferPointer, path: String
    ) throws(LMDBError) -> MetaPage {
        let first = try MetaPage(file, path: path)
        guard file.count >= 2 * Int(first.pageBytes) else {
            throw .truncated(
                path: path, bytes: UInt64(file.count), needed: 2 * UInt64(first.pageBytes))
        }
        // SAFETY: within the file's bytes, which the caller lends for the call.
        let rest = UnsafeRawBufferPointer(rebasing: file[Int(first.pageBytes)...])
        let second = try MetaPage(rest, path: path)
        return first.transaction > second.transaction ? first : second
    }

    /// Pages that the trees begin with; an empty tree has none.
    var roots: [Int] {
        [freeList.root, main.root].filter { $0 != TreeRecord.noPage && $0 < Limits.pagesOfFile }
            .map(Int.init)
    }

    /// Writes the meta page of a copy whose only commit is this one.
    ///
    /// LMDB picks the page with the higher number, and the next commit overwrites the other one: so
    /// that one says the same, under the number before.
    func write(asPage number: Int, to page: UnsafeMutableRawBufferPointer) {
        let isNewest = number == Int(transaction & 1)
        page.initializeMemory(as: UInt8.self, repeating: 0)
        page.copyBytes(from: bytes)
        page.storeBytes(of: UInt64(number), as: UInt64.self)
        page.storeBytes(
            of: isNewest ? transaction : transaction &- 1, toByteOffset: Self.numberOffset,
            as: UInt64.self)
    }
}

/// `MDB_db`: what LMDB knows of one tree.
struct TreeRecord: Sendable {
    static let byteCount = 48
    /// Root of an empty tree.
    static let noPage = UInt64.max

    let flags: UInt16
    let depth: UInt16
    let branchPages: UInt64
    let leafPages: UInt64
    let overflowPages: UInt64
    let entries: UInt64
    let root: UInt64

    /// Reads a record that begins at `offset` and lies within the span.
    init(_ bytes: RawSpan, at offset: Int) {
        precondition(offset >= 0 && offset + Self.byteCount <= bytes.byteCount)
        // SAFETY: within the span, as was checked.
        flags = bytes.unsafeLoadUnaligned(fromByteOffset: offset + 4, as: UInt16.self)
        depth = bytes.unsafeLoadUnaligned(fromByteOffset: offset + 6, as: UInt16.self)
        branchPages = bytes.unsafeLoadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
        leafPages = bytes.unsafeLoadUnaligned(fromByteOffset: offset + 16, as: UInt64.self)
        overflowPages = bytes.unsafeLoadUnaligned(fromByteOffset: offset + 24, as: UInt64.self)
        entries = bytes.unsafeLoadUnaligned(fromByteOffset: offset + 32, as: UInt64.self)
        root = bytes.unsafeLoadUnaligned(fromByteOffset: offset + 40, as: UInt64.self)
    }
}
