import LMDB

/// Counted lists: B-trees of packed 64- or 128-bit keys that know how many keys are below each child, so
/// that an offset is found as fast as a key. Small lists live in their root record alone.
///
///     lists:  ListKey → total, root node
///     blocks: node number → node
extension StoreView {
    /// Number of keys in a list, exact and without a walk; the width of its keys does not matter.
    public func count(_ list: ListKey) throws(StoreError) -> UInt64 {
        let key = list.stored
        guard let record = try value(key.span.bytes, in: databases.lists) else { return 0 }
        guard record.byteCount >= ListLayout.totalBytes else {
            throw .corrupted(what: "a list's root")
        }
        return record.word(at: 0)
    }

    /// Whether a list holds a key.
    public func contains(_ key: UInt64, in list: ListKey) throws(StoreError) -> Bool {
        try containsKey(key, list)
    }

    /// Whether a list holds a key of 128 bits.
    public func contains(wide key: UInt128, in list: ListKey) throws(StoreError) -> Bool {
        try containsKey(key, list)
    }

    /// Number of keys of a list that are less: the offset of this key if it is in the list.
    public func rank(of key: UInt64, in list: ListKey) throws(StoreError) -> UInt64 {
        guard let root = try root(list, UInt64.self) else { return 0 }
        return try rank(of: key, in: root)
    }

    /// Number of keys of 128 bits that are less.
    public func rank(ofWide key: UInt128, in list: ListKey) throws(StoreError) -> UInt64 {
        guard let root = try root(list, UInt128.self) else { return 0 }
        return try rank(of: key, in: root)
    }

    /// The key at an offset.
    public func key(at offset: UInt64, in list: ListKey) throws(StoreError) -> UInt64? {
        try keyAt(offset, list)
    }

    /// The key of 128 bits at an offset.
    public func wideKey(at offset: UInt64, in list: ListKey) throws(StoreError) -> UInt128? {
        try keyAt(offset, list)
    }

    /// Hands over the keys from an offset on, in ascending order, until `body` says false.
    public func forEachKey(
        in list: ListKey, from offset: UInt64 = 0, _ body: (UInt64) throws(StoreError) -> Bool
    ) throws(StoreError) {
        try forEach(in: list, from: offset, body)
    }

    /// Hands over the keys of 128 bits from an offset on, until `body` says false.
    public func forEachWideKey(
        in list: ListKey, from offset: UInt64 = 0, _ body: (UInt128) throws(StoreError) -> Bool
    ) throws(StoreError) {
        try forEach(in: list, from: offset, body)
    }

    /// Hands over the keys before an offset, from the last of them down, until `body` says false.
    public func forEachKeyDescending(
        in list: ListKey, before offset: UInt64, _ body: (UInt64) throws(StoreError) -> Bool
    ) throws(StoreError) {
        try forEachDescending(in: list, before: offset, body)
    }

    /// Hands over the keys of 128 bits before an offset, from the last of them down.
    public func forEachWideKeyDescending(
        in list: ListKey, before offset: UInt64, _ body: (UInt128) throws(StoreError) -> Bool
    ) throws(StoreError) {
        try forEachDescending(in: list, before: offset, body)
    }
}

// MARK: - Of either width

extension StoreView {
    private func containsKey<Key: CountedKey>(
        _ key: Key, _ list: ListKey
    ) throws(StoreError) -> Bool {
        guard let root = try root(list, Key.self) else { return false }
        var node = root.node
        while node.level > 0 {
            node = try child(of: node, at: node.child(for: key))
        }
        let index = node.lowerBound(key)
        return index < node.count && node.key(at: index) == key
    }

    /// The rank of a key in a list whose root was looked up already.
    func rank<Key: CountedKey>(
        of key: Key, in root: borrowing ListRoot<Key>
    ) throws(StoreError) -> UInt64 {
        var node = root.node
        var rank: UInt64 = 0
        while node.level > 0 {
            let index = node.child(for: key)
            for before in 0..<index { rank += node.keys(at: before) }
            node = try child(of: node, at: index)
        }
        return rank + UInt64(node.lowerBound(key))
    }

    private func keyAt<Key: CountedKey>(
        _ offset: UInt64, _ list: ListKey
    ) throws(StoreError) -> Key? {
        guard let root = try root(list, Key.self), let position = try leaf(at: offset, in: root)
        else { return nil }
        return position.node.key(at: position.index)
    }

    private func forEach<Key: CountedKey>(
        in list: ListKey, from offset: UInt64, _ body: (Key) throws(StoreError) -> Bool
    ) throws(StoreError) {
        guard let root = try root(list, Key.self) else { return }
        var offset = offset
        while let position = try leaf(at: offset, in: root) {
            for index in position.index..<position.node.count {
                guard try body(position.node.key(at: index)) else { return }
            }
            offset += UInt64(position.node.count - position.index)
        }
    }

    private func forEachDescending<Key: CountedKey>(
        in list: ListKey, before offset: UInt64, _ body: (Key) throws(StoreError) -> Bool
    ) throws(StoreError) {
        guard let root = try root(list, Key.self) else { return }
        var offset = min(offset, root.total)
        while offset > 0, let position = try leaf(at: offset - 1, in: root) {
            var index = position.index
            while index >= 0 {
                guard try body(position.node.key(at: index)) else { return }
                index -= 1
            }
            offset -= UInt64(position.index + 1)
        }
    }

    /// The leaf that holds the key at an offset, nil at or behind the end.
    @_lifetime(copy self, copy root)
    func leaf<Key: CountedKey>(
        at offset: UInt64, in root: borrowing ListRoot<Key>
    ) throws(StoreError) -> LeafPosition<Key>? {
        guard offset < root.total else { return nil }
        var node = root.node
        var rest = offset
        while node.level > 0 {
            var index = 0
            while index < node.count, rest >= node.keys(at: index) {
                rest -= node.keys(at: index)
                index += 1
            }
            guard index < node.count else { throw .corrupted(what: "a list's counts") }
            node = try child(of: node, at: index)
        }
        guard rest < UInt64(node.count) else { throw .corrupted(what: "a list's counts") }
        return LeafPosition(node: node, index: Int(rest))
    }

    /// The root of a list; nil for an empty one.
    @_lifetime(copy self)
    func root<Key: CountedKey>(
        _ list: ListKey, _ width: Key.Type
    ) throws(StoreError) -> ListRoot<Key>? {
        let key = list.stored
        guard let record = try value(key.span.bytes, in: databases.lists) else { return nil }
        return try ListRoot<Key>(record)
    }

    /// Whether a list has keys of 128 bits; an empty one has not.
    public func isWide(_ list: ListKey) throws(StoreError) -> Bool {
        let key = list.stored
        guard let record = try value(key.span.bytes, in: databases.lists) else { return false }
        let format = ListLayout.totalBytes + 1
        return record.byteCount > format && record.byte(at: format) == UInt128.nodeFormat
    }

    /// A child of an inner node, which must be one level lower.
    @_lifetime(copy self)
    func child<Key: CountedKey>(
        of parent: borrowing ListNode<Key>, at index: Int
    ) throws(StoreError) -> ListNode<Key> {
        guard index < parent.count,
            let bytes = try value(parent.node(at: index), in: databases.listNodes)
        else { throw .corrupted(what: "a list's tree") }
        let node = try ListNode<Key>(bytes)
        guard node.level == parent.level - 1, node.count > 0 else {
            throw .corrupted(what: "a list's tree")
        }
        return node
    }
}

/// What is found under a list's key: how many keys it has, and the node above all others.
struct ListRoot<Key: CountedKey>: ~Escapable {
    let total: UInt64
    let node: ListNode<Key>
    /// The bytes in the map.
    let record: RawSpan

    @_lifetime(copy record)
    init(_ record: RawSpan) throws(StoreError) {
        guard record.byteCount >= ListLayout.totalBytes else {
            throw .corrupted(what: "a list's root")
        }
        self.record = record
        total = record.word(at: 0)
        node = try ListNode<Key>(record, at: ListLayout.totalBytes)
    }

    /// The root of a list that has no record.
    @_lifetime(immortal)
    private init(empty: ()) {
        record = RawSpan()
        total = 0
        node = ListNode<Key>.none
    }

    static var none: ListRoot<Key> { @_lifetime(immortal) get { ListRoot<Key>(empty: ()) } }
}

/// A position in a leaf.
struct LeafPosition<Key: CountedKey>: ~Escapable {
    let node: ListNode<Key>
    let index: Int

    @_lifetime(copy node)
    init(node: ListNode<Key>, index: Int) {
        self.node = node
        self.index = index
    }
}
