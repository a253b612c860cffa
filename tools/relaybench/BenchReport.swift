import Glibc
import JSON
import Options

/// All that `relaybench run` has to say: written as JSON (see REPORT.md) and as text.
struct BenchReport {
    /// How the program came to its end.
    enum End: String, Sendable {
        case finished
        case interrupted
        case failed
    }

    /// A threshold and whether it was kept.
    struct Judgement: Sendable {
        let text: String
        let figure: Double?
        let holds: Bool
    }

    /// One rate that a search tried.
    struct Step: Sendable {
        let rate: Double
        let figure: Double?
        let holds: Bool
    }

    var load: Load?
    var end = End.finished
    var error: String?
    var runs: [RunResult] = []
    var judgements: [Judgement] = []
    var steps: [Step] = []
    /// The highest rate that kept the threshold of a search; nil if none did.
    var foundRate: Double?
    var isSearch = false
    var exitCode = ExitCode.success

    /// Why the figures are not the server's; empty if they are.
    var clientLimits: [String] { runs.flatMap(\.clientLimits) }

    /// Judges the runs: the worst of them counts.
    mutating func judge(_ thresholds: [Threshold]) {
        var all = thresholds
        if !all.contains(where: \.isAboutErrors) { all.append(.noErrors) }
        for threshold in all {
            let figures = runs.map { threshold.figure($0) }
            let bad = figures.first { !threshold.holds($0) }
            judgements.append(
                Judgement(
                    text: threshold.text, figure: bad ?? figures.last ?? nil, holds: bad == nil))
        }
        let mistaken = !thresholds.isEmpty && !clientLimits.isEmpty
        if error != nil || mistaken || runs.contains(where: \.isServerGone) {
            exitCode = .failure
        } else if judgements.contains(where: { !$0.holds }) {
            exitCode = .threshold
        }
    }

    // MARK: JSON

    /// The whole report.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("relaybench", Version.text)
        writer.member("format", 1)
        writer.member("time", Self.now)
        writer.member("ended", end.rawValue)
        if let error { writer.member("error", error) }
        writer.member("exitCode", Int(exitCode.rawValue))
        writer.name("machine")
        Machine.write(&writer)
        if let load { write(load, &writer) }
        writer.member("clientWasLimit", !clientLimits.isEmpty)
        writer.name("clientLimits")
        writer.beginArray()
        for reason in clientLimits { writer.value(reason) }
        writer.endArray()
        writer.name("thresholds")
        writer.beginArray()
        for judgement in judgements {
            writer.beginObject()
            writer.member("threshold", judgement.text)
            if let figure = judgement.figure { writer.member("figure", figure) }
            writer.member("holds", judgement.holds)
            writer.endObject()
        }
        writer.endArray()
        if isSearch { writeSearch(&writer) }
        writer.name("runs")
        writer.beginArray()
        for run in runs { run.write(&writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    private static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }

    private func write(_ load: Load, _ writer: inout JSONWriter) {
        writer.name("load")
        writer.beginObject()
        switch load.address {
        case .unix(let path): writer.member("unix", path)
        case .loopback(let address): writer.member("loopback", address)
        }
        writer.member("mode", load.mode)
        switch load.schedule {
        case .closed: break
        case .rate(let rate): writer.member("rate", rate)
        case .ramp(let from, let to):
            writer.member("from", from)
            writer.member("to", to)
        }
        writer.member("connections", load.connections)
        writer.member("streams", load.streams)
        writer.member("threads", load.threads)
        if let requests = load.requests {
            writer.member("requests", requests)
        } else {
            writer.member("durationMilliseconds", Int(load.duration / 1_000_000))
        }
        writer.member("warmUpMilliseconds", Int(load.warmUp / 1_000_000))
        writer.member("timeoutMilliseconds", Int(load.timeout / 1_000_000))
        writer.member("seed", load.seed)
        writer.endObject()
    }

    private func writeSearch(_ writer: inout JSONWriter) {
        writer.name("search")
        writer.beginObject()
        if let foundRate { writer.member("rate", foundRate) }
        writer.name("steps")
        writer.beginArray()
        for step in steps {
            writer.beginObject()
            writer.member("rate", step.rate)
            if let figure = step.figure { writer.member("figure", figure) }
            writer.member("holds", step.holds)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}

extension RunResult {
    /// Writes one run.
    func write(_ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("seconds", seconds)
        writer.member("interrupted", isStopped)
        writer.member("rate", rate)
        all.write(&writer, seconds: seconds)
        writer.name("client")
        writer.beginObject()
        writer.member("cpuMicrosecondsPerRequest", clientMicroseconds)
        writer.member("busiestThread", busiest)
        writer.member("latenessP99Microseconds", Double(lateness.value(atPercentile: 99)) / 1_000)
        writer.endObject()
        if let server { server.write(&writer) }
        writer.name("scenarios")
        writer.beginArray()
        for part in parts {
            writer.beginObject()
            writer.member("name", part.name)
            writer.member("keys", part.keys.text)
            writer.member("keyCount", part.keyCount)
            writer.member("share", part.share)
            part.tally.write(&writer, seconds: seconds)
            writer.endObject()
        }
        writer.endArray()
        writer.name("intervals")
        writer.beginArray()
        for (index, interval) in intervals.enumerated() {
            writer.beginObject()
            writer.member("second", index)
            writer.member("requests", interval.requests)
            writer.member("errors", interval.errors)
            writer.member("p50", Double(interval.p50) / 1_000)
            writer.member("p99", Double(interval.p99) / 1_000)
            writer.member("max", Double(interval.max) / 1_000)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}

extension Tally {
    /// Writes the members of a tally into an object that is open.
    fileprivate func write(_ writer: inout JSONWriter, seconds: Double) {
        writer.member("requests", requests)
        writer.member("good", good)
        writer.member("errors", errors)
        writer.name("faults")
        writer.beginObject()
        for fault in Fault.allCases where faults[fault.rawValue] > 0 {
            writer.member(fault.name, faults[fault.rawValue])
        }
        writer.endObject()
        writer.member("requestsPerSecond", Double(requests) / seconds)
        writer.member("bytes", bytes)
        writer.member("readWhole", readWhole)
        if walks > 0 { writer.member("walks", walks) }
        writer.name("latency")
        corrected.write(&writer)
        writer.name("uncorrected")
        uncorrected.write(&writer)
    }
}

extension Histogram {
    /// The percentiles that reports show.
    static let reported: [(name: StaticString, percent: Double)] = [
        ("p50", 50), ("p75", 75), ("p90", 90), ("p95", 95), ("p99", 99), ("p999", 99.9),
        ("p9999", 99.99),
    ]

    /// Writes the figures in microseconds.
    fileprivate func write(_ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("count", count)
        writer.member("min", Double(min) / 1_000)
        writer.member("mean", mean / 1_000)
        writer.member("deviation", deviation / 1_000)
        for (name, percent) in Self.reported {
            writer.member(name, Double(value(atPercentile: percent)) / 1_000)
        }
        writer.member("max", Double(max) / 1_000)
        writer.name("distribution")
        writer.beginArray()
        for step in steps() {
            writer.beginArray()
            writer.value(step.percentile)
            writer.value(Double(step.value) / 1_000)
            writer.endArray()
        }
        writer.endArray()
        writer.endObject()
    }
}

extension ServerFigures {
    fileprivate func write(_ writer: inout JSONWriter) {
        writer.name("server")
        writer.beginObject()
        writer.member("cpuMicrosecondsPerRequest", microsecondsPerRequest)
        writer.member("busiestThread", busiest)
        writer.member("anonymousKilobytesBefore", anonymousBefore)
        writer.member("anonymousKilobytesAfter", anonymousAfter)
        writer.member("contextSwitches", contextSwitches)
        writer.member("minorFaults", minorFaults)
        writer.member("majorFaults", majorFaults)
        Self.write("countersBefore", countersBefore, &writer)
        Self.write("countersAfter", countersAfter, &writer)
        writer.endObject()
    }

    /// What the server said goes into the report only if it is JSON: the report always is.
    private static func write(
        _ name: StaticString, _ counters: [UInt8], _ writer: inout JSONWriter
    ) {
        if counters.isEmpty { return }
        let parser = JSONParser()
        _ = try? parser.parse(counters) { value in
            writer.name(name)
            writer.value(value)
        }
    }
}
