import Options

/// `relaybench compare`: what differs between two reports, and whether it may be chance.
struct Comparison {
    /// What was found out about one figure.
    enum Verdict: Equatable {
        /// The interval holds zero and nothing that is not allowed, either way.
        case noDifference
        /// The interval holds zero and nothing worse than allowed; it may well be better.
        case notWorse
        /// The interval holds zero, and what is worse than allowed too: more runs would tell.
        case inconclusive
        case better
        case worse
        /// Worse by more than is allowed.
        case tooMuchWorse
        /// One run in either report: nobody knows what chance does.
        case unknown
    }

    /// One figure in both reports.
    struct Line {
        let name: String
        let base: Double
        let new: Double
        /// Shares of the base by which the new is larger; nil where chance is unknown.
        let low: Double?
        let point: Double
        let high: Double?
        let verdict: Verdict
    }

    let lines: [Line]
    /// What the two loads do not have in common.
    let mismatches: [String]
    let confidence: Double
    /// Shares of the requests that failed.
    private let errorShares: (base: Double, new: Double)

    /// - Parameters:
    ///   - failOver: share by which a figure may be worse.
    ///   - count: comparisons that are made at the same time, of which none may be wrong by chance.
    init(_ base: SavedReport, _ new: SavedReport, failOver: Double, among count: Int = 1) {
        errorShares = (base.sample(Figures.errorShare).mean, new.sample(Figures.errorShare).mean)
        let figures = Figures.all(in: base).filter { figure in
            !base.sample(figure.read).values.isEmpty && !new.sample(figure.read).values.isEmpty
        }
        // Twenty figures at 95 % would show one difference by chance: all together shall have 95 %.
        let confidence = 1 - (1 - Limits.confidence) / Double(max(1, figures.count * count))
        self.confidence = confidence
        lines = figures.map { figure in
            Comparison.line(
                figure, base.sample(figure.read), new.sample(figure.read), failOver, confidence)
        }
        mismatches = base.membersThatDiffer(from: new, of: SavedReport.loadMembers)
    }

    private static func line(
        _ figure: Figures.Entry, _ base: Sample, _ new: Sample, _ failOver: Double,
        _ confidence: Double
    ) -> Line {
        // Shares are compared as they are, all else in relation to the base.
        let scale = base.mean == 0 || figure.isShare ? 1 : base.mean
        let point = (new.mean - base.mean) / scale
        let allowed = figure.isShare ? 0 : failOver
        let difference = Difference(from: base, to: new, confidence: confidence)
        let interval = difference.map { ($0.low / scale, $0.high / scale) }
        let sign = figure.isBetterHigh ? -1.0 : 1
        return Line(
            name: figure.name, base: base.mean, new: new.mean, low: interval?.0, point: point,
            high: interval?.1,
            verdict: verdict(
                sign * point, interval.map { [sign * $0.0, sign * $0.1].sorted() }, allowed))
    }

    /// - Parameters:
    ///   - worsening: share of the base by which the new is worse; negative if better.
    ///   - interval: what the worsening may be, both ends.
    private static func verdict(
        _ worsening: Double, _ interval: [Double]?, _ allowed: Double
    ) -> Verdict {
        guard let interval else { return worsening > allowed ? .tooMuchWorse : .unknown }
        if interval[0] > 0 { return worsening > allowed ? .tooMuchWorse : .worse }
        if interval[1] < 0 { return .better }
        if interval[1] > allowed { return .inconclusive }
        return interval[0] < -allowed ? .notWorse : .noDifference
    }

    /// Whether a figure is worse by more than is allowed.
    var fails: Bool { lines.contains { $0.verdict == .tooMuchWorse } }

    /// Whether nobody can say that all figures are as good as they must be.
    var isInconclusive: Bool {
        lines.contains { $0.verdict == .inconclusive || $0.verdict == .unknown }
    }

    /// How the program ends.
    var exitCode: ExitCode { fails ? .threshold : isInconclusive ? .inconclusive : .success }

    /// As a person reads it.
    var text: String {
        var text = ""
        if !mismatches.isEmpty {
            text += "The loads differ in \(mismatches.joined(separator: ", ")): "
            text += "what follows may be due to that.\n\n"
        }
        text += Figure.left("", 30) + Figure.right("base", 12) + Figure.right("new", 12)
        text += Figure.right("change", 10) + "  interval\n"
        for line in lines {
            text += Figure.left(line.name, 30)
            text += Figure.right(Figure.short(line.base), 12)
            text += Figure.right(Figure.short(line.new), 12)
            text += Figure.right(Self.percent(line.point), 10) + "  "
            if let low = line.low, let high = line.high {
                text += Figure.left("\(Self.percent(low)) … \(Self.percent(high))", 20)
            } else {
                text += Figure.left("", 20)
            }
            text += "  " + line.verdict.text + "\n"
        }
        return text + conclusion
    }

    private var conclusion: String {
        var text = "\n"
        if lines.contains(where: { $0.low == nil }) {
            text += "One run in a report cannot tell chance from change: use run --repeat 5.\n"
        } else {
            text += "Intervals: Welch's t, 95 % for all figures and reports together.\n"
        }
        if errorShares.base != errorShares.new {
            text += "\(Figure.share(errorShares.base)) of the requests failed in base, "
            text += "\(Figure.share(errorShares.new)) in new: "
            text += "the rates and latencies are those of failures too.\n"
        }
        if lines.contains(where: { $0.verdict == .inconclusive }) {
            text += "Inconclusive: the interval holds zero and more than is allowed. "
            text += "More or longer runs make it narrower.\n"
        } else if lines.allSatisfy({ $0.verdict == .noDifference }) {
            text += "No difference seen.\n"
        }
        return text
    }

    private static func percent(_ share: Double) -> String {
        (share >= 0 ? "+" : "") + Figure.fixed(share * 100, 1) + "%"
    }

    // MARK: Command

    /// Carries out the verb.
    static func run(_ arguments: Arguments) throws(BenchError) -> ExitCode {
        let text = arguments[BenchOptions.failOver]
        guard text.hasSuffix("%"), let percent = Double(text.dropLast()), percent >= 0 else {
            throw .usage("--fail-over cannot be '\(text)': expected a share such as 5%")
        }
        let base = try SavedReport(arguments[BenchOptions.base])
        var others: [SavedReport] = []
        for path in arguments[all: BenchOptions.new] { others.append(try SavedReport(path)) }
        for report in [base] + others { try report.requireComparable() }
        for new in others where base.mix != new.mix {
            throw .notComparable("\(base.path) measures \(base.mix), \(new.path) \(new.mix)")
        }
        let comparisons = others.map {
            Comparison(base, $0, failOver: percent / 100, among: others.count)
        }
        for (index, comparison) in comparisons.enumerated() {
            if others.count > 1 {
                print(index > 0 ? "\n" : "", terminator: "")
                print("base: \(base.path), new: \(others[index].path)\n")
            }
            print(comparison.text, terminator: "")
        }
        return ExitCode.worst(comparisons)
    }
}

extension ExitCode {
    /// What fails counts for more than what nobody can tell.
    fileprivate static func worst(_ comparisons: [Comparison]) -> ExitCode {
        let codes = comparisons.map(\.exitCode)
        return [.threshold, .inconclusive].first { codes.contains($0) } ?? .success
    }
}

extension Comparison.Verdict {
    fileprivate var text: String {
        switch self {
        case .noDifference: "no difference seen"
        case .notWorse: "not worse"
        case .inconclusive: "INCONCLUSIVE"
        case .better: "better"
        case .worse: "worse"
        case .tooMuchWorse: "WORSE THAN ALLOWED"
        case .unknown: "cannot tell"
        }
    }
}

/// The figures that two reports are compared by.
enum Figures {
    /// One of them.
    struct Entry {
        let name: String
        let isBetterHigh: Bool
        /// A share of the requests, of which no rise is allowed.
        var isShare = false
        let read: (SavedReport.Tree) -> Double?
    }

    /// Those of a report: rate, latencies, the server's CPU, then latencies by scenario.
    static func all(in report: SavedReport) -> [Entry] {
        var entries = [
            Entry(name: "requests/s", isBetterHigh: true) { $0["rate"]?.number },
            Entry(name: "errors, share", isBetterHigh: false, isShare: true, read: errorShare),
            Entry(name: "server CPU µs/request", isBetterHigh: false) {
                $0["server", "cpuMicrosecondsPerRequest"]?.number
            },
        ]
        for (name, _) in latencies {
            entries.append(
                Entry(name: "\(name) µs", isBetterHigh: false) { $0["latency", name]?.number })
        }
        let scenarios = report.scenarios
        if scenarios.count < 2 { return entries }
        for scenario in scenarios {
            for (name, isShown) in latencies where isShown {
                entries.append(
                    Entry(name: "\(scenario) \(name) µs", isBetterHigh: false) { run in
                        run["scenarios"]?.elements
                            .first { $0["name"]?.text == scenario }?["latency", name]?.number
                    })
            }
        }
        return entries
    }

    /// Errors among all requests of a run.
    static func errorShare(_ run: SavedReport.Tree) -> Double? {
        guard let errors = run["errors"]?.number, let requests = run["requests"]?.number else {
            return nil
        }
        return errors / max(1, requests)
    }

    /// Percentiles, and whether each scenario's are compared too.
    private static let latencies = [
        ("mean", false), ("p50", true), ("p99", true), ("p999", false),
    ]
}
