import Glibc

/// A High Dynamic Range histogram, as Gil Tene's HdrHistogram lays it out: buckets that double in
/// width, each divided into equal sub-buckets, so that every value is kept to the same number of
/// significant digits at the cost of one shift and one addition.
///
/// Values are nanoseconds from 0 up. One that is too large counts as the largest.
final class Histogram {
    /// Decimal digits that a value keeps.
    let digits: Int
    /// Values counted.
    private(set) var count = 0
    /// The largest value counted, to the digits kept.
    var max: Int64 { count == 0 ? 0 : highestEquivalent(largest) }
    /// The smallest value counted, to the digits kept.
    var min: Int64 { count == 0 ? 0 : lowestEquivalent(smallest) }

    private var largest: Int64 = 0
    private var smallest = Int64.max
    let highest: Int64
    private let halfMagnitude: Int
    private let subBuckets: Int
    private let mask: Int64
    let counts: UnsafeMutableBufferPointer<Int>

    /// Makes an empty histogram.
    ///
    /// - Parameters:
    ///   - highest: the largest value that can be told from others.
    ///   - digits: 1…5.
    init(highest: Int64 = Limits.longestLatency, digits: Int = Limits.latencyDigits) {
        precondition((1...5).contains(digits) && highest >= 2, "1 to 5 digits of a value from 2 up")
        self.digits = digits
        self.highest = highest
        var unit = 2
        for _ in 0..<digits { unit *= 10 }
        // The smallest power of two that tells 2 × 10^digits values apart.
        let magnitude = Int.bitWidth - (unit - 1).leadingZeroBitCount
        halfMagnitude = magnitude - 1
        subBuckets = 1 << magnitude
        mask = Int64(subBuckets - 1)
        var buckets = 1
        var covered = Int64(subBuckets)
        while covered <= highest {
            covered <<= 1
            buckets += 1
        }
        // SAFETY: freed in deinit.
        counts = .allocate(capacity: (buckets + 1) * (subBuckets / 2))
        counts.initialize(repeating: 0)
    }

    deinit { counts.deallocate() }

    /// Counts a value.
    @inline(__always)
    func record(_ value: Int64, times: Int = 1) {
        let value = Swift.min(Swift.max(value, 0), highest)
        counts[index(of: value)] += times
        count += times
        if value > largest { largest = value }
        if value < smallest { smallest = value }
    }

    /// Adds what another histogram of the same layout has counted.
    func add(_ other: Histogram) {
        precondition(other.counts.count == counts.count, "histograms of one layout")
        for index in counts.indices { counts[index] += other.counts[index] }
        count += other.count
        largest = Swift.max(largest, other.largest)
        smallest = Swift.min(smallest, other.smallest)
    }

    /// Forgets everything.
    func reset() {
        counts.update(repeating: 0)
        count = 0
        largest = 0
        smallest = .max
    }

    // MARK: Layout

    private func index(of value: Int64) -> Int {
        let bucket = Int64.bitWidth - halfMagnitude - 1 - (value | mask).leadingZeroBitCount
        let sub = Int(value >> Int64(bucket))
        return (bucket << halfMagnitude) + sub
    }

    /// The smallest value that falls into a counter.
    func value(at index: Int) -> Int64 {
        let bucket = Swift.max(0, (index >> halfMagnitude) - 1)
        return Int64(index - (bucket << halfMagnitude)) << Int64(bucket)
    }

    /// Width of the counter that a value falls into.
    private func width(_ value: Int64) -> Int64 {
        1 << Int64(Int64.bitWidth - halfMagnitude - 1 - (value | mask).leadingZeroBitCount)
    }

    /// The smallest value that is the same to the digits kept.
    func lowestEquivalent(_ value: Int64) -> Int64 { self.value(at: index(of: value)) }

    /// The largest value that is the same to the digits kept.
    func highestEquivalent(_ value: Int64) -> Int64 { lowestEquivalent(value) + width(value) - 1 }

    private func medianEquivalent(_ value: Int64) -> Int64 {
        lowestEquivalent(value) + width(value) / 2
    }

    // MARK: Figures

    /// The value that so many percent of all values do not exceed, to the digits kept.
    func value(atPercentile percentile: Double) -> Int64 {
        if count == 0 { return 0 }
        // One step down, so that rounding never asks for one value more than the percentile says.
        let wanted = (Swift.min(percentile, 100).nextDown * Double(count) / 100).rounded(.up)
        let rank = Swift.max(1, Int(wanted))
        var seen = 0
        for index in counts.indices where counts[index] > 0 {
            seen += counts[index]
            if seen >= rank { return highestEquivalent(value(at: index)) }
        }
        return max
    }

    /// Arithmetic mean.
    var mean: Double {
        if count == 0 { return 0 }
        var sum = 0.0
        for (value, times) in used { sum += Double(medianEquivalent(value)) * Double(times) }
        return sum / Double(count)
    }

    /// Standard deviation.
    var deviation: Double {
        if count == 0 { return 0 }
        let mean = mean
        var sum = 0.0
        for (value, times) in used {
            let distance = Double(medianEquivalent(value)) - mean
            sum += distance * distance * Double(times)
        }
        return (sum / Double(count)).squareRoot()
    }

    /// Values counted, ascending, with how often each was.
    var used: [(value: Int64, times: Int)] {
        counts.indices.lazy.filter { self.counts[$0] > 0 }
            .map { (self.value(at: $0), self.counts[$0]) }
    }

    /// Buckets and sub-buckets, as the text format names them.
    var layout: (buckets: Int, subBuckets: Int) {
        (counts.count / (subBuckets / 2) - 1, subBuckets)
    }
}
