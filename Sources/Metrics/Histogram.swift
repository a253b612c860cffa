/// What the buckets of a histogram stand for: bounds that are powers of two, so that a value finds its
/// bucket by counting leading zeros.
public enum Buckets: Sendable {
    /// Times in microseconds: 8, 16, … 16 777 216, and above.
    case microseconds
    /// Numbers: 1, 2, 4, … 2 097 152, and above.
    case numbers

    private var firstBit: Int { self == .microseconds ? Limits.firstTimeBit : 0 }

    /// The bucket whose bound is the smallest that a value does not exceed.
    @inline(__always)
    public func index(of value: UInt64) -> Int {
        let below = (Swift.max(value, 1) - 1) | ((1 << UInt64(firstBit)) - 1)
        let bits = UInt64.bitWidth - below.leadingZeroBitCount
        return Swift.min(bits - firstBit, Limits.buckets - 1)
    }

    /// The largest value of a bucket; nil for the last, which has no bound.
    public func bound(_ index: Int) -> UInt64? {
        index < Limits.buckets - 1 ? 1 << UInt64(index + firstBit) : nil
    }
}

/// A histogram as it stands at one moment.
public struct HistogramValues: Equatable, Sendable {
    /// What the buckets stand for.
    public let buckets: Buckets
    /// Values in each bucket, `Limits.buckets` of them.
    public private(set) var counts = [UInt64](repeating: 0, count: Limits.buckets)
    /// Sum of all values, in microseconds where they are times.
    public private(set) var sum: UInt64 = 0

    /// Without a value.
    public init(_ buckets: Buckets) { self.buckets = buckets }

    /// As it was told: counts beyond the buckets are left out, those that are missing are 0.
    public init(_ buckets: Buckets, counts told: some Sequence<UInt64>, sum: UInt64 = 0) {
        self.buckets = buckets
        self.sum = sum
        for (index, count) in told.enumerated() where index < counts.count { counts[index] = count }
    }

    /// Values that were counted.
    public var count: UInt64 { counts.reduce(0, +) }

    /// What was counted after an earlier moment; a counter that began anew since counts from 0.
    public func since(_ earlier: HistogramValues) -> HistogramValues {
        HistogramValues(
            buckets, counts: zip(counts, earlier.counts).map { $0 > $1 ? $0 - $1 : 0 })
    }

    /// The value that a share of all values does not exceed, as if those of a bucket lay evenly in it
    /// (Prometheus' histogram_quantile does the same); nil without a value.
    public func quantile(_ share: Double) -> Double? {
        let wanted = share * Double(count)
        var below = 0.0
        var lower = 0.0
        for (index, inBucket) in counts.enumerated() {
            guard let upper = buckets.bound(index).map({ Double($0) }) else { break }
            let reached = below + Double(inBucket)
            if inBucket > 0, reached >= wanted {
                return lower + (upper - lower) * (wanted - below) / Double(inBucket)
            }
            (below, lower) = (reached, upper)
        }
        return count > 0 ? lower : nil
    }

    /// Adds what another one of the same buckets has counted.
    public mutating func add(_ other: HistogramValues) {
        for index in counts.indices { counts[index] += other.counts[index] }
        sum += other.sum
    }

    /// Adds the values of a series that lies in counters from `start` on.
    public mutating func add(_ counters: Counters, at start: Int) {
        for index in counts.indices { counts[index] += counters[start + index] }
        sum += counters[start + Limits.buckets]
    }
}

/// A histogram that one thread counts in and any thread may read.
public final class Histogram: Sendable {
    private let buckets: Buckets
    private let counters = Counters(count: Limits.seriesSlots)

    /// Makes an empty one.
    public init(_ buckets: Buckets) { self.buckets = buckets }

    deinit { counters.deallocate() }

    /// Counts a value. To be called on one thread only.
    public func record(_ value: Int64) {
        let value = UInt64(max(value, 0))
        counters.add(1, to: buckets.index(of: value))
        counters.add(value, to: Limits.buckets)
    }

    /// What was counted so far.
    public var values: HistogramValues {
        var values = HistogramValues(buckets)
        values.add(counters, at: 0)
        return values
    }
}
