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
        text += searchText
        for judgement in judgements where judgement.isAsked || judgement.holds == false {
            let figure = judgement.threshold.describe(judgement.figure)
            let word =
                switch judgement.holds {
                case true?: "kept  "
                case false?: "MISSED"
                case nil: "not judged"
                }
            text += "\(word) \(judgement.threshold.text)  (\(figure))\n"
        }
        if !clientLimits.isEmpty {
            text += "\nTHE CLIENT WAS THE LIMIT: these are not the server's figures.\n"
            for reason in Set(clientLimits).sorted() { text += "  \(reason)\n" }
        }
        switch end {
        case .interrupted: text += "\nInterrupted: the figures are of the time until then.\n"
        case .aborted: text += "\nEnded early, by a threshold that was missed.\n"
        case .failed: text += "\nThe run failed: \(error ?? "\(BenchError.serverGone)").\n"
        case .finished: break
        }
        return text
    }

    private var searchText: String {
        guard let search else { return "" }
        if let rate = search.rate {
            return "Highest rate that keeps it: \(Figure.rate(rate)) requests/s\n"
        }
        if let limit = search.clientLimit {
            let known = search.atLeast.map { "\(Figure.rate($0)) requests/s keep it" }
            return "The search ended at \(Figure.rate(limit)) requests/s, where relaybench itself "
                + "was the limit: \(known ?? "no lower rate was tried").\n"
        }
        if end != .finished { return "The search did not come to its end.\n" }
        return "No rate keeps the threshold.\n"
    }

    private func describe(_ run: RunResult) -> String {
        var text = "\(Figure.grouped(run.all.requests)) requests in \(Figure.short(run.seconds)) s"
        text += ", \(Figure.grouped(Int(run.rate.rounded())))/s"
        text += ", \(Figure.short(Double(run.all.bytes) / run.seconds / 1_000_000)) MB/s"
        text += ", \(Figure.grouped(run.all.errors)) errors\n\n"
        let isOpen = workload?.schedule.isOpen ?? false
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
            if let failure = part.tally.firstFailure { text += "First: \(failure.text)\n" }
        }
        text += "\n" + statuses(run)
        if let limit = run.streamLimit {
            text += "The server allows \(limit) streams a connection: no more than that were used\n"
        }
        if run.reconnections > 0 || run.refused > 0 {
            text += "\(Figure.grouped(run.reconnections)) connections were opened again, "
            text += "\(Figure.grouped(run.refused)) requests that were refused were sent again\n"
        }
        text += "Client  \(Figure.short(run.clientMicroseconds)) µs CPU per request, "
        text += "busiest thread \(Figure.short(run.busiest * 100)) %, "
        text += "\(Figure.grouped(run.all.readWhole)) answers read whole\n"
        if let server = run.server {
            let spent = server.microsecondsPerRequest.map { "\(Figure.short($0)) µs" }
            text += "Server  \(spent ?? "unknown") CPU per request, "
            if server.processes > 1 { text += "\(server.processes) processes, " }
            text += "busiest thread \(Figure.short(server.busiest * 100)) %, "
            text += "RssAnon \(Figure.grouped(server.anonymousAfter)) KiB, "
            text += "\(Figure.grouped(server.contextSwitches)) context switches, "
            text += "\(server.minorFaults) minor and \(server.majorFaults) major faults\n"
            if let writer = server.writes {
                text += "Writer  \(Figure.grouped(writer.writes)) writes in "
                text += "\(Figure.grouped(writer.commits)) commits, which took "
                text += "\(Figure.time(writer.meanCommit)) on average; writes waited "
                text += "\(Figure.time(writer.meanWait)) for the writer\n"
            }
        }
        return text
    }

    /// How many answers had which status.
    private func statuses(_ run: RunResult) -> String {
        let counts = run.all.statuses.enumerated().filter { $0.offset > 0 && $0.element > 0 }
        if counts.isEmpty { return "" }
        let texts = counts.map { "\($0.offset) \(Figure.grouped($0.element))" }
        return "Status codes: \(texts.joined(separator: ", "))\n"
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

    /// A line for each second: second, requests, errors, p50, p99, max and the longest wait in
    /// microseconds; what is unknown, as no answer came, is empty.
    var timeSeries: String {
        var text = "run,second,requests,errors,p50_us,p99_us,max_us,waiting_us\n"
        for (index, run) in runs.enumerated() {
            for (second, interval) in run.intervals.enumerated() {
                let times = [interval.p50, interval.p99, interval.max].map {
                    interval.requests > 0 ? Figure.fixed(Double($0) / 1_000, 1) : ""
                }
                text += "\(index + 1),\(second),\(interval.requests),\(interval.errors),"
                text += times.joined(separator: ",")
                text += "," + Figure.fixed(Double(interval.waiting) / 1_000, 1) + "\n"
            }
        }
        return text
    }
}

extension Failure {
    /// Request, answer and what was expected, in a line.
    var text: String {
        var text = "\(method) \(path): \(fault.name)"
        if let status { text += " \(status)" }
        text += " at \(Figure.short(Double(at) / 1e9)) s"
        if !why.isEmpty { text += ", \(why)" }
        // Whatever a server sends must not reach the terminal as it is.
        let shown = body.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : "\($0)" }
        return body.isEmpty ? text : text + ": " + shown.joined()
    }
}
