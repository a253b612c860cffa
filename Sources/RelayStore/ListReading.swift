import LMDB

/// Counted lists: B-trees of packed 64-bit keys that know how many keys are below each child, so
/// that an offset is found as fast as a key. Small lists live in their root record alone.
///
///     lists:  ListKey → total, root node
///     blocks: node number → node
extension StoreView {
    /// Number of keys in a list, exact and without a walk.
    public func count(_ list: ListKey) throws(StoreError) -> UInt64 {
        try root(list)?.total ?? 0
    }

    /// Whether a list holds a key.
    public func contains(_ key: UInt64, in list: ListKey) throws(StoreError) -> Bool {
        guard let root = try root(list) else { return false }
        var node = root.node
        while node.level > 0 {
            node = try child(of: node, at: node.child(for: key))
        }
        let index = node.lowerBound(key)
        return index < node.count && node.key(at: index) == key
    }

    /// Number of keys of a list that are less: the offset of this key if it is in the list.
    public func rank(of key: UInt64, in list: ListKey) throws(StoreError) -> UInt64 {
        guard let root = try root(list) else { return 0 }
        return try rank(of: key, in: root)
    }

    /// As above, for a list whose root was looked up already.
    func rank(of key: UInt64, in root: borrowing ListRoot) throws(StoreError) -> UInt64 {
        var node = root.node
        var rank: UInt64 = 0
        while node.level > 0 {
            let index = node.child(for: key)
            for before in 0..<index { rank += node.keys(at: before) }
            node = try child(of: node, at: index)
        }
        return rank + UInt64(node.lowerBound(key))
    }

    /// The key at an offset.
    public func key(at offset: UInt64, in list: ListKey) throws(StoreError) -> UInt64? {
        guard let root = try root(list), let position = try leaf(at: offset, in: root) else {
            return nil
        }
        return position.node.key(at: position.index)
    }

    /// Hands over the keys from an offset on, in ascending order, until `body` says false.
    public func forEachKey(
        in list: ListKey, from offset: UInt64 = 0, _ body: (UInt64) throws(StoreError) -> Bool
    ) throws(StoreError) {
        guard let root = try root(list) else { return }
        var offset = offset
        while let position = try leaf(at: offset, in: root) {
            for index in position.index..<position.node.count {
                guard try body(position.node.key(at: index)) else { return }
            }
            offset += UInt64(position.node.count - position.index)
        }
    }

    /// The leaf that holds the key at an offset, nil at or behind the end.
    @_lifetime(copy self, copy root)
    func leaf(at offset: UInt64, in root: borrowing ListRoot) throws(StoreError) -> LeafPosition? {
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
    func root(_ list: ListKey) throws(StoreError) -> ListRoot? {
        let key = list.stored
        guard let record = try value(key.span.bytes, in: databases.lists) else { return nil }
        return try ListRoot(record)
    }

    /// A child of an inner node, which must be one level lower.
    @_lifetime(copy self)
    func child(of parent: borrowing ListNode, at index: Int) throws(StoreError) -> ListNode {
        guard index < parent.count,
            let bytes = try value(parent.node(at: index), in: databases.blocks)
        else { throw .corrupted(what: "a list's tree") }
        let node = try ListNode(bytes)
        guard node.level == parent.level - 1, node.count > 0 else {
            throw .corrupted(what: "a list's tree")
        }
        return node
    }
}

/// What is found under a list's key: how many keys it has, and the node above all others.
struct ListRoot: ~Escapable {
    let total: UInt64
    let node: ListNode
    /// The bytes in the map.
    let record: RawSpan

    @_lifetime(copy record)
    init(_ record: RawSpan) throws(StoreError) {
        guard record.byteCount >= ListNode.totalBytes else {
            throw .corrupted(what: "a list's root")
        }
        self.record = record
        total = record.word(at: 0)
        node = try ListNode(record, at: ListNode.totalBytes)
    }

    /// The root of a list that has no record.
    @_lifetime(immortal)
    private init(empty: ()) {
        record = RawSpan()
        total = 0
        node = ListNode.none
    }

    static var none: ListRoot { @_lifetime(immortal) get { ListRoot(empty: ()) } }
}

/// A position in a leaf.
struct LeafPosition: ~Escapable {
    let node: ListNode
    let index: Int

    @_lifetime(copy node)
    init(node: ListNode, index: Int) {
        self.node = node
        self.index = index
    }
}
