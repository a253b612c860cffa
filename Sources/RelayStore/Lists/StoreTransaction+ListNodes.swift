import LMDB

/// How insertions and removals get at the nodes of a list.
extension StoreTransaction {
    /// Loads the root of a list, an empty leaf if there is none.
    func loadRoot<Key: CountedKey>(
        _ list: ListKey, _ width: Key.Type
    ) throws(StoreError) -> ListNodeBuffer<Key> {
        guard let stored = try view.root(list, Key.self) else {
            let root = scratch.node(level: 0, Key.self)
            root.level = 0
            root.count = 0
            return root
        }
        let root = scratch.node(level: stored.node.level, Key.self)
        try root.load(stored.node)
        return root
    }

    /// Loads the child of a node into the buffer of its level.
    func loadChild<Key: CountedKey>(
        of parent: ListNodeBuffer<Key>, at index: Int
    ) throws(StoreError) -> ListNodeBuffer<Key> {
        let child = scratch.node(level: parent.level - 1, Key.self)
        try load(parent.children[index].node, level: parent.level - 1, into: child)
        return child
    }

    /// Loads the child of a node into the sibling buffer of its level.
    func loadSibling<Key: CountedKey>(
        of parent: ListNodeBuffer<Key>, at index: Int
    ) throws(StoreError) -> ListNodeBuffer<Key> {
        let child = scratch.sibling(level: parent.level - 1, Key.self)
        try load(parent.children[index].node, level: parent.level - 1, into: child)
        return child
    }

    private func load<Key: CountedKey>(
        _ number: UInt64, level: Int, into buffer: ListNodeBuffer<Key>
    ) throws(StoreError) {
        guard let bytes = try view.value(number, in: databases.listNodes) else {
            throw .corrupted(what: "a list's tree")
        }
        let node = try ListNode<Key>(bytes)
        guard node.level == level, node.count > 0 else {
            throw .corrupted(what: "a list's tree")
        }
        try buffer.load(node)
    }

    /// Writes the root record of a list; an empty list has none.
    mutating func writeRoot<Key: CountedKey>(
        _ list: ListKey, _ root: ListNodeBuffer<Key>
    ) throws(StoreError) {
        let key = list.stored
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

    mutating func deleteNode(_ number: UInt64) throws(StoreError) {
        guard try delete(number, in: databases.listNodes) else {
            throw .corrupted(what: "a list's tree")
        }
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
