import LMDB

extension StoreTransaction {
    /// Stores a document, replacing the one under its key. `json` is the answer without a comma.
    ///
    /// Documents that come in ascending order fill block after block. One that grows splits its
    /// block; one that does not fit beside others has a block of its own.
    public mutating func putDocument(
        _ key: DocumentKey, json: RawSpan, privateBytes: RawSpan = RawSpan(), version: UInt64
    ) throws(StoreError) {
        let byteCount = json.byteCount + privateBytes.byteCount
        guard byteCount <= Limits.documentBytes else {
            throw .documentFull(key, byteCount: byteCount)
        }
        let wasThere = try put(
            json, privateBytes, UInt128(key.rawValue), key, word: version, in: .documents)
        open?.note(key, wasThere ? .updated : .created)
    }

    /// Stores a document with segments, which `putSegment` stored or which it had before; those that it
    /// has no more are removed.
    ///
    /// - Parameter seam: where the segments stand in `json`, the bytes of the document's head.
    public mutating func putDocument(
        _ key: DocumentKey, json: RawSpan, seam: Int, _ segments: [DocumentSegment],
        privateBytes: RawSpan, version: UInt64
    ) throws(StoreError) {
        precondition(!segments.isEmpty && seam <= json.byteCount)
        let stored = SegmentTable.privateBytes(
            privateBytes, jsonBytes: json.byteCount, seam: seam, segments)
        let byteCount = segments.reduce(json.byteCount + stored.count) { $0 + $1.byteCount + 1 }
        guard byteCount <= Limits.documentBytes else {
            throw .documentFull(key, byteCount: byteCount)
        }
        let wasThere = try put(
            json, stored.span.bytes, UInt128(key.rawValue), key, word: version, in: .documents,
            segments)
        open?.note(key, wasThere ? .updated : .created)
    }

    /// Puts a document into its place in a set; says whether there was one.
    @discardableResult
    mutating func put(
        _ json: RawSpan, _ privateBytes: RawSpan, _ place: UInt128, _ key: DocumentKey,
        word: UInt64, in set: BlockSet, _ segments: [DocumentSegment] = []
    ) throws(StoreError) -> Bool {
        try charge(json.byteCount + privateBytes.byteCount)
        let checksum = documentChecksum(key.rawValue, word, json, privateBytes)
        // SAFETY: the bytes are written into the map before these closures return, and the caller
        // cannot have them point into the map, because a put needs exclusive access to it.
        return try json.withUnsafeBytes { (json) throws(StoreError) in
            try privateBytes.withUnsafeBytes { (privateBytes) throws(StoreError) in
                let piece = DocumentPiece(
                    place: place, key: key.rawValue, word: word, checksum: checksum, json: json,
                    privateBytes: privateBytes, hasSegments: !segments.isEmpty)
                return try put(piece, set, segments)
            }
        }
    }

    /// Deletes a document; says whether there was one. Neighbours that fit one block are merged.
    @discardableResult
    public mutating func deleteDocument(_ key: DocumentKey) throws(StoreError) -> Bool {
        guard try delete(UInt128(key.rawValue), in: .documents) else { return false }
        scratch.move(key.rawValue)
        open?.note(key, .deleted)
        return true
    }

    /// Deletes what has a place in a set; says whether there was anything.
    mutating func delete(_ place: UInt128, in set: BlockSet) throws(StoreError) -> Bool {
        let neighbours = try neighbours(of: place, in: set)
        guard let home = neighbours.home else { return false }
        if home.isOversize {
            // One document alone: the block goes with it.
            guard home.first == place else { return false }
            try countAlone(at: place, in: set, replacedBy: nil)
            if set == .documents { try removeSegments(ofBlock: place, keeping: []) }
            return try deleteBlock(at: place, in: set)
        }
        var count = try loadPieces(of: home.first, set, area: 0, at: 0)
        guard let index = scratch.index(of: place, count: count) else { return false }
        try self.count(scratch.pieces[index], in: set, replacedBy: nil)
        scratch.removePiece(at: index, count: &count)
        guard count > 0 else { return try deleteBlock(at: home.first, in: set) }
        try write(0..<count, set, replacing: home.first, isLast: false)
        try merge(count, set)
        return true
    }

    // MARK: Putting

    private mutating func put(
        _ piece: DocumentPiece, _ set: BlockSet, _ segments: [DocumentSegment]
    ) throws(StoreError) -> Bool {
        let neighbours = try neighbours(of: piece.place, in: set)
        guard let home = neighbours.home, !home.isOversize || home.first == piece.place else {
            try self.count(nil, in: set, replacedBy: piece)
            try putAlone(piece, set, neighbours)
            return false
        }
        if home.isOversize {
            try countAlone(at: home.first, in: set, replacedBy: piece)
            if set == .documents { try removeSegments(ofBlock: home.first, keeping: segments) }
            scratch.pieces[0] = piece
            try write(0..<1, set, replacing: home.first, isLast: false)
            return true
        }
        var count = try loadPieces(of: home.first, set, area: 0, at: 0)
        let index = scratch.position(of: piece.place, count: count)
        let replaces = index < count && scratch.pieces[index].place == piece.place
        try self.count(replaces ? scratch.pieces[index] : nil, in: set, replacedBy: piece)
        if replaces {
            scratch.pieces[index] = piece
        } else {
            scratch.insertPiece(piece, at: index, count: &count)
        }
        if scratch.blockBytes(0..<count) <= Limits.blockBytes {
            try write(0..<count, set, replacing: home.first, isLast: false)
        } else if !replaces, index == count - 1 {
            // The block stays as full as it is: this keeps ascending ids dense.
            try putAlone(piece, set, neighbours)
        } else {
            try split(count, set, replacing: home.first)
        }
        return replaces
    }

    /// Puts a document that its home block has no room for at the front of the next block, else in
    /// a block of its own.
    private mutating func putAlone(
        _ piece: DocumentPiece, _ set: BlockSet, _ neighbours: BlockNeighbours
    ) throws(StoreError) {
        scratch.pieces[0] = piece
        if let next = neighbours.next,
            next.byteCount + piece.byteCount <= Limits.blockBytes
        {
            let count = try loadPieces(of: next.first, set, area: 1, at: 1)
            return try write(0..<1 + count, set, replacing: next.first, isLast: false)
        }
        try write(0..<1, set, replacing: nil, isLast: neighbours.isAtEnd)
    }

    /// Spreads what one block cannot hold any more over a few, in order and evenly: a block that is
    /// filled to the brim would be split again by the next document that grows.
    private mutating func split(
        _ count: Int, _ set: BlockSet, replacing first: UInt128
    ) throws(StoreError) {
        var start = 0
        var replaced: UInt128? = first
        while start < count {
            let rest = scratch.blockBytes(start..<count)
            let share = rest <= Limits.blockBytes ? rest : min(rest / 2, Limits.blockBytes)
            var end = start + 1
            while end < count, scratch.blockBytes(start..<end) < share,
                scratch.blockBytes(start..<end + 1) <= Limits.blockBytes
            {
                end += 1
            }
            try write(start..<end, set, replacing: replaced, isLast: false)
            replaced = nil
            start = end
        }
    }

    // MARK: Deleting

    /// Merges the block that the first `count` pieces have been written as with a neighbour, if
    /// both fit one block.
    private mutating func merge(_ count: Int, _ set: BlockSet) throws(StoreError) {
        let first = scratch.pieces[0].place
        let byteCount = scratch.blockBytes(0..<count)
        let around = try around(block: first, in: set)
        if let next = around.next,
            byteCount + next.byteCount - DocumentBlock.headerBytes <= Limits.blockBytes
        {
            let total = try count + loadPieces(of: next.first, set, area: 1, at: count)
            try deleteBlock(at: next.first, in: set)
            try write(0..<total, set, replacing: first, isLast: false)
        } else if let previous = around.previous,
            byteCount + previous.byteCount - DocumentBlock.headerBytes <= Limits.blockBytes
        {
            try deleteBlock(at: first, in: set)
            let before = try countPieces(of: previous.first, set)
            scratch.movePieces(count, by: before)
            _ = try loadPieces(of: previous.first, set, area: 1, at: 0)
            try write(
                0..<before + count, set, replacing: previous.first, isLast: false)
        }
    }

    // MARK: Blocks

    /// Copies a block into the scratch memory and lists its documents from `index` on; returns how
    /// many there are.
    private mutating func loadPieces(
        of first: UInt128, _ set: BlockSet, area: Int, at index: Int
    ) throws(StoreError) -> Int {
        let target = scratch.blocks + area * Limits.blockBytes
        let pieces = scratch.pieces
        guard let bytes = try view.blockBytes(at: first, in: set) else {
            throw .corrupted(what: "the tree of documents")
        }
        let block = try DocumentBlock(bytes)
        precondition(!block.isOversize && index + block.count <= WriteScratch.pieceCapacity)
        // SAFETY: a block that is not oversize fits an area of the scratch memory.
        bytes.withUnsafeBytes { target.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        for position in 0..<block.count {
            let json = try block.json(at: position)
            let privateBytes = try block.privateBytes(at: position)
            let (key, word) = (block.key(at: position), block.version(at: position))
            // SAFETY: `target` holds the copy until the next load into this area.
            pieces[index + position] = DocumentPiece(
                place: set.place(key: key, word: word), key: key, word: word,
                checksum: block.checksum(at: position),
                json: UnsafeRawBufferPointer(
                    start: target + json.lowerBound, count: json.count - 1),
                privateBytes: UnsafeRawBufferPointer(
                    start: target + privateBytes.lowerBound, count: privateBytes.count),
                hasSegments: false)
        }
        return block.count
    }

    private func countPieces(
        of first: UInt128, _ set: BlockSet
    ) throws(StoreError) -> Int {
        guard let bytes = try view.blockBytes(at: first, in: set) else {
            throw .corrupted(what: "the tree of documents")
        }
        return try DocumentBlock(bytes).count
    }

    /// Writes pieces as one block, in place of the one that began with another place.
    private mutating func write(
        _ range: Range<Int>, _ set: BlockSet, replacing first: UInt128?, isLast: Bool
    ) throws(StoreError) {
        let pieces = scratch.pieces
        let place = pieces[range.lowerBound].place
        if let first, first != place { try deleteBlock(at: first, in: set) }
        // Nobody remembers where the entries of covering indexes lie.
        if set == .documents {
            for index in range { scratch.move(pieces[index].key) }
        }
        let byteCount = scratch.blockBytes(range)
        // SAFETY: the pieces belong to the scratch memory, which this transaction retains.
        try reserveBlock(byteCount, at: place, in: set, isLast: isLast) {
            fillBlock(
                $0, with: UnsafeBufferPointer(start: pieces, count: range.upperBound)[range])
        }
    }
}

/// Lays pieces out as `DocumentBlock` describes.
private func fillBlock(
    _ room: UnsafeMutableRawBufferPointer, with pieces: Slice<UnsafeBufferPointer<DocumentPiece>>
) {
    let jsonBytes = pieces.reduce(0) { $0 + $1.json.count + 1 }
    let privateBytes = pieces.reduce(0) { $0 + $1.privateBytes.count }
    room.storeBytes(of: UInt16(pieces.count), as: UInt16.self)
    let hasSegments = pieces.first?.hasSegments ?? false
    let format = hasSegments ? DocumentBlock.segmentedFormat : DocumentBlock.format
    room.storeBytes(of: UInt16(format), toByteOffset: 2, as: UInt16.self)
    room.storeBytes(of: UInt32(jsonBytes), toByteOffset: 4, as: UInt32.self)
    room.storeBytes(of: UInt32(privateBytes), toByteOffset: 8, as: UInt32.self)
    room.storeBytes(of: 0, toByteOffset: 12, as: UInt32.self)
    let jsonStart = DocumentBlock.headerBytes + DocumentBlock.entryBytes * pieces.count
    let privateStart = jsonStart + jsonBytes
    var entry = DocumentBlock.headerBytes
    var jsonEnd = 0
    var privateEnd = 0
    for piece in pieces {
        // SAFETY: the room is as large as the sum of all pieces; they do not point into it.
        let json = room.baseAddress! + jsonStart + jsonEnd
        if let source = piece.json.baseAddress {
            json.copyMemory(from: source, byteCount: piece.json.count)
        }
        json.storeBytes(of: UInt8(ascii: ","), toByteOffset: piece.json.count, as: UInt8.self)
        if let source = piece.privateBytes.baseAddress {
            (room.baseAddress! + privateStart + privateEnd)
                .copyMemory(from: source, byteCount: piece.privateBytes.count)
        }
        jsonEnd += piece.json.count + 1
        privateEnd += piece.privateBytes.count
        room.storeBytes(of: piece.key, toByteOffset: entry, as: UInt64.self)
        room.storeBytes(of: piece.word, toByteOffset: entry + 8, as: UInt64.self)
        room.storeBytes(of: piece.checksum, toByteOffset: entry + 16, as: UInt64.self)
        room.storeBytes(of: UInt32(jsonEnd), toByteOffset: entry + 24, as: UInt32.self)
        room.storeBytes(of: UInt32(privateEnd), toByteOffset: entry + 28, as: UInt32.self)
        entry += DocumentBlock.entryBytes
    }
}
