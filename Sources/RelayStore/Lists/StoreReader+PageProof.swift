/// Whether a page of a list that was made under an earlier commit would be the same today.
public enum PageProof: Sendable {
    /// The same records are on it, and none of them was written since.
    case unchanged
    /// Others are on it, or one of them may have been written.
    case changed
    /// Nobody can tell at this moment.
    case unknown
}

extension CountedList<UInt64> {
    /// Where a page begins.
    public func offset(of start: PageStart) throws(StoreError) -> UInt64 {
        switch start {
        case .offset(let offset): offset
        case .after(let key): key == .max ? count : try rank(of: key + 1)
        }
    }

    /// Copies the keys of a page, as many as there is room for.
    public func copyKeys(
        from start: PageStart, to keys: UnsafeMutableBufferPointer<UInt64>
    ) throws(StoreError) {
        let offset = try offset(of: start)
        var index = 0
        try forEach(in: offset..<offset + UInt64(keys.count)) { (key) throws(StoreError) in
            keys[index] = key
            index += 1
            return true
        }
    }

    /// Whether a page of at most `limit` records has these keys and no others.
    func hasPage(
        _ keys: UnsafeBufferPointer<UInt64>, from start: PageStart, limit: Int
    ) throws(StoreError) -> Bool {
        let offset = try offset(of: start)
        let rest = count > offset ? count - offset : 0
        guard keys.count == min(rest, UInt64(limit)) else { return false }
        var index = 0
        while index < keys.count {
            guard let leaf = try leaf(at: offset + UInt64(index)) else { return false }
            let end = min(leaf.node.count - leaf.index, keys.count - index)
            for next in 0..<end where leaf.node.key(at: leaf.index + next) != keys[index + next] {
                return false
            }
            index += end
        }
        return true
    }
}

extension StoreReader {
    /// Whether a page is what it was under a commit that this reader, or an earlier view of it, has
    /// seen. Looks at the list and at which documents were moved, at no document.
    ///
    /// - Parameters:
    ///   - keys: the list's keys that are on the page.
    ///   - source: the list as of now.
    ///   - limit: the most records that may be on it.
    public borrowing func proof(
        of keys: UnsafeBufferPointer<UInt64>, on source: borrowing VersionedList,
        from start: PageStart, limit: Int, since commit: UInt64
    ) throws(StoreError) -> PageProof {
        guard knowsMoves else { return .unknown }
        guard areas.knows(since: commit),
            try source.list.hasPage(keys, from: start, limit: limit)
        else { return .changed }
        let prefix = DocumentKey(
            account: source.list.key.account, resource: source.resource, id: 0
        ).rawValue
        var last: UInt64?
        for key in keys {
            let document = prefix | DocumentKey(rawValue: key).id
            // Neighbours on the page are neighbours in the store, as a rule.
            let area = MovedAreas.area(of: document)
            if area == last { continue }
            last = area
            if areas.mayHaveMoved(document, since: commit) { return .changed }
        }
        return .unchanged
    }
}
