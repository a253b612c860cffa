import LMDB

/// A counted list as one look finds it: what needs several of its places looks it up once.
///
/// A B-tree of packed keys of 64 or 128 bits that knows how many keys are below each child, so that
/// an offset is found as fast as a key. A small list lives in its root record alone.
///
///     lists:  ListKey → total, root node
///     blocks: node number → node
public struct CountedList<Key: CountedKey>: ~Escapable {
    /// The list.
    public let key: ListKey
    /// Number of keys, exact and without a walk.
    public let count: UInt64
    /// The node above all others; an empty leaf for a list that has no record.
    let root: ListNode<Key>
    private let nodes: IntegerView

    /// A list from its record.
    @_lifetime(copy record, copy nodes)
    init(_ key: ListKey, _ record: RawSpan, _ nodes: IntegerView) throws(StoreError) {
        guard record.byteCount >= ListLayout.totalBytes else { throw .corrupted(key, .size) }
        self.key = key
        self.nodes = nodes
        count = record.word(at: 0)
        do throws(ListFault) {
            root = try ListNode<Key>(record, at: ListLayout.totalBytes)
        } catch {
            throw .corrupted(key, error)
        }
    }

    /// A list that has no record.
    @_lifetime(copy nodes)
    init(empty key: ListKey, _ nodes: IntegerView) {
        self.key = key
        self.nodes = nodes
        count = 0
        root = ListNode<Key>.none
    }

    /// The offsets of all keys.
    public var offsets: Range<UInt64> { 0..<count }

    /// Whether the list has a record: an empty one has none.
    var isStored: Bool { !root.bytes.isEmpty }
}

extension StoreView {
    /// Looks a list up; one that has no keys is a list as well.
    @_lifetime(copy self)
    @_specialize(exported:true,where Key == UInt64)
    @_specialize(exported:true,where Key == UInt128)
    public func list<Key: CountedKey>(
        _ key: ListKey, of width: Key.Type
    ) throws(StoreError) -> CountedList<Key> {
        guard let record = try record(of: key) else {
            return CountedList<Key>(empty: key, listNodes)
        }
        return try CountedList<Key>(key, record, listNodes)
    }

    /// Number of keys in a list of either width, exact and without a walk.
    public func count(_ list: ListKey) throws(StoreError) -> UInt64 {
        guard let record = try record(of: list) else { return 0 }
        guard record.byteCount >= ListLayout.totalBytes else { throw .corrupted(list, .size) }
        return record.word(at: 0)
    }

    /// Whether a list has keys of 128 bits; an empty one has not.
    public func isWide(_ list: ListKey) throws(StoreError) -> Bool {
        guard let record = try record(of: list) else { return false }
        let format = ListLayout.totalBytes + 1
        return record.byteCount > format && record.byte(at: format) == UInt128.nodeFormat
    }

    /// The nodes of all lists.
    var listNodes: IntegerView {
        @_lifetime(copy self) get { transaction.view(of: databases.listNodes) }
    }

    @_lifetime(copy self)
    private func record(of list: ListKey) throws(StoreError) -> RawSpan? {
        let key = list.stored
        return try value(key.span.bytes, in: databases.lists)
    }
}

// MARK: - By key

extension CountedList {
    /// Whether the list holds a key.
    @_specialize(exported:true,where Key == UInt64)
    @_specialize(exported:true,where Key == UInt128)
    public func contains(_ key: Key) throws(StoreError) -> Bool {
        var node = root
        while node.level > 0 { node = try child(of: node, at: node.child(for: key)) }
        let index = node.lowerBound(key)
        return index < node.count && node.key(at: index) == key
    }

    /// Number of keys that are less: the offset of this key if it is in the list.
    @_specialize(exported:true,where Key == UInt64)
    @_specialize(exported:true,where Key == UInt128)
    public func rank(of key: Key) throws(StoreError) -> UInt64 {
        var node = root
        var rank: UInt64 = 0
        while node.level > 0 {
            let index = node.child(for: key)
            for before in 0..<index { rank += node.keys(at: before) }
            node = try child(of: node, at: index)
        }
        return rank + UInt64(node.lowerBound(key))
    }

    /// The first key that is not less, and its offset; nil behind the last.
    @_specialize(exported:true,where Key == UInt64)
    @_specialize(exported:true,where Key == UInt128)
    public func place(
        atOrAfter key: Key
    ) throws(StoreError) -> (offset: UInt64, key: Key)? {
        var node = root
        var offset: UInt64 = 0
        while node.level > 0 {
            let index = node.child(for: key)
            for before in 0..<index { offset += node.keys(at: before) }
            node = try child(of: node, at: index)
        }
        let index = node.lowerBound(key)
        offset += UInt64(index)
        if index < node.count { return (offset, node.key(at: index)) }
        // The first one of the next leaf, if there is one.
        guard let next = try self.key(at: offset) else { return nil }
        return (offset, next)
    }
}

// MARK: - By offset

extension CountedList {
    /// The key at an offset; nil at or behind the end.
    @_specialize(exported:true,where Key == UInt64)
    @_specialize(exported:true,where Key == UInt128)
    public func key(at offset: UInt64) throws(StoreError) -> Key? {
        guard let place = try leaf(at: offset) else { return nil }
        return place.node.key(at: place.index)
    }

    /// Reads keys from an offset on, as many as there is room for, but no further than one leaf goes;
    /// returns how many: none only behind the last.
    @_specialize(exported:true,where Key == UInt64)
    @_specialize(exported:true,where Key == UInt128)
    public func read(
        _ keys: inout InlineArray<8, Key>, at offset: UInt64
    ) throws(StoreError) -> Int {
        guard let place = try leaf(at: offset) else { return 0 }
        let count = min(keys.count, place.node.count - place.index)
        for index in 0..<count { keys[index] = place.node.key(at: place.index + index) }
        return count
    }

    /// The keys at both ends of a range of offsets, which lie in one leaf as a rule; nil for an
    /// empty one or one that goes beyond the end.
    @_specialize(exported:true,where Key == UInt64)
    @_specialize(exported:true,where Key == UInt128)
    public func ends(
        of offsets: Range<UInt64>
    ) throws(StoreError) -> (first: Key, last: Key)? {
        guard !offsets.isEmpty, offsets.upperBound <= count,
            let place = try leaf(at: offsets.lowerBound)
        else { return nil }
        let first = place.node.key(at: place.index)
        let distance = offsets.count - 1
        if place.index + distance < place.node.count {
            return (first, place.node.key(at: place.index + distance))
        }
        guard let last = try key(at: offsets.upperBound - 1) else { return nil }
        return (first, last)
    }

    /// Hands over the keys of a range of offsets in ascending order, until `body` says false. A range
    /// that goes beyond the end ends there.
    @_specialize(exported:true,where Key == UInt64)
    @_specialize(exported:true,where Key == UInt128)
    public func forEach(
        in offsets: Range<UInt64>, _ body: (Key) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var offset = offsets.lowerBound
        while offset < offsets.upperBound, let place = try leaf(at: offset) {
            let count = min(UInt64(place.node.count - place.index), offsets.upperBound - offset)
            for index in place.index..<place.index + Int(count) {
                guard try body(place.node.key(at: index)) else { return }
            }
            offset += count
        }
    }

    /// As above, from the last of them down.
    @_specialize(exported:true,where Key == UInt64)
    @_specialize(exported:true,where Key == UInt128)
    public func forEachDescending(
        in offsets: Range<UInt64>, _ body: (Key) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var end = min(offsets.upperBound, count)
        while end > offsets.lowerBound, let place = try leaf(at: end - 1) {
            let count = min(UInt64(place.index + 1), end - offsets.lowerBound)
            for index in 0..<Int(count) {
                guard try body(place.node.key(at: place.index - index)) else { return }
            }
            end -= count
        }
    }
}

// MARK: - Nodes

extension CountedList {
    /// The leaf that holds the key at an offset, nil at or behind the end.
    @_lifetime(copy self)
    func leaf(at offset: UInt64) throws(StoreError) -> LeafPosition<Key>? {
        guard offset < count else { return nil }
        var node = root
        var number: UInt64?
        var rest = offset
        while node.level > 0 {
            var index = 0
            while index < node.count, rest >= node.keys(at: index) {
                rest -= node.keys(at: index)
                index += 1
            }
            guard index < node.count else { throw .corrupted(key, node: number, .counts) }
            number = node.node(at: index)
            node = try child(of: node, at: index)
        }
        guard rest < UInt64(node.count) else { throw .corrupted(key, node: number, .counts) }
        return LeafPosition(node: node, index: Int(rest))
    }

    /// A child of an inner node, which must be one level lower.
    @_lifetime(copy self)
    func child(
        of parent: borrowing ListNode<Key>, at index: Int
    ) throws(StoreError) -> ListNode<Key> {
        guard index < parent.count else {
            throw .corrupted(key, "an inner node has too few children")
        }
        return try node(parent.node(at: index), level: parent.level - 1)
    }

    /// A node by its number, which must be of this level.
    @_lifetime(copy self)
    func node(_ number: UInt64, level: Int) throws(StoreError) -> ListNode<Key> {
        let bytes: RawSpan?
        do throws(LMDBError) {
            bytes = try nodes.get(number)
        } catch {
            throw StoreError(error)
        }
        guard let bytes else { throw .corrupted(key, node: number, .missing) }
        let node: ListNode<Key>
        do throws(ListFault) {
            node = try ListNode<Key>(bytes)
        } catch {
            throw .corrupted(key, node: number, error)
        }
        guard node.level == level, node.count > 0 else {
            throw .corrupted(key, node: number, .level)
        }
        return node
    }
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
