import Options

/// `relaybench merge`: one report of generators that ran at the same time against one server.
enum MergeCommand {
    /// What has to be the same for each generator, or their sum is no load that anybody could name.
    private static let sameMembers = SavedReport.loadMembers.filter {
        !["rate", "from", "to", "connections", "threads", "requests"].contains($0)
    }

    /// Carries it out and says how the program ends.
    static func run(_ arguments: Arguments) throws(BenchError) -> ExitCode {
        let paths = arguments[all: BenchOptions.reports]
        if paths.count < 2 { throw .usage("merge needs two reports or more") }
        if Set(paths).count < paths.count {
            throw .usage("a report that is named twice would be counted twice")
        }
        try BenchReport.requireWritable(arguments)
        let thresholds = try Threshold.parse(arguments[BenchOptions.thresholds])
        var reports: [GeneratorReport] = []
        for path in paths { reports.append(try GeneratorReport(path)) }
        try requireMergeable(paths, reports)
        var report = BenchReport()
        report.workload = Workload(merging: reports.map(\.workload))
        report.machine = reports[0].machine
        report.merged = paths
        report.runs = reports[0].runs.indices.map { index in
            var run = RunResult(merging: reports.map { $0.runs[index] })
            run.clientLimits = reports.flatMap { report in
                report.runs[index].clientLimits.map { "\(report.path): \($0)" }
            }
            return run
        }
        report.judge(thresholds)
        try report.write(arguments)
        return report.exitCode
    }

    private static func requireMergeable(
        _ paths: [String], _ reports: [GeneratorReport]
    ) throws(BenchError) {
        var saved: [SavedReport] = []
        for path in paths { saved.append(try SavedReport(path)) }
        for (path, other) in zip(paths, saved).dropFirst() {
            let differing = saved[0].membersThatDiffer(from: other, of: sameMembers)
            if saved[0].mix != other.mix {
                throw .notMergeable(
                    "\(paths[0]) measures \(saved[0].mix), \(path) \(other.mix)")
            }
            if !differing.isEmpty {
                throw .notMergeable(
                    "\(paths[0]) and \(path) differ in \(differing.joined(separator: ", "))")
            }
            if saved[0].runs.count != other.runs.count {
                throw .notMergeable(
                    "\(paths[0]) has \(saved[0].runs.count) runs, \(path) \(other.runs.count)")
            }
        }
        for index in reports[0].runs.indices { try requireTogether(index, reports) }
    }

    /// Refuses runs that did not load the server at the same time, for the most part.
    private static func requireTogether(
        _ index: Int, _ reports: [GeneratorReport]
    ) throws(BenchError) {
        let runs = reports.map { $0.runs[index] }
        let starts = runs.map { Double($0.started.milliseconds) / 1_000 }
        let apart = starts.max()! - starts.min()!
        if apart <= runs.map(\.sending).min()! * Limits.mergedApart { return }
        let late = reports[starts.firstIndex(of: starts.max()!)!].path
        throw .notMergeable(
            "\(late) began \(Figure.short(apart)) s after another one: start generators together, on "
                + "machines whose clocks agree")
    }
}

extension Workload {
    /// Generators' loads together.
    fileprivate init(merging loads: [Workload]) {
        self = loads[0]
        connections = loads.reduce(0) { $0 + $1.connections }
        threads = loads.reduce(0) { $0 + $1.threads }
        if requests != nil { requests = loads.reduce(0) { $0 + ($1.requests ?? 0) } }
        schedule = loads.dropFirst().reduce(schedule) { $0.adding($1.schedule) }
    }
}

extension Schedule {
    /// The rates of two schedules of one kind together.
    fileprivate func adding(_ other: Schedule) -> Schedule {
        switch (self, other) {
        case (.rate(let first), .rate(let second)): .rate(first + second)
        case (.ramp(let from, let to), .ramp(let otherFrom, let otherTo)):
            .ramp(from: from + otherFrom, to: to + otherTo)
        case (.stages(let stages), .stages(let others)):
            .stages(
                zip(stages, others).map { Stage(length: $0.length, rate: $0.rate + $1.rate) })
        default: self
        }
    }
}
