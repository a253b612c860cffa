import LMDB

/// What an insertion did to a node; what was split off waits in the scratch's sibling buffer.
private enum Insertion {
    case present
    case inserted
    case split
}

extension StoreTransaction {
    /// Inserts a key; says whether it was new.
    @discardableResult
    @_specialize(exported:true,where Key == UInt64)
    @_specialize(exported:true,where Key == UInt128)
    public mutating func insert<Key: CountedKey>(
        _ key: Key, into list: ListKey
    ) throws(StoreError) -> Bool {
        try charge(0)
        guard let root = try insert(key, below: try loadRoot(list, Key.self)) else { return false }
        try writeRoot(root)
        return true
    }

    /// Inserts a key; gives the root that is then to be written, nil if there was such a key.
    mutating func insert<Key: CountedKey>(
        _ key: Key, below root: ListNodeBuffer<Key>
    ) throws(StoreError) -> ListNodeBuffer<Key>? {
        switch try insert(key, into: root) {
        case .present: nil
        case .inserted: root
        case .split: try grow(root)
        }
    }

    /// Appends keys that are ascending and greater than all in the list; leaves are filled.
    @_specialize(exported:true,where Key == UInt64)
    @_specialize(exported:true,where Key == UInt128)
    public mutating func append<Key: CountedKey>(
        _ keys: Span<Key>, to list: ListKey
    ) throws(StoreError) {
        var index = 0
        while index < keys.count {
            try charge(8 * Limits.leafKeys)
            let root = try loadRoot(list, Key.self)
            let taken = try fill(root, with: keys, from: index)
            if taken > 0 {
                index += taken
                try writeRoot(root)
            } else {
                // The last leaf is full: one insertion makes a new one.
                try insert(keys[index], into: list)
                index += 1
            }
        }
    }

    // MARK: Descent

    private mutating func insert<Key: CountedKey>(
        _ key: Key, into node: ListNodeBuffer<Key>
    ) throws(StoreError) -> Insertion {
        let index: Int
        if node.level == 0 {
            index = node.lowerBound(key)
            if index < node.count, node.keys[index] == key { return .present }
            node.openGap(at: index)
            node.keys[index] = key
        } else {
            let position = node.child(for: key)
            let child = try loadChild(of: node, at: position)
            let result = try insert(key, into: child)
            if result == .present { return .present }
            node.children[position].first = child.first
            node.children[position].keys = child.total
            try writeNode(node.children[position].node, child)
            if result == .inserted { return .inserted }
            let right = scratch.sibling(level: child.level, of: node.list, Key.self)
            index = position + 1
            node.openGap(at: index)
            node.children[index] = ListChild(
                first: right.first, node: try newNode(), keys: right.total)
            try writeNode(node.children[index].node, right)
        }
        guard node.count > node.capacity else { return .inserted }
        // An insertion at the end leaves the node full: ascending keys make dense lists.
        let isAtEnd = index == node.count - 1
        node.split(
            at: isAtEnd ? index : node.count / 2,
            into: scratch.sibling(level: node.level, of: node.list, Key.self)
        )
        return .split
    }

    /// Appends what fits into the last leaf below a node; returns how many keys that were.
    private mutating func fill<Key: CountedKey>(
        _ node: ListNodeBuffer<Key>, with keys: Span<Key>, from start: Int
    ) throws(StoreError) -> Int {
        if node.level == 0 {
            let taken = min(node.capacity - node.count, keys.count - start)
            for index in 0..<taken {
                let key = keys[start + index]
                precondition(
                    node.count == 0 || node.keys[node.count - 1] < key,
                    "appended keys must ascend")
                node.keys[node.count] = key
                node.count += 1
            }
            return taken
        }
        let position = node.count - 1
        let child = try loadChild(of: node, at: position)
        let taken = try fill(child, with: keys, from: start)
        if taken > 0 {
            node.children[position].keys += UInt64(taken)
            try writeNode(node.children[position].node, child)
        }
        return taken
    }

    // MARK: The root

    /// Puts the two halves of a root that was split under a new one, one level higher.
    private mutating func grow<Key: CountedKey>(
        _ left: ListNodeBuffer<Key>
    ) throws(StoreError) -> ListNodeBuffer<Key> {
        let right = scratch.sibling(level: left.level, of: left.list, Key.self)
        let root = scratch.node(level: left.level + 1, of: left.list, Key.self)
        root.level = left.level + 1
        root.count = 2
        root.children[0] = ListChild(first: left.first, node: try newNode(), keys: left.total)
        try writeNode(root.children[0].node, left)
        root.children[1] = ListChild(first: right.first, node: try newNode(), keys: right.total)
        try writeNode(root.children[1].node, right)
        return root
    }
}
