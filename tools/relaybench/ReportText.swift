import JSON
import Options

/// The report as a person reads it.
extension BenchReport {
    /// The whole text.
    var text: String {
        var text = ""
        for (index, run) in runs.enumerated() {
            if runs.count > 1 { text += "Run \(index + 1) of \(runs.count)\n" }
            text += describe(run) + "\n"
        }
        if isSearch {
            text +=
                foundRate.map {
                    "Highest rate that keeps it: \(Figure.grouped(Int($0))) requests/s\n"
                } ?? "No rate keeps the threshold.\n"
        }
        for judgement in judgements where !judgement.holds || judgement.text != "errors<=0" {
            let figure = judgement.figure.map { Figure.short($0) } ?? "no figure"
            text += "\(judgement.holds ? "kept  " : "MISSED") \(judgement.text)  (\(figure))\n"
        }
        if !clientLimits.isEmpty {
            text += "\nTHE CLIENT WAS THE LIMIT: these are not the server's figures.\n"
            for reason in Set(clientLimits).sorted() { text += "  \(reason)\n" }
        }
        if end == .interrupted {
            text += "\nInterrupted: the figures are of the time until then.\n"
        }
        if runs.contains(where: \.isServerGone) {
            text += "\n\(BenchError.serverGone)\n"
        }
        return text
    }

    private func describe(_ run: RunResult) -> String {
        var text = "\(Figure.grouped(run.all.requests)) requests in \(Figure.short(run.seconds)) s"
        text += ", \(Figure.grouped(Int(run.rate.rounded())))/s"
        text += ", \(Figure.short(Double(run.all.bytes) / run.seconds / 1_000_000)) MB/s"
        text += ", \(Figure.grouped(run.all.errors)) errors\n\n"
        let isOpen = load?.schedule.isOpen ?? false
        text += Figure.left(isOpen ? "latency from the intended time" : "latency", 34)
        text += Self.heads + "\n"
        text += rows(run) { $0.corrected }
        if isOpen {
            text += "\n" + Figure.left("from the actual sending", 34) + Self.heads + "\n"
            text += rows(run) { $0.uncorrected }
        }
        for part in run.parts where part.tally.errors > 0 {
            let counts = Fault.allCases.filter { part.tally.faults[$0.rawValue] > 0 }
                .map { "\($0.name) \(part.tally.faults[$0.rawValue])" }
            text += "\nErrors of \(part.name): \(counts.joined(separator: ", "))\n"
        }
        text += "\nClient  \(Figure.short(run.clientMicroseconds)) µs CPU per request, "
        text += "busiest thread \(Figure.short(run.busiest * 100)) %, "
        text += "\(Figure.grouped(run.all.readWhole)) answers read whole\n"
        if let server = run.server {
            text += "Server  \(Figure.short(server.microsecondsPerRequest)) µs CPU per request, "
            text += "busiest thread \(Figure.short(server.busiest * 100)) %, "
            text += "RssAnon \(Figure.grouped(server.anonymousAfter)) KiB, "
            text += "\(Figure.grouped(server.contextSwitches)) context switches, "
            text += "\(server.minorFaults) minor and \(server.majorFaults) major faults\n"
        }
        return text
    }

    private static let heads = ["p50", "p90", "p99", "p99.9", "p99.99", "max", "mean", "stdev"]
        .map { Figure.right($0, 10) }.joined()

    private func rows(_ run: RunResult, _ histogram: (Tally) -> Histogram) -> String {
        var text = ""
        for part in run.parts {
            let share = "\(Figure.grouped(part.tally.requests))"
            text += "  " + Figure.left(part.name, 20) + Figure.right(share, 11) + " "
            text += Self.row(histogram(part.tally)) + "\n"
        }
        if run.parts.count > 1 {
            text += "  " + Figure.left("all", 20)
            text += Figure.right(Figure.grouped(run.all.requests), 11) + " "
            text += Self.row(histogram(run.all)) + "\n"
        }
        return text
    }

    private static func row(_ histogram: Histogram) -> String {
        var cells = [50, 90, 99, 99.9, 99.99].map {
            Double(histogram.value(atPercentile: $0)) / 1_000
        }
        cells += [Double(histogram.max) / 1_000, histogram.mean / 1_000]
        cells.append(histogram.deviation / 1_000)
        return cells.map { Figure.right(Figure.time($0), 10) }.joined()
    }

    /// A line for each second: second, requests, errors, p50, p99 and max in microseconds.
    var timeSeries: String {
        var text = "run,second,requests,errors,p50_us,p99_us,max_us\n"
        for (index, run) in runs.enumerated() {
            for (second, interval) in run.intervals.enumerated() {
                let times = [interval.p50, interval.p99, interval.max]
                    .map { Figure.fixed(Double($0) / 1_000, 1) }
                text += "\(index + 1),\(second),\(interval.requests),\(interval.errors),"
                text += times.joined(separator: ",") + "\n"
            }
        }
        return text
    }
}
