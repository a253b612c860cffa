import Options

/// `relaybench report`: one page that needs nothing but a browser.
struct ReportPage {
    let report: SavedReport
    /// The run that is shown: the last one.
    private var run: SavedReport.Tree { report.runs[report.runs.count - 1] }

    /// The whole page.
    var html: String {
        let title = "relaybench: \(report.scenarios.joined(separator: ", "))"
        var text = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        text += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        text += "<title>\(HTML.escape(title))</title>\n<style>\n\(HTML.style)</style>\n</head>\n"
        text += "<body>\n<main>\n" + head + tiles + warnings
        text += "<h2>Latency distribution</h2>\n" + distribution.svg
        text += "<h2>Throughput over time</h2>\n" + throughput.svg
        text += "<h2>Latency over time</h2>\n" + latencies.svg
        text += "<h2>Scenarios</h2>\n" + scenarioTable + thresholdTable + serverTable
        text += "<h2>Measured on</h2>\n" + machineTable
        return text + "</main>\n</body>\n</html>\n"
    }

    // MARK: Head

    private var head: String {
        let load = report.root["load"]
        var words: [String] = []
        switch load?["mode"]?.text {
        case "rate": words.append("open loop, \(count(load?["rate"]))/s in total")
        case "ramp":
            words.append("open loop, from \(count(load?["from"])) to \(count(load?["to"]))/s")
        default: words.append("closed loop")
        }
        words.append("\(count(load?["connections"])) connections")
        words.append("\(count(load?["streams"])) streams each")
        words.append("threads: \(count(load?["threads"]))")
        let target = load?["unix"]?.text ?? load?["loopback"]?.text ?? ""
        var text = "<h1>\(HTML.escape(report.scenarios.joined(separator: ", ")))</h1>\n"
        text += "<p class=\"soft\">\(HTML.escape(words.joined(separator: " · ")))</p>\n"
        text += "<p class=\"soft\">\(HTML.escape(target)) · "
        text += "\(HTML.escape(report.root["time"]?.text ?? ""))</p>\n"
        return text
    }

    private var tiles: String {
        let tiles: [(String, String)] = [
            (count(run["rate"]), "requests per second"),
            (time(run["latency", "p50"]), "p50"), (time(run["latency", "p99"]), "p99"),
            (time(run["latency", "p9999"]), "p99.99"), (count(run["errors"]), "errors"),
            (
                run["server", "cpuMicrosecondsPerRequest"]?.number.map { Figure.time($0) } ?? "–",
                "server CPU per request"
            ),
        ]
        let cells = tiles.map {
            "<div class=\"tile\"><b>\(HTML.escape($0.0))</b><span>\($0.1)</span></div>"
        }
        return "<div class=\"tiles\">\n" + cells.joined(separator: "\n") + "\n</div>\n"
    }

    private var warnings: String {
        var lines: [String] = []
        if report.clientWasLimit {
            lines.append("The client was the limit: these are not the server's figures.")
            lines += (report.root["clientLimits"]?.elements ?? []).compactMap(\.text)
        }
        if report.root["ended"]?.text == "interrupted" { lines.append("The run was interrupted.") }
        if let error = report.root["error"]?.text { lines.append(error) }
        if lines.isEmpty { return "" }
        return "<div class=\"warning\">\n"
            + lines.map { "<p>\(HTML.escape($0))</p>" }.joined(separator: "\n") + "\n</div>\n"
    }

    // MARK: Charts

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
        let values = series.flatMap { $0.points.map(\.y) }.filter { $0 > 0 }
        let finest = series.flatMap { $0.points.map(\.x) }.filter { $0 < 100 }.max() ?? 99
        let x = Axis.percentile(to: finest)
        let y = Axis.logarithmic(from: values.min() ?? 1, to: values.max() ?? 10) {
            Figure.roundTime($0)
        }
        return Chart(
            title: "Latency distribution", series: series, x: x.scale, y: y.scale,
            xMarks: x.marks, yMarks: y.marks, xTitle: "percentile", yTitle: "latency")
    }

    private func steps(_ latency: SavedReport.Tree?) -> [(x: Double, y: Double)] {
        (latency?["distribution"]?.elements ?? []).compactMap { step in
            guard let percent = step.elements.first?.number,
                let value = step.elements.last?.number
            else { return nil }
            return (percent, value)
        }
    }

    private var throughput: Chart {
        let requests = points(intervals, "requests")
        let errors = points(intervals, "errors")
        let x = timeAxis(intervals)
        let y = Axis.linear(to: requests.map(\.y).max() ?? 1) { Figure.round($0) }
        var series = [Chart.Series(name: "requests", style: "s0", points: requests)]
        if errors.contains(where: { $0.y > 0 }) {
            series.append(Chart.Series(name: "errors", style: "s1", points: errors))
        }
        return Chart(
            title: "Throughput over time", series: series, x: x.scale, y: y.scale,
            xMarks: x.marks, yMarks: y.marks, xTitle: "seconds", yTitle: "requests/s")
    }

    private var latencies: Chart {
        let series = [("max", "s1 dashed"), ("p99", "s1"), ("p50", "s0")].map { name, style in
            Chart.Series(name: name, style: style, points: points(intervals, name))
        }
        let values = series.flatMap { $0.points.map(\.y) }.filter { $0 > 0 }
        let x = timeAxis(intervals)
        let y = Axis.logarithmic(from: values.min() ?? 1, to: values.max() ?? 10) {
            Figure.roundTime($0)
        }
        return Chart(
            title: "Latency over time", series: series, x: x.scale, y: y.scale,
            xMarks: x.marks, yMarks: y.marks, xTitle: "seconds", yTitle: "latency")
    }

    /// Whole seconds only: what comes late makes a last one that would look like a collapse.
    private var intervals: [SavedReport.Tree] {
        let all = run["intervals"]?.elements ?? []
        let milliseconds = report.root["load", "durationMilliseconds"]?.number ?? 0
        let interrupted = run["interrupted"]?.isTrue ?? false
        let whole = Int(interrupted ? run["seconds"]?.number ?? 0 : milliseconds / 1_000)
        return whole > 0 ? Array(all.prefix(whole)) : all
    }

    private func points(
        _ intervals: [SavedReport.Tree], _ name: String
    ) -> [(x: Double, y: Double)] {
        intervals.compactMap { interval in
            guard let second = interval["second"]?.number, let value = interval[name]?.number
            else { return nil }
            return (second, value)
        }
    }

    private func timeAxis(
        _ intervals: [SavedReport.Tree]
    ) -> (scale: (Double) -> Double, marks: [Chart.Mark]) {
        let last = Double(max(1, intervals.count - 1))
        let axis = Axis.linear(to: last) { Figure.round($0) }
        // A round end would leave a gap on the right: only marks within the run are shown.
        let marks = axis.marks.compactMap { mark -> Chart.Mark? in
            let place = mark.place / axis.scale(last)
            return place <= 1 ? Chart.Mark(place: place, label: mark.label) : nil
        }
        return ({ $0 / last }, marks)
    }

    private func count(_ tree: SavedReport.Tree?) -> String {
        tree?.number.map { Figure.grouped(Int($0.rounded())) } ?? "–"
    }

    private func time(_ tree: SavedReport.Tree?) -> String {
        tree?.number.map { Figure.time($0) } ?? "–"
    }
}

/// The tables, and the verb.
extension ReportPage {
    private var scenarioTable: String {
        let rows = (run["scenarios"]?.elements ?? []).map { part in
            [part["name"]?.text ?? "", count(part["requests"]), count(part["errors"])]
                + ["p50", "p90", "p99", "p999", "p9999", "max", "mean"].map {
                    time(part["latency", $0])
                }
        }
        return HTML.table(
            [
                "scenario", "requests", "errors", "p50", "p90", "p99", "p99.9", "p99.99", "max",
                "mean",
            ], rows)
    }

    private var thresholdTable: String {
        let thresholds = report.root["thresholds"]?.elements ?? []
        if thresholds.isEmpty { return "" }
        var text = "<h2>Thresholds</h2>\n"
        for threshold in thresholds {
            let holds = threshold["holds"]?.isTrue ?? false
            text += "<p><span class=\"\(holds ? "kept" : "missed")\">"
            text += "\(holds ? "kept" : "missed")</span> "
            text += HTML.escape(threshold["threshold"]?.text ?? "")
            text += threshold["figure"]?.number.map { " (\(Figure.short($0)))" } ?? ""
            text += "</p>\n"
        }
        return text
    }

    private var serverTable: String {
        guard let server = run["server"] else { return "" }
        let share = server["busiestThread"]?.number.map { "\(Figure.short($0 * 100)) %" } ?? "–"
        return "<h2>Server and client</h2>\n"
            + HTML.table(
                ["", "server", "client"],
                [
                    [
                        "CPU per request", time(server["cpuMicrosecondsPerRequest"]),
                        time(run["client", "cpuMicrosecondsPerRequest"]),
                    ],
                    [
                        "busiest thread", share,
                        run["client", "busiestThread"]?.number
                            .map { "\(Figure.short($0 * 100)) %" } ?? "–",
                    ],
                    ["anonymous memory, KiB", count(server["anonymousKilobytesAfter"]), ""],
                    ["context switches", count(server["contextSwitches"]), ""],
                    [
                        "minor, major faults",
                        count(server["minorFaults"]) + ", "
                            + count(server["majorFaults"]), "",
                    ],
                ])
    }

    private var machineTable: String {
        let machine = report.root["machine"]?.members ?? []
        return HTML.table(
            ["", ""],
            machine.map { name, value -> [String] in
                if name == "memoryKilobytes", let kilobytes = value.number {
                    return ["memory", "\(Figure.short(kilobytes / 1_048_576)) GiB"]
                }
                return [name, value.text ?? value.number.map { Figure.grouped(Int($0)) } ?? ""]
            })
    }

    /// Carries out the verb.
    static func run(_ arguments: Arguments) throws(BenchError) -> ExitCode {
        let (html, svg) = (arguments[BenchOptions.html], arguments[BenchOptions.svg])
        if html == nil, svg == nil { throw .usage("give --html FILE or --svg FILE") }
        let page = ReportPage(report: try SavedReport(arguments[BenchOptions.report]))
        if let html { try TextFile.write(Array(page.html.utf8), to: html) }
        if let svg { try TextFile.write(Array(page.distribution.picture.utf8), to: svg) }
        return .success
    }
}
