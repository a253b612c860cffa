/// Memory that a write transaction works in, allocated once per store.
///
/// Whatever a change moves is first copied here: a put may move or reuse the pages that views of
/// the same transaction point into.
final class WriteScratch: @unchecked Sendable {
    // SAFETY: allocated in init, deallocated in deinit. Used by the one write transaction there
    // can be (LMDB's writer lock orders the threads), which retains this object.

    /// Copies of two neighbouring blocks of documents.
    let blocks: UnsafeMutableRawPointer
    /// The documents of the blocks under change; twice a block's most, and the new one.
    let pieces: UnsafeMutablePointer<DocumentPiece>
    /// Keys of documents that this transaction has moved; nil when there are too many to list.
    private var moved: [UInt64]? = []
    /// Two nodes for each level of a counted list.
    private let nodes: UnsafeMutableRawPointer

    static let pieceCapacity = 2 * DocumentBlock.mostDocuments + 1
    private static let nodeBytes = Limits.blockBytes + 64

    init() {
        // SAFETY: until deinit.
        blocks = .allocate(byteCount: 2 * Limits.blockBytes, alignment: 16)
        pieces = .allocate(capacity: Self.pieceCapacity)
        nodes = .allocate(
            byteCount: 2 * (Limits.listLevels + 1) * Self.nodeBytes, alignment: 16)
    }

    deinit {
        blocks.deallocate()
        pieces.deallocate()
        nodes.deallocate()
    }

    /// Begins a transaction.
    func reset() { moved = [] }

    /// What was moved; nil when too many documents were.
    func takeMoved() -> [UInt64]? {
        defer { moved = [] }
        return moved
    }

    /// Notes that a document does not lie where it did.
    func move(_ key: UInt64) {
        guard let count = moved?.count else { return }
        if count < Limits.movedDocuments {
            moved!.append(key)
        } else {
            moved = nil
        }
    }

    /// The node under change on this level.
    func node<Key: CountedKey>(
        level: Int, of list: ListKey, _ width: Key.Type
    ) -> ListNodeBuffer<Key> {
        precondition(level <= Limits.listLevels)
        // The bytes before a node are where the total goes when it is written as a root.
        let offset = 2 * level * Self.nodeBytes + ListLayout.totalBytes
        return ListNodeBuffer(base: nodes + offset, list: list)
    }

    /// What is split off it, or the sibling it is merged with.
    func sibling<Key: CountedKey>(
        level: Int, of list: ListKey, _ width: Key.Type
    ) -> ListNodeBuffer<Key> {
        precondition(level <= Limits.listLevels)
        let offset = (2 * level + 1) * Self.nodeBytes + ListLayout.totalBytes
        return ListNodeBuffer(base: nodes + offset, list: list)
    }
}

/// A document on its way into a block; points into `WriteScratch.blocks` or to the caller's bytes.
struct DocumentPiece {
    /// Where it stands in its set of blocks.
    var place: UInt128
    var key: UInt64
    /// The version; in a covering index what its list sorts by.
    var word: UInt64
    var checksum: UInt64
    /// The answer's bytes, without the comma.
    var json: UnsafeRawBufferPointer
    var privateBytes: UnsafeRawBufferPointer
    /// Whether it has segments, and so a block of its own.
    var hasSegments: Bool

    /// Bytes that it takes in a block.
    var byteCount: Int {
        DocumentBlock.entryBytes + json.count + 1 + privateBytes.count
    }
}
