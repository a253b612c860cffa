import Testing

@testable import relaybench

/// The data and the expected values are those of HdrHistogram's own HistogramDataAccessTest.
@Suite struct HistogramTests {
    static let highest: Int64 = 3_600 * 1_000 * 1_000

    /// 10 000 values of 1 000 and one of 100 000 000.
    static func raw() -> Histogram {
        let histogram = Histogram(highest: highest, digits: 3)
        histogram.record(1_000, times: 10_000)
        histogram.record(100_000_000)
        return histogram
    }

    /// The same, with the values that a standstill of 100 s kept from being measured each 10 ms.
    static func corrected() -> Histogram {
        let histogram = raw()
        var missing: Int64 = 100_000_000 - 10_000
        while missing >= 10_000 {
            histogram.record(missing)
            missing -= 10_000
        }
        return histogram
    }

    static func near(_ value: Double, _ expected: Double, _ share: Double = 0.001) -> Bool {
        (value - expected).magnitude <= expected * share
    }

    @Test("Counts and largest values are exact to the digits kept.")
    func counts() {
        #expect(Self.raw().count == 10_001)
        #expect(Self.corrected().count == 20_000)
        let histogram = Self.raw()
        let largest =
            histogram.lowestEquivalent(100_000_000)...histogram.highestEquivalent(100_000_000)
        #expect(largest.contains(histogram.max))
        #expect(histogram.min == 1_000)
    }

    @Test("Mean and standard deviation are those of the reference.")
    func moments() {
        let mean = (1_000.0 * 10_000 + 100_000_000) / 10_001
        #expect(Self.near(Self.raw().mean, mean))
        #expect(Self.near(Self.corrected().mean, (1_000.0 + 50_000_000) / 2))
        let near = 10_000 * (1_000 - mean) * (1_000 - mean)
        let far = (100_000_000 - mean) * (100_000_000 - mean)
        #expect(Self.near(Self.raw().deviation, ((near + far) / 10_001).squareRoot()))
        #expect(Self.near(Self.corrected().deviation, 32_274_861))
    }

    @Test(
        "Percentiles are those of the reference.",
        arguments: [
            (30.0, 1_000.0, 1_000.0), (50, 1_000, 1_000), (75, 1_000, 50_000_000),
            (90, 1_000, 80_000_000), (99, 1_000, 98_000_000), (99.99, 1_000, 99_980_000),
            (99.999, 100_000_000, 100_000_000), (100, 100_000_000, 100_000_000),
        ])
    func percentiles(percent: Double, raw: Double, corrected: Double) {
        #expect(Self.near(Double(Self.raw().value(atPercentile: percent)), raw))
        #expect(Self.near(Double(Self.corrected().value(atPercentile: percent)), corrected))
    }

    @Test("Sub-buckets are as wide as the reference has them.")
    func layout() {
        let histogram = Histogram(highest: Self.highest, digits: 3)
        #expect(histogram.layout.subBuckets == 2_048)
        #expect(histogram.layout.buckets == 22)
        // Of the reference's test of equivalent values, at a unit of 1.
        #expect(histogram.lowestEquivalent(10_007) == 10_000)
        #expect(histogram.lowestEquivalent(10_009) == 10_008)
        #expect(histogram.highestEquivalent(8_180) == 8_183)
        #expect(histogram.highestEquivalent(8_191) == 8_191)
        #expect(histogram.highestEquivalent(8_193) == 8_199)
        #expect(histogram.highestEquivalent(9_995) == 9_999)
        #expect(histogram.highestEquivalent(10_007) == 10_007)
    }

    @Test("Every value is found again, to the digits kept.")
    func round() {
        for value in stride(from: Int64(1), to: 3_000_000_000, by: 7_654_321) {
            let histogram = Histogram(highest: Self.highest, digits: 3)
            histogram.record(value)
            #expect(Self.near(Double(histogram.value(atPercentile: 50)), Double(value)))
            #expect(histogram.value(atPercentile: 50) == histogram.max)
        }
    }

    @Test("What is longer than the longest counts as the longest, not as nothing.")
    func overflow() {
        let histogram = Histogram(highest: 1_000, digits: 2)
        histogram.record(5_000)
        histogram.record(-5)
        #expect(histogram.count == 2)
        #expect(histogram.max >= 1_000)
        #expect(histogram.min == 0)
    }

    @Test("Histograms of several threads add up.")
    func sums() {
        let sum = Self.raw()
        sum.add(Self.corrected())
        #expect(sum.count == 30_001)
        sum.reset()
        #expect(sum.count == 0 && sum.max == 0 && sum.value(atPercentile: 99) == 0)
    }

    @Test("The distribution's text begins, halves and ends as HdrHistogram writes it.")
    func text() {
        let lines = Self.corrected().percentileText(unit: 1).split(separator: "\n")
        #expect(lines[0] == "       Value     Percentile TotalCount 1/(1-Percentile)")
        #expect(lines[1] == "    1000.000 0.000000000000      10000           1.00")
        #expect(lines[2] == "    1000.000 0.100000000000      10000           1.11")
        #expect(lines[6] == "    1000.000 0.500000000000      10000           2.00")
        let last = lines[lines.count - 4]
        #expect(last == "100007935.000 1.000000000000      20000")
        #expect(lines[lines.count - 3].hasPrefix("#[Mean    = "))
        #expect(lines.last == "#[Buckets =           22, SubBuckets     =         2048]")
    }
}
