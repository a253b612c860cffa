import LMDB

/// How insertions and removals get at the nodes of a list.
extension StoreTransaction {
    /// Loads the root of a list, an empty leaf if there is none.
    func loadRoot(_ list: ListKey) throws(StoreError) -> ListNodeBuffer {
        guard let stored = try view.root(list) else {
            let root = scratch.node(level: 0)
            root.level = 0
            root.count = 0
            return root
        }
        let root = scratch.node(level: stored.node.level)
        try root.load(stored.node)
        return root
    }

    /// Loads the child of a node into the buffer of its level.
    func loadChild(
        of parent: ListNodeBuffer, at index: Int
    ) throws(StoreError) -> ListNodeBuffer {
        let child = scratch.node(level: parent.level - 1)
        try load(parent.children[index].node, level: parent.level - 1, into: child)
        return child
    }

    /// Loads the child of a node into the sibling buffer of its level.
    func loadSibling(
        of parent: ListNodeBuffer, at index: Int
    ) throws(StoreError) -> ListNodeBuffer {
        let child = scratch.sibling(level: parent.level - 1)
        try load(parent.children[index].node, level: parent.level - 1, into: child)
        return child
    }

    private func load(
        _ number: UInt64, level: Int, into buffer: ListNodeBuffer
    ) throws(StoreError) {
        guard let bytes = try view.value(number, in: databases.blocks) else {
            throw .corrupted(what: "a list's tree")
        }
        let node = try ListNode(bytes)
        guard node.level == level, node.count > 0 else {
            throw .corrupted(what: "a list's tree")
        }
        try buffer.load(node)
    }

    /// Writes the root record of a list; an empty list has none.
    mutating func writeRoot(_ list: ListKey, _ root: ListNodeBuffer) throws(StoreError) {
        let key = list.stored
        let total = root.total
        if total == 0 {
            try delete(key.span.bytes, in: databases.lists)
            return
        }
        // SAFETY: the word before the header of a buffer is its own, see WriteScratch.node.
        let record = root.base - ListNode.totalBytes
        record.storeBytes(of: total, as: UInt64.self)
        let bytes = UnsafeRawBufferPointer(
            start: record, count: ListNode.totalBytes + root.content.count)
        try put(RawSpan(_unsafeBytes: bytes), at: key.span.bytes, in: databases.lists)
    }

    /// Writes a node under its number.
    mutating func writeNode(_ number: UInt64, _ node: ListNodeBuffer) throws(StoreError) {
        let bytes = RawSpan(_unsafeBytes: node.content)
        let last = try highestNode()
        do throws(LMDBError) {
            if number > last {
                try transaction.append(bytes, at: number, in: databases.blocks)
                lastNode = number
            } else {
                try transaction.put(bytes, at: number, in: databases.blocks)
            }
        } catch {
            throw StoreError(error)
        }
    }

    mutating func deleteNode(_ number: UInt64) throws(StoreError) {
        guard try delete(number, in: databases.blocks) else {
            throw .corrupted(what: "a list's tree")
        }
    }

    /// The number of a new node, which must be written before the next one is asked for.
    mutating func newNode() throws(StoreError) -> UInt64 { try highestNode() + 1 }

    private mutating func highestNode() throws(StoreError) -> UInt64 {
        if let lastNode { return lastNode }
        do throws(LMDBError) {
            let view = transaction.view
            let cursor = try view.cursor(databases.blocks)
            let last = try cursor.last()?.key ?? 0
            lastNode = last
            return last
        } catch {
            throw StoreError(error)
        }
    }
}

extension ListNodeBuffer {
    /// Position of the first key of a leaf that is not less.
    func lowerBound(_ key: UInt64) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Position of the child below which a key belongs: the last that does not begin after it.
    func child(for key: UInt64) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if children[middle].first <= key { low = middle + 1 } else { high = middle }
        }
        return max(low - 1, 0)
    }
}
