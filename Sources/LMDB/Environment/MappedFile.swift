import Glibc

/// A data file that nobody writes to, mapped for reading only, without liblmdb: what a doubtful
/// file is looked at with before liblmdb may see it.
public struct MappedFile: ~Copyable {
    // SAFETY (all of this type): mapped in init, unmapped in deinit. A file that is shortened meanwhile ends the
    // process with SIGBUS; copies are not written to by anyone.
    private let bytes: UnsafeRawBufferPointer
    private let meta: MetaPage
    private let path: String

    /// Maps the data file of a directory.
    public init(in directory: String) throws(LMDBError) {
        path = Environment.dataPath(in: directory)
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .system(call: "open", errno: errno, path: path) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else {
            throw .system(call: "fstat", errno: errno, path: path)
        }
        let size = Int(status.st_size)
        guard size > 0 else { throw .emptyFile(path: path) }
        guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0), start != MAP_FAILED
        else { throw .system(call: "mmap", errno: errno, path: path) }
        let mapped = UnsafeRawBufferPointer(start: start, count: size)
        do throws(LMDBError) {
            meta = try MetaPage.newest(of: mapped, path: path)
        } catch {
            munmap(start, size)
            throw error
        }
        bytes = mapped
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count)
    }

    /// Number of the commit that the file holds.
    public var transactionID: UInt64 { meta.transaction }

    /// Looks at the structure of all pages, see `PageCensus`.
    public borrowing func census() -> PageCensus.Report {
        let pageCount = Int(meta.lastPage) + 1
        // A hostile number must not become a hostile amount of memory.
        guard pageCount <= bytes.count / Int(meta.pageBytes) else {
            var report = PageCensus.Report()
            report.faults = [
                "\(path) is shorter than the \(pageCount) pages that it counts"
            ]
            return report
        }
        let pages = ImagePages(
            start: bytes.baseAddress!, meta: meta, pageCount: pageCount,
            free: PageSet(below: pageCount))
        var census = PageCensus(pages)
        return census.take(meta)
    }
}
