/// A node under change, in `WriteScratch`; laid out as `ListNode`, with room for one entry over
/// the limit, which `split` then takes care of.
struct ListNodeBuffer<Key: CountedKey> {
    // SAFETY: memory of the WriteScratch that made this; valid as long as its transaction.
    let base: UnsafeMutableRawPointer
    /// The list that it is a node of.
    let list: ListKey

    var level: Int {
        get { Int(base.load(as: UInt8.self)) }
        nonmutating set {
            base.storeBytes(of: 0, as: UInt64.self)
            base.storeBytes(of: UInt8(newValue), as: UInt8.self)
            base.storeBytes(of: Key.nodeFormat, toByteOffset: 1, as: UInt8.self)
        }
    }

    var count: Int {
        get { Int(base.load(fromByteOffset: 2, as: UInt16.self)) }
        nonmutating set {
            base.storeBytes(of: UInt16(newValue), toByteOffset: 2, as: UInt16.self)
        }
    }

    /// The keys of a leaf.
    var keys: UnsafeMutablePointer<Key> {
        // SAFETY: aligned to 16 bytes by WriteScratch, and of the size of one more than the limit.
        (base + ListLayout.headerBytes).assumingMemoryBound(to: Key.self)
    }

    /// The children of an inner node.
    var children: UnsafeMutablePointer<ListChild<Key>> {
        // SAFETY: as for keys; a child is its key and two words.
        (base + ListLayout.headerBytes).assumingMemoryBound(to: ListChild<Key>.self)
    }

    var capacity: Int { level == 0 ? Key.leafKeys : Key.innerChildren }

    private var entryBytes: Int { level == 0 ? Key.byteCount : Key.childBytes }

    /// Header and entries.
    var content: UnsafeRawBufferPointer {
        // SAFETY: as long as `base`; read before the next change of this buffer.
        UnsafeRawBufferPointer(start: base, count: ListLayout.headerBytes + entryBytes * count)
    }

    /// The smallest key in or below this node.
    var first: Key { level == 0 ? keys[0] : children[0].first }

    /// Number of keys in or below this node.
    var total: UInt64 {
        if level == 0 { return UInt64(count) }
        var total: UInt64 = 0
        for index in 0..<count { total += children[index].keys }
        return total
    }

    /// Becomes a copy of a node in the map.
    func load(_ node: borrowing ListNode<Key>, number: UInt64? = nil) throws(StoreError) {
        let limit = node.level == 0 ? Key.leafKeys : Key.innerChildren
        guard node.count <= limit else { throw .corrupted(list, node: number, .size) }
        // SAFETY: copied at once; the limit above is what a buffer holds.
        node.content.withUnsafeBytes {
            base.copyMemory(from: $0.baseAddress!, byteCount: $0.count)
        }
    }

    /// Makes room for an entry.
    func openGap(at index: Int) {
        let gap = base + ListLayout.headerBytes + entryBytes * index
        gap.advanced(by: entryBytes).copyMemory(from: gap, byteCount: entryBytes * (count - index))
        count += 1
    }

    /// Takes an entry out.
    func closeGap(at index: Int) {
        let gap = base + ListLayout.headerBytes + entryBytes * index
        count -= 1
        gap.copyMemory(from: gap.advanced(by: entryBytes), byteCount: entryBytes * (count - index))
    }

    /// Moves the entries from `index` on into an empty buffer.
    func split(at index: Int, into right: ListNodeBuffer<Key>) {
        right.level = level
        right.count = count - index
        (right.base + ListLayout.headerBytes).copyMemory(
            from: base + ListLayout.headerBytes + entryBytes * index,
            byteCount: entryBytes * (count - index))
        count = index
    }

    /// Takes over all entries of its right sibling.
    func append(_ right: ListNodeBuffer<Key>) {
        (base + ListLayout.headerBytes + entryBytes * count).copyMemory(
            from: right.base + ListLayout.headerBytes, byteCount: entryBytes * right.count)
        count += right.count
    }
}

extension ListNodeBuffer {
    /// Position of the first key of a leaf that is not less.
    func lowerBound(_ key: Key) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Position of the child below which a key belongs: the last that does not begin after it.
    func child(for key: Key) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if children[middle].first <= key { low = middle + 1 } else { high = middle }
        }
        return max(low - 1, 0)
    }
}
