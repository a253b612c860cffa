import LMDB

/// How insertions and removals get at the nodes of a list.
extension StoreTransaction {
    /// Loads the root of a list, an empty leaf if there is none.
    func loadRoot<Key: CountedKey>(
        _ list: ListKey, _ width: Key.Type
    ) throws(StoreError) -> ListNodeBuffer<Key> {
        let view = view
        let stored = try view.list(list, of: width)
        guard stored.isStored else {
            let root = scratch.node(level: 0, of: list, width)
            root.level = 0
            root.count = 0
            return root
        }
        let root = scratch.node(level: stored.root.level, of: list, width)
        try root.load(stored.root)
        return root
    }

    /// Loads the child of a node into the buffer of its level.
    func loadChild<Key: CountedKey>(
        of parent: ListNodeBuffer<Key>, at index: Int
    ) throws(StoreError) -> ListNodeBuffer<Key> {
        let child = scratch.node(level: parent.level - 1, of: parent.list, Key.self)
        try load(parent.children[index].node, level: parent.level - 1, into: child)
        return child
    }

    /// Loads the child of a node into the sibling buffer of its level.
    func loadSibling<Key: CountedKey>(
        of parent: ListNodeBuffer<Key>, at index: Int
    ) throws(StoreError) -> ListNodeBuffer<Key> {
        let child = scratch.sibling(level: parent.level - 1, of: parent.list, Key.self)
        try load(parent.children[index].node, level: parent.level - 1, into: child)
        return child
    }

    private func load<Key: CountedKey>(
        _ number: UInt64, level: Int, into buffer: ListNodeBuffer<Key>
    ) throws(StoreError) {
        let view = view
        let nodes = CountedList<Key>(empty: buffer.list, view.listNodes)
        try buffer.load(try nodes.node(number, level: level), number: number)
    }

    /// Writes the root record of a list; an empty list has none.
    mutating func writeRoot<Key: CountedKey>(
        _ root: ListNodeBuffer<Key>
    ) throws(StoreError) {
        let key = root.list.stored
        let total = root.total
        if total == 0 {
            try delete(key.span.bytes, in: databases.lists)
            return
        }
        // SAFETY: the word before the header of a buffer is its own, see WriteScratch.node.
        let record = root.base - ListLayout.totalBytes
        record.storeBytes(of: total, as: UInt64.self)
        let bytes = UnsafeRawBufferPointer(
            start: record, count: ListLayout.totalBytes + root.content.count)
        try put(RawSpan(_unsafeBytes: bytes), at: key.span.bytes, in: databases.lists)
    }

    /// Writes a node under its number.
    mutating func writeNode<Key: CountedKey>(
        _ number: UInt64, _ node: ListNodeBuffer<Key>
    ) throws(StoreError) {
        let bytes = RawSpan(_unsafeBytes: node.content)
        let last = try highestNode()
        do throws(LMDBError) {
            if number > last {
                try transaction.append(bytes, at: number, in: databases.listNodes)
                lastNode = number
            } else {
                try transaction.put(bytes, at: number, in: databases.listNodes)
            }
        } catch {
            throw StoreError(error)
        }
    }

    mutating func deleteNode(_ number: UInt64, of list: ListKey) throws(StoreError) {
        guard try delete(number, in: databases.listNodes) else {
            throw .corrupted(list, node: number, .missing)
        }
        // Its number is free, as it would be for another transaction.
        if number == lastNode { lastNode = nil }
    }

    /// The number of a new node, which must be written before the next one is asked for.
    mutating func newNode() throws(StoreError) -> UInt64 { try highestNode() + 1 }

    private mutating func highestNode() throws(StoreError) -> UInt64 {
        if let lastNode { return lastNode }
        do throws(LMDBError) {
            let view = transaction.view
            let cursor = try view.cursor(databases.listNodes)
            let last = try cursor.last()?.key ?? 0
            lastNode = last
            return last
        } catch {
            throw StoreError(error)
        }
    }
}
