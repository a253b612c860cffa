import Options

/// `relaybench compare`: what differs between two reports, and whether it may be chance.
struct Comparison {
    /// What was found out about one figure.
    enum Verdict: Equatable {
        /// The interval holds zero: the runs do not show any difference.
        case noDifference
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

    /// - Parameter failOver: share by which a figure may be worse.
    init(_ base: SavedReport, _ new: SavedReport, failOver: Double) {
        let figures = Figures.all(in: base).filter { figure in
            !base.sample(figure.read).values.isEmpty && !new.sample(figure.read).values.isEmpty
        }
        // Twenty figures at 95 % would show one difference by chance: all together shall have 95 %.
        let confidence = 1 - (1 - Limits.confidence) / Double(max(1, figures.count))
        self.confidence = confidence
        lines = figures.map { figure in
            Comparison.line(
                figure, base.sample(figure.read), new.sample(figure.read), failOver, confidence)
        }
        mismatches = ["mode", "rate", "connections", "streams", "threads"].compactMap { name in
            let (first, second) = (base.root["load", name], new.root["load", name])
            let isSame = first?.text == second?.text && first?.number == second?.number
            return isSame ? nil : name
        }
    }

    private static func line(
        _ figure: Figures.Entry, _ base: Sample, _ new: Sample, _ failOver: Double,
        _ confidence: Double
    ) -> Line {
        let scale = base.mean == 0 ? 1 : base.mean
        let point = (new.mean - base.mean) / scale
        let worsening = figure.isBetterHigh ? -point : point
        let difference = Difference(from: base, to: new, confidence: confidence)
        var verdict = Verdict.unknown
        if let difference {
            if difference.low <= 0, difference.high >= 0 {
                verdict = .noDifference
            } else if worsening < 0 {
                verdict = .better
            } else {
                verdict = worsening > failOver ? .tooMuchWorse : .worse
            }
        } else if worsening > failOver {
            verdict = .tooMuchWorse
        }
        return Line(
            name: figure.name, base: base.mean, new: new.mean,
            low: difference.map { $0.low / scale }, point: point,
            high: difference.map { $0.high / scale }, verdict: verdict)
    }

    /// Whether a figure is worse by more than is allowed.
    var fails: Bool { lines.contains { $0.verdict == .tooMuchWorse } }

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
        if lines.contains(where: { $0.low == nil }) {
            text += "\nOne run in a report cannot tell chance from change: use run --repeat 5.\n"
        } else {
            text += "\nIntervals: Welch's t, 95 % for all figures together.\n"
            if lines.allSatisfy({ $0.verdict == .noDifference }) {
                text += "No difference seen.\n"
            }
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
        let new = try SavedReport(arguments[BenchOptions.new])
        for report in [base, new] where report.clientWasLimit {
            throw .notAReport(
                report.path, why: "the client was the limit, these are no figures of the server")
        }
        let comparison = Comparison(base, new, failOver: percent / 100)
        print(comparison.text, terminator: "")
        return comparison.fails ? .threshold : .success
    }
}

extension Comparison.Verdict {
    fileprivate var text: String {
        switch self {
        case .noDifference: "no difference seen"
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
        let read: (SavedReport.Tree) -> Double?
    }

    /// Those of a report: rate, latencies, the server's CPU, then latencies by scenario.
    static func all(in report: SavedReport) -> [Entry] {
        var entries = [
            Entry(name: "requests/s", isBetterHigh: true) { $0["rate"]?.number },
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

    /// Percentiles, and whether each scenario's are compared too.
    private static let latencies = [
        ("mean", false), ("p50", true), ("p99", true), ("p999", false),
    ]
}
