import Options

/// `relaybench report`: one page that needs nothing but a browser.
struct ReportPage {
    let report: SavedReport
    /// The run that is shown first: the last one.
    var run: SavedReport.Tree { report.runs[report.runs.count - 1] }

    /// The latency distribution of that run.
    var distribution: Chart { ReportCharts(report: report, run: run).distribution }

    /// The whole page.
    var html: String {
        let title = "relaybench: \(report.scenarios.joined(separator: ", "))"
        var text = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        text += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        text += "<title>\(HTML.escape(title))</title>\n<style>\n\(HTML.style)</style>\n</head>\n"
        text += "<body>\n<main>\n" + head + tiles + warnings
        let charts = ReportCharts(report: report, run: run)
        text += "<h2>Latency distribution</h2>\n" + charts.distribution.svg
        text += "<h2>Throughput over time</h2>\n" + charts.throughput.svg
        text += "<h2>Latency over time</h2>\n" + charts.latencies.svg
        text += "<h2>Scenarios</h2>\n" + scenarioTable + errorTable + thresholdTable
        text += runTable + searchTable + serverTable
        text += "<h2>Measured on</h2>\n" + machineTable
        return text + "</main>\n</body>\n</html>\n"
    }

    // MARK: Head

    private var head: String {
        let workload = report.root["load"]
        var words: [String] = []
        switch workload?["mode"]?.text {
        case "rate":
            let rate = workload?["rate"]?.number.map { Figure.rate($0) } ?? "–"
            words.append("open loop, \(rate)/s in total")
        case "stages": words.append("open loop, stages \(workload?["stages"]?.text ?? "")")
        case "ramp":
            words.append(
                "open loop, from \(count(workload?["from"])) to \(count(workload?["to"]))/s")
        default: words.append("closed loop")
        }
        words.append("\(count(workload?["connections"])) connections")
        words.append("\(count(workload?["streams"])) streams each")
        words.append("threads: \(count(workload?["threads"]))")
        let target = workload?["unix"]?.text ?? workload?["loopback"]?.text ?? ""
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
        switch report.root["ended"]?.text {
        case "interrupted": lines.append("The run was interrupted.")
        case "aborted": lines.append("The run was ended early, by a threshold that was missed.")
        case "failed": lines.append("The run failed.")
        default: break
        }
        if let limit = run["serverStreamLimit"] {
            lines.append(
                "The server allows \(count(limit)) streams a connection: no more were used.")
        }
        if let error = report.root["error"]?.text { lines.append(error) }
        if lines.isEmpty { return "" }
        return "<div class=\"warning\">\n"
            + lines.map { "<p>\(HTML.escape($0))</p>" }.joined(separator: "\n") + "\n</div>\n"
    }

    // MARK: Command

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

extension ReportPage {
    func count(_ tree: SavedReport.Tree?) -> String {
        tree?.number.map { Figure.grouped(Int($0.rounded())) } ?? "–"
    }

    func time(_ tree: SavedReport.Tree?) -> String {
        tree?.number.map { Figure.time($0) } ?? "–"
    }
}
