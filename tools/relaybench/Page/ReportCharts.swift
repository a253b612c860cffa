/// The charts of one run.
struct ReportCharts {
    let report: SavedReport
    let run: SavedReport.Tree

    // MARK: Distribution

    /// Percentiles of each scenario, log against log: what is far to the right happens rarely.
    var distribution: Chart {
        var series: [Chart.Series] = []
        let scenarios = run["scenarios"]?.elements ?? []
        for (index, scenario) in scenarios.prefix(Limits.chartLines).enumerated() {
            series.append(
                Chart.Series(
                    name: scenario["name"]?.text ?? "", style: "s\(index)",
                    points: steps(scenario["latency"])))
        }
        // Where requests were due, the difference is what other tools do not see.
        if series.count == 1, report.root["load", "mode"]?.text != "closed" {
            series = [
                Chart.Series(
                    name: "from the actual sending", style: "s1 dashed",
                    points: steps(scenarios[0]["uncorrected"])),
                Chart.Series(
                    name: "from the intended time", style: "s0", points: series[0].points),
            ]
        }
        let limits = limits(ofLatency: true)
        let values = series.flatMap { $0.points.map(\.y) }.filter { $0 > 0 } + limits.map(\.y)
        let finest = series.flatMap { $0.points.map(\.x) }.filter { $0 < 100 }.max() ?? 99
        let x = Axis.percentile(to: finest)
        let y = Axis.logarithmic(from: values.min() ?? 1, to: values.max() ?? 10) {
            Figure.roundTime($0)
        }
        return Chart(
            title: "Latency distribution", series: series, x: x.scale, y: y.scale,
            xMarks: x.marks, yMarks: y.marks, xTitle: "percentile", yTitle: "latency",
            limits: limits, hovers: hovers(series, finest))
    }

    private func steps(_ latency: SavedReport.Tree?) -> [(x: Double, y: Double)] {
        (latency?["distribution"]?.elements ?? []).compactMap { step in
            guard let percent = step.elements.first?.number,
                let value = step.elements.last?.number
            else { return nil }
            return (percent, value)
        }
    }

    /// The value of each line at the percentiles of the first.
    private func hovers(_ series: [Chart.Series], _ finest: Double) -> [Chart.Hover] {
        guard let first = series.first else { return [] }
        return first.points.filter { $0.x <= finest }.map { point in
            let values = series.compactMap { line in
                line.points.first { $0.x >= point.x }.map {
                    "\(line.name) \(Figure.time($0.y))"
                }
            }
            return Chart.Hover(x: point.x, lines: ["\(Figure.fixed(point.x, 4)) %"] + values)
        }
    }

    // MARK: Over time

    /// Answers of each second, those that came when nothing was due any more among them.
    var throughput: Chart {
        let intervals = intervals
        let requests = intervals.compactMap { interval -> (x: Double, y: Double)? in
            guard let length = length(interval) else { return nil }
            return (interval.second, interval.requests / length)
        }
        let errors = intervals.map { (x: $0.second, y: $0.errors) }
        let limits = limits(ofLatency: false)
        let x = timeAxis(intervals)
        let y = Axis.linear(to: (requests.map(\.y) + limits.map(\.y)).max() ?? 1) {
            Figure.round($0)
        }
        var series = [Chart.Series(name: "requests", style: "s0", points: requests)]
        if errors.contains(where: { $0.y > 0 }) {
            series.append(Chart.Series(name: "errors", style: "s1", points: errors))
        }
        return Chart(
            title: "Throughput over time", series: series, x: x.scale, y: y.scale,
            xMarks: x.marks, yMarks: y.marks, xTitle: "seconds", yTitle: "requests/s",
            limits: limits, band: drain,
            hovers: columns(intervals) { interval in
                [
                    "\(Figure.grouped(Int(interval.requests))) requests",
                    "\(Figure.grouped(Int(interval.errors))) errors",
                ]
            })
    }

    /// Latencies of each second. Where no answer came there is none, but somebody waited: the longest
    /// wait is drawn with the largest latency, so that a standstill is the highest point.
    var latencies: Chart {
        let intervals = intervals
        let line = { (name: String, style: String, value: (Second) -> Double?) in
            Chart.Series(
                name: name, style: style,
                points: intervals.compactMap { interval in
                    value(interval).map { (x: interval.second, y: $0) }
                }, gap: 1.5)
        }
        let series = [
            line("longest wait", "s1 dashed") { $0.longest }, line("p99", "s1") { $0.p99 },
            line("p50", "s0") { $0.p50 },
        ]
        let limits = limits(ofLatency: true)
        let values = series.flatMap { $0.points.map(\.y) }.filter { $0 > 0 } + limits.map(\.y)
        let x = timeAxis(intervals)
        let y = Axis.logarithmic(from: values.min() ?? 1, to: values.max() ?? 10) {
            Figure.roundTime($0)
        }
        return Chart(
            title: "Latency over time", series: series, x: x.scale, y: y.scale,
            xMarks: x.marks, yMarks: y.marks, xTitle: "seconds", yTitle: "latency",
            limits: limits, band: drain,
            hovers: columns(intervals) { interval in
                let known = [
                    ("longest wait", interval.longest), ("p99", interval.p99),
                    ("p50", interval.p50),
                ]
                return known.map { "\($0) \($1.map { Figure.time($0) } ?? "no answer")" }
            })
    }

    /// A second of the run, as far as it is known.
    private struct Second {
        let second: Double
        let requests: Double
        let errors: Double
        let p50: Double?
        let p99: Double?
        /// Of the answers that came, and of the requests that had none.
        let longest: Double?
    }

    private var intervals: [Second] {
        (run["intervals"]?.elements ?? []).compactMap { interval in
            guard let second = interval["second"]?.number else { return nil }
            let requests = interval["requests"]?.number ?? 0
            let known = { (name: String) in requests > 0 ? interval[name]?.number : nil }
            let longest = max(known("max") ?? 0, interval["waiting"]?.number ?? 0)
            return Second(
                second: second, requests: requests, errors: interval["errors"]?.number ?? 0,
                p50: known("p50"), p99: known("p99"), longest: longest > 0 ? longest : nil)
        }
    }

    /// Seconds that an interval lasted: the last one of the load and the last one of all are cut
    /// short. Nil when it is too short for a rate.
    private func length(_ interval: Second) -> Double? {
        var length = 1.0
        for end in [sending, run["seconds"]?.number ?? .infinity] where end > interval.second {
            length = min(length, end - interval.second)
        }
        return length < 0.1 ? nil : length
    }

    /// Seconds in which requests were due.
    private var sending: Double {
        run["sendingSeconds"]?.number
            ?? (report.root["load", "durationMilliseconds"]?.number ?? .infinity) / 1_000
    }

    /// The time in which answers were waited for and nothing was due any more.
    private var drain: (from: Double, label: String)? {
        let last = intervals.last?.second ?? 0
        return last >= sending ? (sending, "waiting for late answers") : nil
    }

    /// What the pointer shows, for as many columns as can be told apart: of several seconds in one
    /// the worst.
    private func columns(
        _ intervals: [Second], _ lines: (Second) -> [String]
    ) -> [Chart.Hover] {
        let step = (intervals.count + Limits.hoverColumns - 1) / Limits.hoverColumns
        if step == 0 { return [] }
        return stride(from: 0, to: intervals.count, by: step).map { start in
            let group = intervals[start..<min(start + step, intervals.count)]
            let worst = group.max { $0.longest ?? 0 < $1.longest ?? 0 }!
            return Chart.Hover(
                x: worst.second, lines: ["second \(Int(worst.second))"] + lines(worst))
        }
    }

    private func timeAxis(
        _ intervals: [Second]
    ) -> (scale: (Double) -> Double, marks: [Chart.Mark]) {
        let last = Double(max(1, intervals.count - 1))
        let axis = Axis.linear(to: last) { Figure.round($0) }
        // A round end would leave a gap on the right: only marks within the run are shown.
        let marks = axis.marks.compactMap { mark -> Chart.Mark? in
            let position = mark.position / axis.scale(last)
            return position <= 1 ? Chart.Mark(position: position, label: mark.label) : nil
        }
        return ({ $0 / last }, marks)
    }

    /// The thresholds that lie on an axis.
    private func limits(ofLatency isLatency: Bool) -> [(y: Double, label: String)] {
        (report.root["thresholds"]?.elements ?? []).compactMap { tree in
            guard let text = tree["threshold"]?.text, let threshold = try? Threshold(text),
                let line = threshold.line, line.isLatency == isLatency, line.value > 0
            else { return nil }
            return (line.value, text)
        }
    }
}
