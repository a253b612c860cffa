import LMDB

/// What is known of a block while its neighbourhood changes.
struct BlockSummary {
    let firstKey: UInt64
    let byteCount: Int

    init(_ entry: borrowing IntegerEntry) {
        firstKey = entry.key
        byteCount = entry.value.byteCount
    }

    var isOversize: Bool { byteCount > Limits.blockBytes }
}

/// The blocks around a key, all of the key's account and resource.
struct BlockNeighbours {
    /// The block that holds the key, or would.
    var home: BlockSummary?
    /// The block behind it.
    var next: BlockSummary?
    /// Whether nothing at all is behind it, so that a new block may be appended.
    var isAtEnd: Bool
}

extension StoreTransaction {
    /// Finds the block that a key belongs into.
    func neighbours(of key: UInt64) throws(StoreError) -> BlockNeighbours {
        do throws(LMDBError) {
            let view = transaction.view
            let cursor = try view.cursor(databases.documents)
            var result = BlockNeighbours(isAtEnd: true)
            let family = DocumentKey(rawValue: key).family
            if let entry = try cursor.seek(atOrBefore: key) {
                if DocumentKey(rawValue: entry.key).family == family {
                    result.home = BlockSummary(entry)
                }
                guard let next = try cursor.next() else { return result }
                result.isAtEnd = false
                if DocumentKey(rawValue: next.key).family == family {
                    result.next = BlockSummary(next)
                }
            } else if let next = try cursor.first() {
                result.isAtEnd = false
                if DocumentKey(rawValue: next.key).family == family {
                    result.next = BlockSummary(next)
                }
            }
            return result
        } catch {
            throw StoreError(error)
        }
    }

    /// The blocks on both sides of the block with this first key.
    func around(
        block key: UInt64
    ) throws(StoreError) -> (previous: BlockSummary?, next: BlockSummary?) {
        let next = try neighbours(of: key).next
        let family = DocumentKey(rawValue: key).family
        guard key > family << Limits.idBits else { return (nil, next) }
        return (try neighbours(of: key - 1).home, next)
    }
}

// MARK: - Pieces of blocks

extension WriteScratch {
    /// Bytes of a block made of these pieces.
    func blockBytes(_ range: Range<Int>) -> Int {
        var total = DocumentBlock.headerBytes
        for index in range { total += pieces[index].byteCount }
        return total
    }

    /// Position of the first of `count` pieces whose key is not less.
    func position(of key: UInt64, count: Int) -> Int {
        var index = 0
        while index < count, pieces[index].key < key { index += 1 }
        return index
    }

    func index(of key: UInt64, count: Int) -> Int? {
        let position = position(of: key, count: count)
        return position < count && pieces[position].key == key ? position : nil
    }

    func insertPiece(_ piece: DocumentPiece, at index: Int, count: inout Int) {
        precondition(count < Self.pieceCapacity)
        var position = count
        while position > index {
            pieces[position] = pieces[position - 1]
            position -= 1
        }
        pieces[index] = piece
        count += 1
    }

    func removePiece(at index: Int, count: inout Int) {
        count -= 1
        for position in index..<count { pieces[position] = pieces[position + 1] }
    }

    /// Makes room before the first `count` pieces.
    func movePieces(_ count: Int, by distance: Int) {
        precondition(count + distance <= Self.pieceCapacity)
        for position in (0..<count).reversed() { pieces[position + distance] = pieces[position] }
    }
}
