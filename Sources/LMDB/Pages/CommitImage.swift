import CLMDB
import CLinux
import Glibc

/// The data file as of one commit, byte by byte, while others go on writing: what a copy is made
/// of.
///
/// Pages that are free in this commit are zeros in the image. They have to be: a writer may be
/// filling them with something new at this moment. So the image of a commit is always the same,
/// and free pages cost a copy nothing. Pages that are in use cannot change as long as the image
/// lives, because its reader keeps them.
public struct CommitImage: ~Copyable {
    private let pin: CommitPin
    /// The pages for whoever copies them; valid as long as this image.
    public let pages: ImagePages

    /// Pins the newest commit.
    public init(_ environment: Environment) throws(LMDBError) {
        let pin = try CommitPin(environment)
        pages = try Self.pages(of: pin.reader, pin.meta)
        self.pin = pin
    }

    private static func pages(
        of reader: borrowing Reader, _ meta: MetaPage
    ) throws(LMDBError) -> ImagePages {
        let pageCount = Int(meta.lastPage) + 1
        var free = PageSet(below: pageCount)
        try reader.collectFreePages(into: &free)
        let filePages = try reader.environment.fileBytes() / Int(meta.pageBytes)
        // A file may end early: pages that one commit both took and freed are never written. But
        // what lies behind its end must not be touched, and so must be free.
        for page in min(filePages, pageCount)..<pageCount where !free.contains(page) {
            throw .corrupted
        }
        return ImagePages(
            start: try reader.mapStart(), meta: meta, pageCount: pageCount, free: free,
            readableCount: min(filePages, pageCount))
    }

    /// Number of the commit.
    public var transactionID: UInt64 { pin.transactionID }

    /// The same commit, for reading.
    public var view: ReadTransaction {
        @_lifetime(borrow self) borrowing get { pin.view }
    }

    /// The file's used part now; less the image's own bytes, it is what has been added since.
    public var fileBytesNow: Int { pin.reader.environment.statistics.usedBytes }

    /// Looks at the structure of all pages, see `PageCensus`.
    public borrowing func census() -> PageCensus.Report {
        var census = PageCensus(pages)
        return census.take(pin.meta)
    }
}

extension Reader {
    /// Collects the pages of LMDB's free list. Each of its records is a count and as many numbers.
    fileprivate borrowing func collectFreePages(into free: inout PageSet) throws(LMDBError) {
        let freeList: MDB_dbi = 0
        let handle = try CursorHandle(view, freeList)
        var operation = MDB_FIRST
        while let entry = try handle.move(operation) {
            operation = MDB_NEXT
            // SAFETY: read while the reader lives, within the value's bytes.
            let words = UnsafeRawBufferPointer(
                start: entry.value.mv_data, count: entry.value.mv_size)
            guard words.count >= 8 else { throw .corrupted }
            let count = words.loadUnaligned(as: Int.self)
            guard count >= 0, count <= words.count / 8 - 1 else { throw .corrupted }
            for index in 1..<(count + 1) {
                let page = words.loadUnaligned(fromByteOffset: 8 * index, as: Int.self)
                guard page >= 2, page < free.bound else { throw .corrupted }
                _ = free.insert(page)
            }
        }
    }
}

extension Environment {
    /// Bytes of the data file.
    func fileBytes() throws(LMDBError) -> Int {
        var file: Int32 = -1
        try check(mdb_env_get_fd(pointer, &file))
        var status = stat()
        guard fstat(file, &status) == 0 else {
            throw .system(call: "fstat", errno: errno, path: directory)
        }
        return Int(status.st_size)
    }
}
