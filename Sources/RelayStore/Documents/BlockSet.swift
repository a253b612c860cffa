import LMDB

/// Where blocks of documents lie, and in which order. What writes blocks is the same for both.
///
///     documents: document key → block
///     copies:    list key, what it is sorted by (u64 BE), document key (u64 BE) → block
///
/// A document's place in a set is one integer of 128 bits: what the list sorts by in the high word,
/// 0 for documents themselves, and its key in the low word.
enum BlockSet: Equatable {
    /// All documents, by their keys.
    case documents
    /// The documents of a list once more, in its order: so a page of it is a walk over neighbours.
    case coveringIndex(ListKey)

    /// The place of a document whose directory entry has this key and this second word: in a covering
    /// index it is what the list sorts by, in place of a version.
    func place(key: UInt64, word: UInt64) -> UInt128 {
        self == .documents ? UInt128(key) : UInt128(word) << 64 | UInt128(key)
    }

}

/// The key under which a block of a covering index is stored: 32 bytes that sort by list and place.
struct CoveringKey {
    let stored: InlineArray<4, UInt64>

    init(_ list: ListKey, _ place: UInt128) {
        let name = list.stored
        stored = [
            name[0], name[1], UInt64(truncatingIfNeeded: place >> 64).bigEndian,
            UInt64(truncatingIfNeeded: place).bigEndian,
        ]
    }

    /// Reads a key back.
    static func list(_ stored: RawSpan) throws(StoreError) -> ListKey {
        guard stored.byteCount == 32 else { throw .corrupted(what: "the key of a covering index") }
        return try ListKey(stored: stored.extracting(0..<16))
    }

    /// The place of the block's first document; the caller has read the list.
    static func place(_ stored: RawSpan) -> UInt128 {
        UInt128(stored.word(at: 16).bigEndian) << 64 | UInt128(stored.word(at: 24).bigEndian)
    }
}

// MARK: - Blocks by their first place

extension StoreView {
    /// The block that begins with a place.
    @_lifetime(copy self)
    func blockBytes(at place: UInt128, in set: BlockSet) throws(StoreError) -> RawSpan? {
        switch set {
        case .documents:
            return try value(UInt64(truncatingIfNeeded: place), in: databases.documents)
        case .coveringIndex(let list):
            let key = CoveringKey(list, place)
            return try value(key.stored.span.bytes, in: databases.coveringIndexes)
        }
    }

    /// A cursor over the blocks of all covering indexes.
    @_lifetime(copy self)
    func coveringCursor() throws(StoreError) -> BytesCursor {
        do throws(LMDBError) {
            return try transaction.cursor(databases.coveringIndexes)
        } catch {
            throw StoreError(error)
        }
    }
}

extension StoreTransaction {
    @discardableResult
    mutating func deleteBlock(at place: UInt128, in set: BlockSet) throws(StoreError) -> Bool {
        switch set {
        case .documents:
            return try delete(UInt64(truncatingIfNeeded: place), in: databases.documents)
        case .coveringIndex(let list):
            let key = CoveringKey(list, place)
            return try delete(key.stored.span.bytes, in: databases.coveringIndexes)
        }
    }

    /// Makes room for a block and lets `fill` write it in place. With `isLast` it must be the last
    /// block of documents.
    mutating func reserveBlock(
        _ byteCount: Int, at place: UInt128, in set: BlockSet, isLast: Bool,
        fill: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(StoreError) {
        do throws(LMDBError) {
            switch set {
            case .documents:
                try transaction.reserve(
                    byteCount, at: UInt64(truncatingIfNeeded: place), in: databases.documents,
                    isLast: isLast, fill: fill)
            case .coveringIndex(let list):
                let key = CoveringKey(list, place)
                try transaction.reserve(
                    byteCount, at: key.stored.span.bytes, in: databases.coveringIndexes, fill: fill)
            }
        } catch {
            throw StoreError(error)
        }
    }
}
