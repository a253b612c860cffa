/// A set of page numbers below a bound: one bit a page.
public struct PageSet: Sendable {
    private var words: [UInt64]
    /// How many pages there are, in the set or not.
    public let bound: Int
    /// Pages in the set.
    public private(set) var count = 0

    /// An empty set of pages below `bound`.
    public init(below bound: Int) {
        self.bound = bound
        words = [UInt64](repeating: 0, count: (bound + 63) / 64)
    }

    /// Adds a page; false if it was there already.
    public mutating func insert(_ page: Int) -> Bool {
        let bit: UInt64 = 1 << UInt64(page & 63)
        if words[page >> 6] & bit != 0 { return false }
        words[page >> 6] |= bit
        count += 1
        return true
    }

    /// Adds neighbours, 64 at a time.
    public mutating func insert(_ pages: Range<Int>) {
        precondition(pages.lowerBound >= 0 && pages.upperBound <= bound, "pages below the bound")
        var page = pages.lowerBound
        while page < pages.upperBound {
            let end = min(pages.upperBound, (page | 63) + 1)
            let mask = (UInt64.max >> UInt64(64 - (end - page))) << UInt64(page & 63)
            count += (mask & ~words[page >> 6]).nonzeroBitCount
            words[page >> 6] |= mask
            page = end
        }
    }

    /// The pages in the set, in ascending order.
    public var pages: some Sequence<Int> {
        words.indices.lazy.flatMap { number in
            sequence(state: words[number]) { rest in
                if rest == 0 { return nil }
                defer { rest &= rest &- 1 }
                return number << 6 | rest.trailingZeroBitCount
            }
        }
    }

    /// Whether a page is in the set.
    @inline(__always)
    public func contains(_ page: Int) -> Bool {
        words[page >> 6] & (1 << UInt64(page & 63)) != 0
    }

    /// Whether any of these pages is in the set.
    public func intersects(_ pages: Range<Int>) -> Bool {
        var page = pages.lowerBound
        while page < pages.upperBound {
            if page & 63 == 0, page + 64 <= pages.upperBound {
                if words[page >> 6] != 0 { return true }
                page += 64
            } else {
                if contains(page) { return true }
                page += 1
            }
        }
        return false
    }
}
