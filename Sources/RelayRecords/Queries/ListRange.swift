import RelayStore

/// The keys of a list from the rank `low` to before the rank `high`.
struct ListRange {
    var list: ListKey
    var low: UInt64
    var high: UInt64

    var count: UInt64 { high > low ? high - low : 0 }

    /// Whether its keys stand for ids: those of one internalId are sorted by nothing else.
    var isByID: Bool {
        !list.isWide || list.kind == RecordList.ordersByInternalID.rawValue
    }
}

extension StoreView {
    /// Hands over the keys of a range, of either width, until `body` says false. Of a list by
    /// internalId only the id counts, as in lists of ids.
    func forEachKey(
        of range: ListRange, descending: Bool = false,
        _ body: (UInt128) throws(StoreError) -> Bool
    ) throws(StoreError) {
        if range.count == 0 { return }
        if range.list.isWide {
            let isByID = range.isByID
            let keys = try list(range.list, of: UInt128.self)
            try keys.forEach(in: range, descending) { (key) throws(StoreError) in
                try body(isByID ? UInt128(key.recordID) : key)
            }
        } else {
            let keys = try list(range.list, of: UInt64.self)
            try keys.forEach(in: range, descending) { (key) throws(StoreError) in
                try body(UInt128(key))
            }
        }
    }

    /// The key at a rank of the list.
    func key(at rank: UInt64, of range: ListRange) throws(StoreError) -> UInt128? {
        if range.list.isWide { return try list(range.list, of: UInt128.self).key(at: rank) }
        return try list(range.list, of: UInt64.self).key(at: rank).map { UInt128($0) }
    }

    /// The rank of a key in the list of a range.
    func rank(of key: UInt128, _ range: ListRange) throws(StoreError) -> UInt64 {
        guard range.list.isWide else {
            return try list(range.list, of: UInt64.self).rank(of: key.recordID)
        }
        let keys = try list(range.list, of: UInt128.self)
        guard range.isByID, let first = try keys.key(at: range.low) else {
            return try keys.rank(of: key)
        }
        return try keys.rank(of: UInt128(UInt64(truncatingIfNeeded: first >> 64), key.recordID))
    }
}

extension CountedList {
    /// Hands over the keys of a range that is not empty.
    @inline(__always)
    fileprivate func forEach(
        in range: ListRange, _ isDescending: Bool, _ body: (Key) throws(StoreError) -> Bool
    ) throws(StoreError) {
        if isDescending {
            try forEachDescending(in: range.low..<range.high, body)
        } else {
            try forEach(in: range.low..<range.high, body)
        }
    }
}
