/// Stream ids that a client passed over when it opened a higher one.
///
/// RFC 9113 §5.1.1: opening a stream closes all idle lower ones, and a HEADERS frame on one of
/// them is a connection error. But late trailers on a stream that was open must stay harmless, so
/// the two have to be told apart.
struct SkippedStreamIDs {
    /// The highest stream that a HEADERS frame was seen on; -1 before the first.
    private(set) var highest: Int32 = -1
    private var ranges = Limits.SkippedRanges<(low: Int32, high: Int32)>(
        repeating: (0, -1))
    private var nextRange = 0

    /// Whether this is the stream after the highest one.
    @inline(__always)
    func isNext(_ id: Int32) -> Bool { id == highest &+ 2 }

    /// Notes that the next stream was opened.
    @inline(__always)
    mutating func advance() { highest &+= 2 }

    /// Notes that a higher stream than the next was opened.
    mutating func pass(_ id: Int32) {
        ranges[nextRange] = (highest + 2, id - 2)
        nextRange = (nextRange + 1) % ranges.count
        highest = id
    }

    /// Whether a stream was passed over lately.
    func contains(_ id: Int32) -> Bool {
        for index in ranges.indices
        where ranges[index].low <= id && id <= ranges[index].high {
            return true
        }
        return false
    }
}
