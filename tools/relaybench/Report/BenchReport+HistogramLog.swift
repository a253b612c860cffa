import CivilTime
import Options

/// HdrHistogram's log of intervals, format 1.3: a line for each second, which its tools plot, cut and add.
extension BenchReport {
    /// The whole text. Of several runs each has a tag.
    var histogramLog: String {
        let base = runs.first?.started ?? .now
        var text = "#[relaybench \(Version.text)]\n#[Histogram log format version 1.3]\n"
        text += "#[StartTime: \(Self.seconds(base.milliseconds)) (seconds since epoch), \(base)]\n"
        text += #""StartTimestamp","Interval_Length","Interval_Max","#
        text += #""Interval_Compressed_Histogram""# + "\n"
        for (index, run) in runs.enumerated() {
            let tag = runs.count > 1 ? "Tag=run\(index + 1)," : ""
            for (second, interval) in run.intervals.enumerated() where interval.requests > 0 {
                let start = run.started.milliseconds - base.milliseconds + 1_000 * Int64(second)
                text += "\(tag)\(Self.seconds(start)),1.000,"
                text += Figure.fixed(Double(interval.max) / 1e6, 3) + ",\(interval.encoded)\n"
            }
        }
        return text
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        Figure.fixed(Double(milliseconds) / 1_000, 3)
    }
}
