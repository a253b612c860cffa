import CivilTime
import Glibc
import JSON
import Options

/// All that `relaybench run` has to say: written as JSON (see REPORT.md) and as text.
struct BenchReport {
    /// How the program came to its end.
    enum End: String, Sendable {
        case finished
        /// By Ctrl-C or SIGTERM.
        case interrupted
        /// By a threshold that was missed, with `--abort-on-threshold`.
        case aborted
        case failed
    }

    /// A threshold and whether it was kept.
    struct Judgement: Sendable {
        let threshold: Threshold
        let figure: Double?
        /// Nil when it cannot be judged.
        let holds: Bool?
        /// It was asked for, and does not hold by itself.
        let isAsked: Bool
    }

    /// One rate that a search tried.
    struct Step: Sendable {
        let rate: Double
        let figure: Double?
        let holds: Bool
    }

    /// What a search came to.
    struct Search: Sendable {
        var steps: [Step] = []
        /// The highest rate that kept the threshold; nil if none did, or if nobody knows.
        var rate: Double?
        /// The rate at which relaybench itself was the limit, and the highest that kept it before.
        var clientLimit: Double?
        var atLeast: Double?
    }

    var workload: Workload?
    var end = End.finished
    var error: String?
    var runs: [RunResult] = []
    var judgements: [Judgement] = []
    var search: Search?
    var exitCode = ExitCode.success
    /// The reports that it was put together from; empty for one that was measured here.
    var merged: [String] = []
    /// The member `machine` as JSON; nil for this one.
    var machine: [UInt8]?

    /// Why the figures are not the server's; empty if they are.
    var clientLimits: [String] { runs.flatMap(\.clientLimits) }

    /// Judges the runs: the worst of them counts. What was cut short, or is no figure of the server,
    /// is not judged; what a threshold ended has missed that one for sure, and no other is known.
    mutating func judge(_ thresholds: [Threshold]) {
        if end == .failed { error = BenchError.serverGone.description }
        var all = thresholds
        if !all.contains(where: \.isAboutErrors) { all.append(.noErrors) }
        let isWhole = end == .finished && clientLimits.isEmpty
        for (index, threshold) in all.enumerated() {
            let figures = runs.map { threshold.figure($0) }
            let verdicts = figures.map { threshold.verdict($0) }
            let bad = verdicts.firstIndex(of: false)
            var holds: Bool? = bad != nil ? false : verdicts.contains(nil) ? nil : true
            if !isWhole, !(end == .aborted && holds == false) { holds = nil }
            judgements.append(
                Judgement(
                    threshold: threshold, figure: bad.map { figures[$0] } ?? figures.last ?? nil,
                    holds: holds, isAsked: index < thresholds.count))
        }
        exitCode = code
    }

    private var code: ExitCode {
        switch end {
        case .interrupted: return .interrupted
        case .failed: return .failure
        case .aborted: return .threshold
        case .finished: break
        }
        if judgements.contains(where: { $0.holds == false }) { return .threshold }
        if search?.clientLimit != nil { return .failure }
        if judgements.contains(where: { $0.holds == nil && $0.isAsked }) { return .failure }
        // Errors are worth a word of the exit code, whoever was the limit.
        if !clientLimits.isEmpty, runs.contains(where: { $0.all.errors > 0 }) { return .failure }
        if let search, search.rate == nil { return .threshold }
        return .success
    }

    // MARK: JSON

    /// The whole report.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("relaybench", Version.text)
        writer.member("format", 1)
        writer.member("time", Timestamp.now)
        writer.member("ended", end.rawValue)
        if let error { writer.member("error", error) }
        writer.member("exitCode", Int(exitCode.rawValue))
        writer.name("machine")
        if let machine {
            // SAFETY: copied by the writer during the call.
            machine.withUnsafeBytes { writer.raw($0) }
        } else {
            Machine.write(&writer)
        }
        if !merged.isEmpty {
            writer.name("merged")
            writer.beginArray()
            for path in merged { writer.value(path) }
            writer.endArray()
        }
        if let workload { write(workload, &writer) }
        writer.member("clientWasLimit", !clientLimits.isEmpty)
        writer.name("clientLimits")
        writer.beginArray()
        for reason in clientLimits { writer.value(reason) }
        writer.endArray()
        writer.name("thresholds")
        writer.beginArray()
        for judgement in judgements {
            writer.beginObject()
            writer.member("threshold", judgement.threshold.text)
            if let figure = judgement.figure { writer.member("figure", figure) }
            if let holds = judgement.holds { writer.member("holds", holds) }
            writer.endObject()
        }
        writer.endArray()
        if let search { write(search, &writer) }
        writer.name("runs")
        writer.beginArray()
        for run in runs { run.write(&writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    private func write(_ workload: Workload, _ writer: inout JSONWriter) {
        writer.name("load")
        writer.beginObject()
        switch workload.address {
        case .unix(let path): writer.member("unix", path)
        case .loopback(let address): writer.member("loopback", address)
        }
        writer.member("mode", workload.mode)
        switch workload.schedule {
        case .closed: break
        case .rate(let rate): writer.member("rate", rate)
        case .ramp(let from, let to):
            writer.member("from", from)
            writer.member("to", to)
        case .stages(let stages):
            writer.member(
                "stages",
                stages.map { "\($0.length / 1_000_000)ms:\(Figure.rate($0.rate))" }
                    .joined(separator: ","))
        }
        writer.member("connections", workload.connections)
        writer.member("streams", workload.streams)
        writer.member("threads", workload.threads)
        if let requests = workload.requests {
            writer.member("requests", requests)
        } else {
            writer.member("durationMilliseconds", Int(workload.duration / 1_000_000))
        }
        writer.member("warmUpMilliseconds", Int(workload.warmUp / 1_000_000))
        writer.member("timeoutMilliseconds", Int(workload.timeout / 1_000_000))
        if workload.think > 0 {
            writer.member("thinkMilliseconds", Int(workload.think / 1_000_000))
        }
        if let file = workload.file {
            writer.member("file", file)
        } else if case .given(let requests, let methods)? = workload.plans.first?.target {
            writer.member("method", methods[0])
            writer.member("path", String(decoding: requests[0].path, as: UTF8.self))
        }
        writer.member("seed", workload.seed)
        writer.endObject()
    }

    private func write(_ search: Search, _ writer: inout JSONWriter) {
        writer.name("search")
        writer.beginObject()
        if let rate = search.rate { writer.member("rate", rate) }
        if let rate = search.clientLimit { writer.member("clientLimit", rate) }
        if let rate = search.atLeast { writer.member("atLeast", rate) }
        writer.name("steps")
        writer.beginArray()
        for step in search.steps {
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
        writer.member("sendingSeconds", sending)
        writer.member("started", started)
        writer.member("interrupted", end == .interrupted)
        writer.member("rate", rate)
        writer.member("reconnections", reconnections)
        writer.member("refused", refused)
        if let streamLimit { writer.member("serverStreamLimit", streamLimit) }
        all.write(&writer, seconds: seconds)
        writer.name("client")
        writer.beginObject()
        writer.member("cpuMicrosecondsPerRequest", clientMicroseconds)
        writer.member("busiestThread", busiest)
        writer.member("latenessP99Microseconds", Double(lateness.value(atPercentile: 99)) / 1_000)
        writer.member("lateness", lateness.encoded)
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
            // Nothing came, so nothing is known: 0 would be the best of all latencies.
            if interval.requests > 0 {
                writer.member("p50", Double(interval.p50) / 1_000)
                writer.member("p99", Double(interval.p99) / 1_000)
                writer.member("max", Double(interval.max) / 1_000)
                writer.member("histogram", interval.encoded)
            }
            writer.member("waiting", Double(interval.waiting) / 1_000)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}
