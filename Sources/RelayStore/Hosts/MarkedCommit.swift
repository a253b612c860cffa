import LMDB

/// The commit behind a mark, to be digested beside what goes on.
final class MarkedCommit: @unchecked Sendable {
    // SAFETY: made on the writer's thread, then handed to the one thread that digests.
    private let pinned: PinnedReader

    /// Pins the newest commit.
    ///
    /// - Parameter sequence: number of the message with the mark.
    init(_ core: StoreCore, _ sequence: UInt64) throws(StoreError) {
        pinned = try PinnedReader(core, sequence)
    }

    /// See `StoreView.digest`.
    func digest(isWanted: () -> Bool) throws(StoreError) -> MarkedDigest? {
        try pinned.digest(isWanted: isWanted)
    }
}

/// A struct of its own, because a class cannot hand out views of its reader.
private struct PinnedReader: ~Copyable {
    private let reader: Reader
    private let core: StoreCore
    private let sequence: UInt64

    init(_ core: StoreCore, _ sequence: UInt64) throws(StoreError) {
        let environment = core.environment
        reader = try lifting { () throws(LMDBError) in try Reader(environment) }
        (self.core, self.sequence) = (core, sequence)
    }

    func digest(isWanted: () -> Bool) throws(StoreError) -> MarkedDigest? {
        let view = StoreView(reader.view, core.databases)
        guard let digest = try view.digest(isWanted: isWanted) else { return nil }
        return MarkedDigest(sequence: sequence, digest: digest)
    }
}
