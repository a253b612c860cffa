/// The tables of a page.
extension ReportPage {
    var scenarioTable: String {
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

    var thresholdTable: String {
        let thresholds = report.root["thresholds"]?.elements ?? []
        if thresholds.isEmpty { return "" }
        var text = "<h2>Thresholds</h2>\n"
        for threshold in thresholds {
            // Without a verdict it could not be judged.
            let (style, word) =
                threshold["holds"].map { $0.isTrue ? ("kept", "kept") : ("missed", "missed") }
                ?? ("unjudged", "not judged")
            text += "<p><span class=\"\(style)\">\(word)</span> "
            text += HTML.escape(threshold["threshold"]?.text ?? "")
            let known = try? Threshold(threshold["threshold"]?.text ?? "")
            text +=
                known.map { HTML.escape(" (\($0.describe(threshold["figure"]?.number)))") } ?? ""
            text += "</p>\n"
        }
        return text
    }

    /// Status codes, and the first answer that failed, of scenarios that had errors.
    var errorTable: String {
        var text = ""
        for part in run["scenarios"]?.elements ?? [] where (part["errors"]?.number ?? 0) > 0 {
            let faults = (part["faults"]?.members ?? [])
                .map { "\($0.name) \(count($0.value))" }.joined(separator: ", ")
            let statuses = (part["statuses"]?.elements ?? [])
                .map { "\(count($0["status"])): \(count($0["answers"]))" }.joined(separator: ", ")
            let name = HTML.escape(part["name"]?.text ?? "")
            text += "<p><span class=\"missed\">\(name)</span> \(HTML.escape(faults))"
            text += statuses.isEmpty ? "" : " · status codes \(HTML.escape(statuses))"
            text += "</p>\n"
            guard let first = part["firstFailure"] else { continue }
            let words = [
                "first", first["method"]?.text, first["path"]?.text, first["fault"]?.text,
                first["status"]?.number.map { "\(Int($0))" }, first["why"]?.text,
                first["body"]?.text,
            ]
            text += "<pre>\(HTML.escape(words.compactMap { $0 }.joined(separator: " ")))</pre>\n"
        }
        return text.isEmpty ? "" : "<h2>Errors</h2>\n" + text
    }

    /// All runs of `--repeat`, and the charts over time of those that are not shown above.
    var runTable: String {
        if report.runs.count < 2 { return "" }
        let rows = report.runs.enumerated().map { index, run in
            ["\(index + 1)", count(run["rate"]), count(run["errors"])]
                + ["p50", "p99", "p999", "max"].map { time(run["latency", $0]) }
                + [time(run["server", "cpuMicrosecondsPerRequest"])]
        }
        var text = "<h2>Runs</h2>\n"
        text += HTML.table(
            ["run", "requests/s", "errors", "p50", "p99", "p99.9", "max", "server CPU"], rows)
        for (index, run) in report.runs.dropLast().enumerated() {
            let charts = ReportCharts(report: report, run: run)
            text += "<details><summary>Run \(index + 1) over time</summary>\n"
            text += charts.throughput.svg + charts.latencies.svg + "</details>\n"
        }
        return text + "<p class=\"soft\">The charts above are those of the last run.</p>\n"
    }

    /// The steps of `--find-max`.
    var searchTable: String {
        let steps = report.root["search", "steps"]?.elements ?? []
        if steps.isEmpty { return "" }
        let rows = steps.map { step in
            [
                count(step["rate"]), step["figure"]?.number.map { Figure.short($0) } ?? "–",
                step["holds"]?.isTrue == true ? "kept" : "missed",
            ]
        }
        return "<h2>Search</h2>\n" + HTML.table(["requests/s", "figure", ""], rows)
    }

    var serverTable: String {
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

    var machineTable: String {
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
}
