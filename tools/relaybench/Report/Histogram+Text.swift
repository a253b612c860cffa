import Glibc

/// HdrHistogram's percentile distribution, the text that its plotting tools read (`.hgrm`).
extension Histogram {
    /// One line of the distribution.
    struct Step {
        /// The value, in the histogram's unit.
        let value: Int64
        /// Percent of all values that do not exceed it.
        let percentile: Double
        /// So many values.
        let count: Int
    }

    /// The distribution in steps that become finer towards 100 %: `ticks` of them for each halving
    /// of the distance.
    func steps(ticks: Int = Limits.percentileTicks) -> [Step] {
        var steps: [Step] = []
        var level = 0.0
        var seen = 0
        for (value, times) in used {
            seen += times
            let percentile = 100 * Double(seen) / Double(count)
            // A counter of many values stands for several levels; the text has a line for each.
            while level <= percentile {
                steps.append(Step(value: highestEquivalent(value), percentile: level, count: seen))
                let halvings = log2(100 / (100 - level)).rounded(.down) + 1
                level += 100 / (Double(ticks) * exp2(halvings))
                if seen == count { break }
            }
        }
        if count > 0 { steps.append(Step(value: max, percentile: 100, count: count)) }
        return steps
    }

    /// The whole text.
    ///
    /// - Parameter unit: values are divided by it: 1 000 000 makes milliseconds of nanoseconds.
    func percentileText(unit: Double = 1_000_000) -> String {
        var text = "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"
        for step in steps() {
            text += Figure.fixed(Double(step.value) / unit, 3, width: 12)
            text += " " + Figure.fixed(step.percentile / 100, 12, width: 2)
            text += " " + Figure.right("\(step.count)", 10)
            if step.percentile < 100 {
                text += " " + Figure.fixed(1 / (1 - step.percentile / 100), 2, width: 14)
            }
            text += "\n"
        }
        let (buckets, subBuckets) = layout
        text += "#[Mean    = \(Figure.fixed(mean / unit, 3, width: 12)), "
        text += "StdDeviation   = \(Figure.fixed(deviation / unit, 3, width: 12))]\n"
        text += "#[Max     = \(Figure.fixed(Double(max) / unit, 3, width: 12)), "
        text += "Total count    = \(Figure.right("\(count)", 12))]\n"
        text += "#[Buckets = \(Figure.right("\(buckets)", 12)), "
        text += "SubBuckets     = \(Figure.right("\(subBuckets)", 12))]\n"
        return text
    }
}
