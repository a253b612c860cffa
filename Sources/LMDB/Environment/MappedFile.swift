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
        let mapped = try Self.map(path, smallest: 1)
        do throws(LMDBError) {
            meta = try MetaPage.newest(of: mapped, path: path)
        } catch {
            munmap(UnsafeMutableRawPointer(mutating: mapped.baseAddress!), mapped.count)
            throw error
        }
        bytes = mapped
    }

    /// Maps a file that has at least so many bytes; whoever asks for it unmaps it.
    static func map(
        _ path: String, smallest: Int
    ) throws(LMDBError) -> UnsafeRawBufferPointer {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .system(call: "open", errno: errno, path: path) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else {
            throw .system(call: "fstat", errno: errno, path: path)
        }
        let size = Int(status.st_size)
        guard size >= smallest else { throw .emptyFile(path: path) }
        guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0), start != MAP_FAILED
        else { throw .system(call: "mmap", errno: errno, path: path) }
        // SAFETY: mapped for as many bytes, until the caller unmaps it.
        return UnsafeRawBufferPointer(start: start, count: size)
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
