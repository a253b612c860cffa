import Testing

@testable import Metrics

@Suite struct HistogramTests {
    @Test("A value is counted in the first bucket whose bound it does not exceed.")
    func buckets() {
        for buckets in [Buckets.microseconds, .numbers] {
            for index in 0..<Limits.buckets - 1 {
                guard let bound = buckets.bound(index) else {
                    Issue.record("no bound of \(index)")
                    continue
                }
                #expect(buckets.index(of: bound) == index)
                #expect(buckets.index(of: bound + 1) == index + 1)
            }
            #expect(buckets.index(of: 0) == 0 && buckets.index(of: .max) == Limits.buckets - 1)
            #expect(buckets.bound(Limits.buckets - 1) == nil)
        }
        #expect(Buckets.microseconds.bound(0) == 8 && Buckets.numbers.bound(0) == 1)
    }

    @Test("What was recorded is there: its number, its sum, and nothing below 0.")
    func record() {
        let histogram = Histogram(.microseconds)
        for value in [5, 9, 16, -3, 1 << 40] as [Int64] { histogram.record(value) }
        let values = histogram.values
        #expect(values.count == 5 && values.sum == 5 + 9 + 16 + 1 << 40)
        #expect(values.counts[0] == 2 && values.counts[1] == 2 && values.counts.last == 1)
    }

    @Test("A quantile lies in its bucket, in proportion to what was counted below.")
    func quantile() {
        #expect(HistogramValues(.numbers).quantile(0.5) == nil)
        // Four of at most 1, four of 2 to 4.
        let values = HistogramValues(.numbers, counts: [4, 0, 4])
        #expect(values.quantile(0.25) == 0.5)
        #expect(values.quantile(0.75) == 3)
        #expect(values.quantile(1) == 4)
        // What has no bound is at least the last one.
        var large = [UInt64](repeating: 0, count: Limits.buckets)
        large[Limits.buckets - 1] = 1
        #expect(HistogramValues(.numbers, counts: large).quantile(0.5) == 2_097_152)
    }

    @Test("What came after an earlier moment is the difference, and never less than nothing.")
    func since() {
        let earlier = HistogramValues(.numbers, counts: [4, 1, 4])
        let later = HistogramValues(.numbers, counts: [5, 1, 2])
        #expect(later.since(earlier).counts.prefix(4) == [1, 0, 0, 0])
    }
}
