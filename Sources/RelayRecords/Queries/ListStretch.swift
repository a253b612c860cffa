import RelayStore

/// A stretch of a list, from one place to another.
struct ListStretch {
    var list: ListKey
    var isWide: Bool
    var low: UInt64
    var high: UInt64

    var count: UInt64 { high > low ? high - low : 0 }
}

extension StoreView {
    /// Hands over the keys of a stretch, of either width, until `body` says false. Of a list by
    /// internalId only the id counts, as in lists of ids.
    func forEachKey(
        of stretch: ListStretch, descending: Bool = false,
        _ body: (UInt128) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var left = stretch.count
        if left == 0 { return }
        let isByID = stretch.isByID
        if stretch.isWide {
            func take(_ key: UInt128) throws(StoreError) -> Bool {
                left -= 1
                return try body(isByID ? UInt128(key.recordID) : key) && left > 0
            }
            if descending {
                try forEachWideKeyDescending(in: stretch.list, before: stretch.high, take)
            } else {
                try forEachWideKey(in: stretch.list, from: stretch.low, take)
            }
        } else {
            func take(_ key: UInt64) throws(StoreError) -> Bool {
                left -= 1
                return try body(UInt128(key)) && left > 0
            }
            if descending {
                try forEachKeyDescending(in: stretch.list, before: stretch.high, take)
            } else {
                try forEachKey(in: stretch.list, from: stretch.low, take)
            }
        }
    }

    func key(
        at place: UInt64, of stretch: ListStretch
    ) throws(StoreError) -> UInt128? {
        if stretch.isWide { return try wideKey(at: place, in: stretch.list) }
        return try key(at: place, in: stretch.list).map { UInt128($0) }
    }

    /// The place of a key in the list of a stretch.
    func rank(
        of key: UInt128, _ stretch: ListStretch
    ) throws(StoreError) -> UInt64 {
        guard stretch.isWide else { return try rank(of: key.recordID, in: stretch.list) }
        guard stretch.isByID, let first = try wideKey(at: stretch.low, in: stretch.list) else {
            return try rank(ofWide: key, in: stretch.list)
        }
        return try rank(
            ofWide: UInt128(UInt64(truncatingIfNeeded: first >> 64), key.recordID),
            in: stretch.list)
    }
}

extension ListStretch {
    /// Whether its keys stand for ids: those of one internalId are sorted by nothing else.
    var isByID: Bool {
        !isWide || list.kind == RecordList.ordersByInternalID.rawValue
    }
}
