import RelayStore

/// The keys of a list from the rank `low` to before the rank `high`.
struct ListRange {
    var list: ListKey
    var isWide: Bool
    var low: UInt64
    var high: UInt64

    var count: UInt64 { high > low ? high - low : 0 }
}

extension StoreView {
    /// Hands over the keys of a range, of either width, until `body` says false. Of a list by
    /// internalId only the id counts, as in lists of ids.
    func forEachKey(
        of range: ListRange, descending: Bool = false,
        _ body: (UInt128) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var left = range.count
        if left == 0 { return }
        let isByID = range.isByID
        if range.isWide {
            func take(_ key: UInt128) throws(StoreError) -> Bool {
                left -= 1
                return try body(isByID ? UInt128(key.recordID) : key) && left > 0
            }
            if descending {
                try forEachWideKeyDescending(in: range.list, before: range.high, take)
            } else {
                try forEachWideKey(in: range.list, from: range.low, take)
            }
        } else {
            func take(_ key: UInt64) throws(StoreError) -> Bool {
                left -= 1
                return try body(UInt128(key)) && left > 0
            }
            if descending {
                try forEachKeyDescending(in: range.list, before: range.high, take)
            } else {
                try forEachKey(in: range.list, from: range.low, take)
            }
        }
    }

    /// The key at a rank of the list.
    func key(
        at rank: UInt64, of range: ListRange
    ) throws(StoreError) -> UInt128? {
        if range.isWide { return try wideKey(at: rank, in: range.list) }
        return try key(at: rank, in: range.list).map { UInt128($0) }
    }

    /// The rank of a key in the list of a range.
    func rank(
        of key: UInt128, _ range: ListRange
    ) throws(StoreError) -> UInt64 {
        guard range.isWide else { return try rank(of: key.recordID, in: range.list) }
        guard range.isByID, let first = try wideKey(at: range.low, in: range.list) else {
            return try rank(ofWide: key, in: range.list)
        }
        return try rank(
            ofWide: UInt128(UInt64(truncatingIfNeeded: first >> 64), key.recordID),
            in: range.list)
    }
}

extension ListRange {
    /// Whether its keys stand for ids: those of one internalId are sorted by nothing else.
    var isByID: Bool {
        !isWide || list.kind == RecordList.ordersByInternalID.rawValue
    }
}
