/// A promise that the run has to keep: `p(99)<5ms`, `order-get:p(99.9)<=20ms`, `errors<0.1%`,
/// `rate>10000`, `server-cpu<5us`.
struct Threshold: Sendable {
    /// What is compared.
    enum Metric: Equatable, Sendable {
        /// Microseconds, from the intended time.
        case percentile(Double)
        case mean
        case max
        /// Requests per second.
        case rate
        /// Share of all requests, 0…1.
        case errorShare
        /// Number of errors.
        case errors
        /// Microseconds of the server's CPU per request.
        case serverCPU
    }

    let text: String
    /// Nil for all scenarios together.
    let scenario: String?
    let metric: Metric
    private let comparison: String
    private let limit: Double

    /// No errors at all: what holds where nothing is said of errors.
    static let noErrors = Threshold(
        text: "errors<=0", scenario: nil, metric: .errors, comparison: "<=", limit: 0)

    private init(
        text: String, scenario: String?, metric: Metric, comparison: String, limit: Double
    ) {
        self.text = text
        self.scenario = scenario
        self.metric = metric
        self.comparison = comparison
        self.limit = limit
    }

    /// Reads a threshold.
    init(_ text: String) throws(BenchError) {
        let bare = text.filter { $0 != " " }
        guard let start = bare.firstIndex(where: { $0 == "<" || $0 == ">" }) else {
            throw Self.fault(text)
        }
        var end = bare.index(after: start)
        if end < bare.endIndex, bare[end] == "=" { end = bare.index(after: end) }
        var name = String(bare[..<start])
        var scenario: String?
        if let colon = name.firstIndex(of: ":") {
            scenario = String(name[..<colon])
            name = String(name[name.index(after: colon)...])
        }
        let value = String(bare[end...])
        guard let metric = Self.metric(name, isShare: value.hasSuffix("%")),
            let limit = Self.limit(value, metric)
        else { throw Self.fault(text) }
        self.init(
            text: text, scenario: scenario, metric: metric,
            comparison: String(bare[start..<end]), limit: limit)
    }

    /// Reads those of a command line.
    static func parse(_ texts: [String]) throws(BenchError) -> [Threshold] {
        var thresholds: [Threshold] = []
        for text in texts { thresholds.append(try Threshold(text)) }
        return thresholds
    }

    private static func fault(_ text: String) -> BenchError {
        .usage(
            "'\(text)' is no threshold; expected such as 'p(99)<5ms', 'order-get:p(99.9)<20ms', "
                + "'errors<0.1%', 'rate>10000' or 'server-cpu<5us'")
    }

    private static func metric(_ name: String, isShare: Bool) -> Metric? {
        switch name {
        case "mean": return .mean
        case "max": return .max
        case "rate": return .rate
        case "errors": return isShare ? .errorShare : .errors
        case "server-cpu": return .serverCPU
        default:
            guard name.hasPrefix("p("), name.hasSuffix(")"),
                let percent = Double(name.dropFirst(2).dropLast()), percent > 0, percent <= 100
            else { return nil }
            return .percentile(percent)
        }
    }

    /// Microseconds, a share or a number.
    private static func limit(_ text: String, _ metric: Metric) -> Double? {
        let number = text.prefix { $0.isNumber || $0 == "." }
        guard let value = Double(number) else { return nil }
        switch (metric, text.dropFirst(number.count)) {
        case (.rate, ""), (.errors, ""): return value
        case (.errorShare, "%"): return value / 100
        case (.rate, _), (.errors, _), (.errorShare, _): return nil
        case (_, "us"), (_, "µs"): return value
        case (_, "ms"): return value * 1_000
        case (_, "s"): return value * 1_000_000
        default: return nil
        }
    }

    /// The figure that a run gives, or nil where nothing was measured.
    func figure(_ run: RunResult) -> Double? {
        if metric == .serverCPU { return run.server?.microsecondsPerRequest }
        guard let scenario else { return figure(run.all, seconds: run.seconds) }
        return run.parts.first { $0.name == scenario }
            .flatMap { figure($0.tally, seconds: run.seconds) }
    }

    /// The figure that a tally gives after so many seconds.
    func figure(_ tally: Tally, seconds: Double) -> Double? {
        let latency = tally.corrected
        let hasLatency = latency.count > 0
        switch metric {
        case .percentile(let percent):
            return hasLatency ? Double(latency.value(atPercentile: percent)) / 1_000 : nil
        case .mean: return hasLatency ? latency.mean / 1_000 : nil
        case .max: return hasLatency ? Double(latency.max) / 1_000 : nil
        case .rate: return Double(tally.requests) / seconds
        case .errorShare: return Double(tally.errors) / Double(Swift.max(1, tally.requests))
        case .errors: return Double(tally.errors)
        case .serverCPU: return nil
        }
    }

    /// Whether a figure keeps the promise; nil for one that was not measured.
    func verdict(_ figure: Double?) -> Bool? {
        guard let figure else { return nil }
        return switch comparison {
        case "<": figure < limit
        case "<=": figure <= limit
        case ">": figure > limit
        default: figure >= limit
        }
    }

    /// A figure in the unit that suits it.
    func describe(_ figure: Double?) -> String {
        guard let figure else { return "not measured" }
        return switch metric {
        case .percentile, .mean, .max, .serverCPU: Figure.time(figure)
        case .errorShare: Figure.share(figure)
        case .rate: Figure.rate(figure) + "/s"
        case .errors: Figure.grouped(Int(figure))
        }
    }

    /// Where the limit lies on a chart of latencies (µs) or of rates, and which of the two.
    var line: (value: Double, isLatency: Bool)? {
        switch metric {
        case .percentile, .mean, .max: (limit, true)
        case .rate: (limit, false)
        default: nil
        }
    }

    /// Whether it speaks of errors.
    var isAboutErrors: Bool { metric == .errors || metric == .errorShare }
}
