import LMDB

/// What is known of a block while its neighbourhood changes.
struct BlockSummary {
    /// The place of its first document.
    let first: UInt128
    let byteCount: Int

    var isOversize: Bool { byteCount > Limits.blockBytes }
}

/// The blocks around a place, all of the same account and resource, or of the same list.
struct BlockNeighbours {
    /// The block that holds the place, or would.
    var home: BlockSummary?
    /// The block behind it.
    var next: BlockSummary?
    /// Whether nothing at all is behind it, so that a new block may be appended.
    var isAtEnd = false
}

extension StoreTransaction {
    /// Finds the block that a place belongs into.
    func neighbours(
        of place: UInt128, in set: BlockSet
    ) throws(StoreError) -> BlockNeighbours {
        do throws(LMDBError) {
            switch set {
            case .documents: return try neighbours(of: UInt64(truncatingIfNeeded: place))
            case .coveringIndex(let list): return try neighbours(of: place, list)
            }
        } catch {
            throw StoreError(error)
        }
    }

    private func neighbours(of key: UInt64) throws(LMDBError) -> BlockNeighbours {
        let view = transaction.view
        let cursor = try view.cursor(databases.documents)
        let family = DocumentKey(rawValue: key).family
        func summary(_ entry: borrowing IntegerEntry) -> BlockSummary? {
            guard DocumentKey(rawValue: entry.key).family == family else { return nil }
            return BlockSummary(first: UInt128(entry.key), byteCount: entry.value.byteCount)
        }
        var result = BlockNeighbours()
        if let entry = try cursor.seek(atOrBefore: key) {
            result.home = summary(entry)
            if let next = try cursor.next() {
                result.next = summary(next)
            } else {
                result.isAtEnd = true
            }
        } else if let next = try cursor.first() {
            result.next = summary(next)
        } else {
            result.isAtEnd = true
        }
        return result
    }

    private func neighbours(
        of place: UInt128, _ list: ListKey
    ) throws(LMDBError) -> BlockNeighbours {
        let view = transaction.view
        let cursor = try view.cursor(databases.coveringIndexes)
        let name = list.stored
        func summary(_ entry: borrowing BytesEntry) -> BlockSummary? {
            guard entry.key.word(at: 0) == name[0], entry.key.word(at: 8) == name[1]
            else { return nil }
            return BlockSummary(
                first: CoveringKey.place(entry.key), byteCount: entry.value.byteCount)
        }
        var result = BlockNeighbours()
        let key = CoveringKey(list, place)
        guard let found = try cursor.seek(atOrAfter: key.stored.span.bytes) else {
            if let last = try cursor.last() { result.home = summary(last) }
            return result
        }
        let following = summary(found)
        if let following, following.first == place {
            result.home = following
            if let next = try cursor.next() { result.next = summary(next) }
        } else {
            result.next = following
            if let previous = try cursor.previous() { result.home = summary(previous) }
        }
        return result
    }

    /// The blocks on both sides of the block that begins with this place.
    func around(
        block place: UInt128, in set: BlockSet
    ) throws(StoreError) -> (previous: BlockSummary?, next: BlockSummary?) {
        let next = try neighbours(of: place, in: set).next
        let isFirst =
            set == .documents && DocumentKey(rawValue: UInt64(truncatingIfNeeded: place)).id == 0
        if isFirst || place == 0 { return (nil, next) }
        return (try neighbours(of: place - 1, in: set).home, next)
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

    /// Position of the first of `count` pieces whose place is not less.
    func position(of place: UInt128, count: Int) -> Int {
        var index = 0
        while index < count, pieces[index].place < place { index += 1 }
        return index
    }

    func index(of place: UInt128, count: Int) -> Int? {
        let position = position(of: place, count: count)
        return position < count && pieces[position].place == place ? position : nil
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
