import System

/// A commit as its meta page tells it: what it takes to have a data file begin with this commit again.
///
/// LMDB alone must not be asked after a power cut when commits were not synced: its meta pages may have
/// reached the disk before the pages that they lead to.
public struct StoredCommit: Sendable {
    /// Bytes of `bytes`.
    public static let byteCount = MetaPage.byteCount
    private let meta: MetaPage

    init(_ meta: MetaPage) { self.meta = meta }

    /// Reads `bytes`; `path` is for messages.
    public init(_ bytes: UnsafeRawBufferPointer, path: String) throws(LMDBError) {
        meta = try MetaPage(bytes, path: path)
    }

    /// The meta page.
    public var bytes: [UInt8] { meta.bytes }

    /// Number of the commit.
    public var transactionID: UInt64 { meta.transaction }

    /// Lends the pages that the commit's trees begin with, as they are in a data file; what the file
    /// does not have is lent as nothing.
    public func forEachRoot(
        in directory: String, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(FileError) {
        let file = try DiskFile(Environment.dataPath(in: directory), .reading)
        let size = Int(meta.pageBytes)
        // SAFETY: until the function returns.
        let page = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        defer { page.deallocate() }
        for root in meta.roots {
            let count = try file.read(into: page, at: root * size)
            body(UnsafeRawBufferPointer(start: page.baseAddress, count: count == size ? size : 0))
        }
    }

    /// Writes both meta pages of a data file, which nobody has open, and waits for the disk.
    public func putBack(in directory: String) throws(FileError) {
        let file = try DiskFile(Environment.dataPath(in: directory), .writing)
        let size = Int(meta.pageBytes)
        // SAFETY: until the function returns.
        let page = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        defer { page.deallocate() }
        for number in 0..<2 {
            meta.write(asPage: number, to: page)
            try file.write(UnsafeRawBufferPointer(page), at: number * size)
        }
        try file.syncData()
    }

    /// Whether a process has the environment of a directory open, this one included, under whatever name.
    public static func isInUse(in directory: String) -> Bool {
        EnvironmentRegistry.isOpen(path: Environment.dataPath(in: directory))
            || LockTable.isInUse(in: directory) || DataClaim.isThere(in: directory)
    }
}
