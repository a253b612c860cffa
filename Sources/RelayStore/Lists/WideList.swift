/// A list with 128-bit keys as one look finds it: what needs several of its places looks up its
/// root once.
public struct WideList: ~Escapable {
    /// The list.
    public let key: ListKey
    let root: ListRoot<UInt128>

    /// Number of keys in the list.
    public var count: UInt64 { root.total }

    @_lifetime(copy root)
    init(_ key: ListKey, _ root: ListRoot<UInt128>) {
        self.key = key
        self.root = root
    }
}

extension StoreView {
    /// Looks a list up; an empty one is a list as well.
    @_lifetime(copy self)
    public func wideList(_ key: ListKey) throws(StoreError) -> WideList {
        guard let root = try root(key, UInt128.self) else {
            return WideList(key, ListRoot<UInt128>.none)
        }
        return WideList(key, root)
    }

    /// Number of keys that are less.
    public func rank(of key: UInt128, in list: borrowing WideList) throws(StoreError) -> UInt64 {
        try rank(of: key, in: list.root)
    }

    /// The key at an offset; nil at or behind the end.
    public func key(
        at offset: UInt64, in list: borrowing WideList
    ) throws(StoreError) -> UInt128? {
        guard let place = try leaf(at: offset, in: list.root) else { return nil }
        return place.node.key(at: place.index)
    }

    /// Reads keys from an offset on, as many as there is room for, but no further than one leaf goes;
    /// returns how many: none only behind the last.
    public func read(
        _ keys: inout InlineArray<8, UInt128>, at offset: UInt64, in list: borrowing WideList
    ) throws(StoreError) -> Int {
        guard let place = try leaf(at: offset, in: list.root) else { return 0 }
        let count = min(keys.count, place.node.count - place.index)
        for index in 0..<count { keys[index] = place.node.key(at: place.index + index) }
        return count
    }

    /// The first key that is not less, and its offset; nil behind the last.
    public func place(
        atOrAfter key: UInt128, in list: borrowing WideList
    ) throws(StoreError) -> (offset: UInt64, key: UInt128)? {
        var node = list.root.node
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
        return try self.key(at: offset, in: list).map { (offset, $0) }
    }

    /// The keys at both ends of a stretch of offsets, which lie in one leaf as a rule; nil for an
    /// empty one or one that goes beyond the end.
    public func ends(
        of offsets: Range<UInt64>, in list: borrowing WideList
    ) throws(StoreError) -> (first: UInt128, last: UInt128)? {
        guard !offsets.isEmpty, offsets.upperBound <= list.count,
            let place = try leaf(at: offsets.lowerBound, in: list.root)
        else { return nil }
        let first = place.node.key(at: place.index)
        let distance = offsets.count - 1
        if place.index + distance < place.node.count {
            return (first, place.node.key(at: place.index + distance))
        }
        return try key(at: offsets.upperBound - 1, in: list).map { (first, $0) }
    }
}
