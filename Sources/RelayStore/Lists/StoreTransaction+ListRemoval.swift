import LMDB

extension StoreTransaction {
    /// Removes a key; says whether it was there. Needs no quota: removing must always be possible.
    @discardableResult
    @_specialize(exported:true,where Key == UInt64)
    @_specialize(exported:true,where Key == UInt128)
    public mutating func remove<Key: CountedKey>(
        _ key: Key, from list: ListKey
    ) throws(StoreError) -> Bool {
        let (root, wasThere) = try root(of: list, without: key)
        if wasThere { try writeRoot(root) }
        return wasThere
    }

    /// Puts one key in the place of another, which need not be there. The root is written once.
    @_specialize(exported:true,where Key == UInt64)
    @_specialize(exported:true,where Key == UInt128)
    public mutating func move<Key: CountedKey>(
        _ key: Key, to new: Key, in list: ListKey
    ) throws(StoreError) {
        try charge(0)
        let (root, _) = try root(of: list, without: key)
        try writeRoot(try insert(new, below: root) ?? root)
    }

    /// The root of a list without a key, not yet written if there was that key.
    private mutating func root<Key: CountedKey>(
        of list: ListKey, without key: Key
    ) throws(StoreError) -> (root: ListNodeBuffer<Key>, wasThere: Bool) {
        var root = try loadRoot(list, Key.self)
        guard try remove(key, from: root) else { return (root, false) }
        // A root with one child left hands its place to that child.
        while root.level > 0, root.count == 1 {
            let number = root.children[0].node
            root = try loadChild(of: root, at: 0)
            try deleteNode(number, of: list)
        }
        return (root, true)
    }

    private mutating func remove<Key: CountedKey>(
        _ key: Key, from node: ListNodeBuffer<Key>
    ) throws(StoreError) -> Bool {
        if node.count == 0 { return false }
        if node.level == 0 {
            let index = node.lowerBound(key)
            guard index < node.count, node.keys[index] == key else { return false }
            node.closeGap(at: index)
            return true
        }
        let position = node.child(for: key)
        let child = try loadChild(of: node, at: position)
        guard try remove(key, from: child) else { return false }
        if child.count == 0 {
            try deleteNode(node.children[position].node, of: node.list)
            node.closeGap(at: position)
            return true
        }
        node.children[position].first = child.first
        node.children[position].keys = child.total
        if child.count < child.capacity / 4, try merge(child, of: node, at: position) {
            return true
        }
        try writeNode(node.children[position].node, child)
        return true
    }

    /// Merges an under-full child with a sibling if both fit one node.
    ///
    /// Three quarters of a node are the limit, so that the next insertion does not split it again.
    private mutating func merge<Key: CountedKey>(
        _ child: ListNodeBuffer<Key>, of parent: ListNodeBuffer<Key>, at position: Int
    ) throws(StoreError) -> Bool {
        let limit = child.capacity * 3 / 4
        if position + 1 < parent.count {
            let right = try loadSibling(of: parent, at: position + 1)
            if child.count + right.count <= limit {
                child.append(right)
                try absorb(position + 1, into: position, of: parent, as: child)
                return true
            }
        }
        if position > 0 {
            let left = try loadSibling(of: parent, at: position - 1)
            if left.count + child.count <= limit {
                left.append(child)
                try absorb(position, into: position - 1, of: parent, as: left)
                return true
            }
        }
        return false
    }

    /// Writes the merged node in place of the left one and drops the right one.
    private mutating func absorb<Key: CountedKey>(
        _ right: Int, into left: Int, of parent: ListNodeBuffer<Key>,
        as merged: ListNodeBuffer<Key>
    ) throws(StoreError) {
        try deleteNode(parent.children[right].node, of: parent.list)
        parent.children[left].first = merged.first
        parent.children[left].keys += parent.children[right].keys
        try writeNode(parent.children[left].node, merged)
        parent.closeGap(at: right)
    }
}
