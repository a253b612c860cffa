import LMDB

/// Walks over everything there is, for checks and dumps: no request needs one.
extension StoreView {
    /// Hands over every document in the order of their keys, until `body` says false.
    public func forEachDocument(
        from first: DocumentKey = DocumentKey(rawValue: 0),
        _ body: (borrowing DocumentView) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var position = first.rawValue
        while let block = try block(atOrAfter: position) {
            for index in block.position(of: position)..<block.count {
                guard try body(try block.document(at: index)) else { return }
            }
            let last = block.key(at: block.count - 1)
            if last == .max { return }
            position = last + 1
        }
    }

    /// Hands over the name of every list that is not empty, until `body` says false.
    public func forEachList(
        _ body: (ListKey) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var from: [UInt8] = [0]
        while let name = try listName(atOrAfter: from) {
            guard try body(try ListKey(stored: name.span.bytes)) else { return }
            from = name + [0]
        }
    }

    /// Hands over every looked-up text and the id that it finds, until `body` says false.
    public func forEachUniqueKey(
        _ body: (UniqueKey, UInt64) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var from: [UInt8] = [0]
        while let entry = try uniqueKey(atOrAfter: from) {
            guard try body(try UniqueKey(stored: entry.key), entry.id) else { return }
            from = entry.key + [0]
        }
    }

    /// Hands over the texts of one kind that begin as another one does, in the order of their bytes, until
    /// `body` says false. Texts that are too long to be kept as they are do not come.
    public func forEachUniqueKey(
        startingWith prefix: UniqueKey,
        _ body: (ArraySlice<UInt8>) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var from = prefix.stored
        while let entry = try uniqueKey(atOrAfter: from), entry.key.starts(with: prefix.stored) {
            guard try body(entry.key[UniqueKey.headBytes...]) else { return }
            from = entry.key + [0]
        }
    }

    private func uniqueKey(
        atOrAfter key: [UInt8]
    ) throws(StoreError) -> (key: [UInt8], id: UInt64)? {
        do throws(LMDBError) {
            let cursor = try transaction.cursor(databases.uniqueIndex)
            guard let entry = try cursor.seek(atOrAfter: key.span.bytes) else { return nil }
            guard entry.value.byteCount == 8 else { throw .corrupted }
            return (entry.key.copied(), entry.value.word(at: 0))
        } catch {
            throw StoreError(error)
        }
    }

    /// The first block that holds a key which is not less; nil behind the last.
    @_lifetime(copy self)
    private func block(atOrAfter key: UInt64) throws(StoreError) -> DocumentBlock? {
        if let block = try block(holding: DocumentKey(rawValue: key)),
            block.key(at: block.count - 1) >= key
        {
            return block
        }
        let bytes: RawSpan
        do throws(LMDBError) {
            let cursor = try transaction.cursor(databases.documents)
            guard let entry = try cursor.seek(atOrAfter: key) else { return nil }
            // SAFETY: entries lie in the map, which the view borrows, not in the cursor.
            bytes = unsafe _overrideLifetime(entry.value, copying: self)
        } catch {
            throw StoreError(error)
        }
        return try DocumentBlock(bytes)
    }
}
