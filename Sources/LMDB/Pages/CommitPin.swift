/// The newest commit, whose pages nobody uses again as long as this lives, and its meta page.
public struct CommitPin: ~Copyable {
    let reader: Reader
    let meta: MetaPage

    /// Pins the newest commit.
    public init(_ environment: Environment) throws(LMDBError) {
        var reader = try Reader(environment)
        meta = try Self.metaPage(&reader)
        self.reader = reader
    }

    /// Number of the commit.
    public var transactionID: UInt64 { reader.transactionID }

    /// The commit, for reading.
    public var view: ReadTransaction {
        @_lifetime(borrow self) borrowing get { reader.view }
    }

    /// The commit as it can be put back into the file once its pages are on the disk.
    public var stored: StoredCommit { StoredCommit(meta) }

    /// Lends the pages that the commit's trees begin with, as they are in the map.
    public borrowing func forEachRoot(
        _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(LMDBError) {
        let start = try reader.mapStart()
        for root in meta.roots {
            // SAFETY: a page of the commit, which is mapped and stays as it is while the reader lives.
            let page = start + root * Int(meta.pageBytes)
            body(UnsafeRawBufferPointer(start: page, count: Int(meta.pageBytes)))
        }
    }

    /// The meta page of the reader's commit. The commit after the next overwrites it, which begins
    /// when the next one is complete: so what was copied counts only if a reader that begins after
    /// that still sees the same commit. (A newer meta page may be there already: it is complete,
    /// and readers see it, only when it is on the disk.)
    private static func metaPage(_ reader: inout Reader) throws(LMDBError) -> MetaPage {
        var probe = try Reader(reader.environment)
        for _ in 0..<Limits.metaAttempts {
            try reader.renew()
            let pageBytes = reader.environment.statistics.pageBytes
            let start = try reader.mapStart()
            let number = Int(reader.transactionID & 1)
            // SAFETY: the first two pages are mapped as long as the environment; the copy is
            // believed only if nobody can have written meanwhile.
            let page = UnsafeRawBufferPointer(start: start + number * pageBytes, count: pageBytes)
            let meta = try? MetaPage(page, path: reader.environment.directory)
            try probe.renew()
            if let meta, meta.transaction == reader.transactionID,
                probe.transactionID == reader.transactionID
            {
                return meta
            }
        }
        throw .corrupted
    }
}
