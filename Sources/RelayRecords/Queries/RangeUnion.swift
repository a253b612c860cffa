import RelayStore

/// Ranges of lists of which no two share a record: one, or several lists of ids that are read as one list in the
/// order of the ids.
///
/// Several are not merged key by key. Where their first n keys end is found in each by its counts (`split`); so
/// an offset costs the same anywhere, and what lies before it is never read.
struct RangeUnion {
    private(set) var first: ListRange
    private var others: [ListRange] = []

    init(_ range: ListRange) { first = range }

    /// Ranges of lists of ids that share none; there is one at least.
    init(disjoint ranges: [ListRange]) {
        first = ranges[0]
        others = Array(ranges.dropFirst())
    }

    /// The one range, which most unions are; nil for one of several.
    var only: ListRange? { others.isEmpty ? first : nil }

    /// How many keys there are.
    var count: UInt64 { others.reduce(first.count) { $0 + $1.count } }

    /// All of them.
    private var ranges: [ListRange] { [first] + others }

    /// Changes each range.
    mutating func forEach(
        _ body: (inout ListRange) throws(StoreError) -> Void
    ) throws(StoreError) {
        try body(&first)
        for index in others.indices { try body(&others[index]) }
    }

    /// Leaves out the keys that come first: those with the largest ids where it is read in descending order.
    mutating func removeFirst(
        _ passed: UInt64, descending: Bool, _ view: borrowing StoreView
    ) throws(StoreError) {
        guard only == nil else {
            if descending { first.high -= passed } else { first.low += passed }
            return
        }
        let (lower, upper) = try split(descending ? count - passed : passed, view)
        self = descending ? lower : upper
    }

    /// Hands over the keys in their order until `body` says false.
    func forEachKey(
        descending: Bool, _ view: borrowing StoreView,
        _ body: (UInt128) throws(StoreError) -> Bool
    ) throws(StoreError) {
        if let only { return try view.forEachKey(of: only, descending: descending, body) }
        var rest = self
        var ids: [UInt64] = []
        // Small at first: most pages end within it.
        var window = Limits.mergedKeys.lowerBound
        while rest.count > 0 {
            let taken = min(window, rest.count)
            let (lower, upper) = try rest.split(descending ? rest.count - taken : taken, view)
            ids.removeAll(keepingCapacity: true)
            for range in (descending ? upper : lower).ranges {
                try view.forEachKey(of: range) { (key) throws(StoreError) in
                    ids.append(key.recordID)
                    return true
                }
            }
            ids.sort()
            if descending { ids.reverse() }
            for id in ids where try !body(UInt128(id)) { return }
            let left = descending ? lower : upper
            guard left.count < rest.count else {
                throw .corrupted(
                    what: "lists of orders that share none, of which two do")
            }
            rest = left
            window = min(2 * window, Limits.mergedKeys.upperBound)
        }
    }

    // MARK: Offsets

    /// The `lowest` keys with the smallest ids, and the others.
    private func split(
        _ lowest: UInt64, _ view: borrowing StoreView
    ) throws(StoreError) -> (lower: RangeUnion, upper: RangeUnion) {
        var (lower, upper) = (self, self)
        if lowest == 0 {
            try lower.forEach { (range) in range.high = range.low }
        } else if lowest >= count {
            try upper.forEach { (range) in range.low = range.high }
        } else {
            let last = try id(at: lowest - 1, view)
            try lower.forEach { (range) throws(StoreError) in
                range.high = try range.rank(behind: last, view)
            }
            try upper.forEach { (range) throws(StoreError) in
                range.low = try range.rank(behind: last, view)
            }
        }
        return (lower, upper)
    }

    /// The id at an offset: bisection between ids, for each of which every list says how many of its own are less.
    private func id(
        at offset: UInt64, _ view: borrowing StoreView
    ) throws(StoreError) -> UInt64 {
        var (low, high) = try bounds(offset, view)
        while low < high {
            let middle = low + (high - low) / 2
            var upTo: UInt64 = 0
            for range in ranges { upTo += try range.rank(behind: middle, view) - range.low }
            if upTo > offset { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Two ids between which the one at an offset is.
    ///
    /// Of its first n keys one of k lists has n/k at least, and none has more than n; from the other end likewise.
    /// Ids that are spread evenly leave a handful of steps.
    private func bounds(
        _ offset: UInt64, _ view: borrowing StoreView
    ) throws(StoreError) -> (low: UInt64, high: UInt64) {
        let lists = UInt64(others.count + 1)
        let fromLow = (whole: offset + 1, share: (offset + lists) / lists)
        let fromHigh = (whole: count - offset, share: (count - offset + lists - 1) / lists)
        var (least, most): (UInt64, UInt64) = (.max, 0)
        var (low, high): (UInt64, UInt64) = (0, .max)
        for range in ranges {
            if fromLow.share <= range.count {
                least = min(least, try range.id(at: range.low + fromLow.share - 1, view))
            }
            if fromHigh.share <= range.count {
                most = max(most, try range.id(at: range.high - fromHigh.share, view))
            }
            if fromLow.whole <= range.count {
                high = min(high, try range.id(at: range.low + fromLow.whole - 1, view))
            }
            if fromHigh.whole <= range.count {
                low = max(low, try range.id(at: range.high - fromHigh.whole, view))
            }
        }
        return (max(low, least), min(high, most))
    }
}

extension ListRange {
    /// The rank behind an id, within the range.
    fileprivate func rank(
        behind id: UInt64, _ view: borrowing StoreView
    ) throws(StoreError) -> UInt64 {
        max(low, min(high, try view.rank(of: UInt128(id) + 1, self)))
    }

    /// The id at a rank of the list, which has it.
    fileprivate func id(
        at rank: UInt64, _ view: borrowing StoreView
    ) throws(StoreError) -> UInt64 {
        guard let key = try view.key(at: rank, of: self) else {
            throw .corrupted(what: "a list of orders that ends before its count")
        }
        return key.recordID
    }
}
