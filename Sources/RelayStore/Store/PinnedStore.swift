import CXXHash
import LMDB

/// One commit of a store, for a tool that reads all of it: as records, and as the bytes of the data
/// file.
///
/// As long as it lives, none of the commit's pages is reused, so each write makes the file grow.
public struct PinnedStore: ~Copyable {
    private let core: StoreCore
    /// The commit's data file.
    public let image: CommitImage

    init(_ core: StoreCore) throws(StoreError) {
        do throws(LMDBError) {
            image = try CommitImage(core.environment)
        } catch {
            throw StoreError(error)
        }
        self.core = core
    }

    /// The commit's records.
    public var view: StoreView {
        @_lifetime(borrow self) borrowing get { StoreView(image.view, core.databases) }
    }

    /// What was fixed when the store was created, or restored.
    public var metadata: StoreMetadata { core.metadata }

    /// Bytes by which the file has grown since.
    public var growth: Int { max(0, image.fileBytesNow - image.pages.byteCount) }
}

extension Store {
    /// Pins the newest commit.
    public func pin() throws(StoreError) -> PinnedStore { try PinnedStore(core) }

    /// Writes a copy without free pages, of the newest commit, to a file or a pipe. It has other
    /// page numbers than the store, so its bytes are no image of any commit.
    public func writeCompacted(to file: Int32) throws(StoreError) {
        try lifting { () throws(LMDBError) in
            try core.environment.writeCompacted(to: file)
        }
    }

    /// Gives the store a new epoch: no entity tag and no cursor from before fits it then. This
    /// value keeps the old one; open the store again.
    ///
    /// - Parameter lastTime: the newest time of a store that this one takes the place of, in milliseconds
    ///   since 1970, if that is known.
    public func renewEpoch(after lastTime: Int64? = nil) throws(StoreError) {
        var transaction = try StoreTransaction(core)
        try transaction.renewEpoch(after: lastTime)
        try transaction.commit()
    }
}

/// XXH3-64 of some bytes: fast, and no protection against malice.
public func fastChecksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    XXH3_64bits(bytes.baseAddress, bytes.count)
}
