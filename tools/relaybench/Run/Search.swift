import HTTP2
import Options

/// Looks for the highest rate that keeps a threshold: doubles until one does not, then halves the
/// distance until good and bad are close.
struct Search {
    let workload: Workload
    let goal: Threshold
    let server: ServerProcess?
    let screen: Screen

    /// Steps and the run at the rate that was found go into the report.
    func run(_ report: inout BenchReport) throws(BenchError) {
        report.search = BenchReport.Search()
        var good: (rate: Double, run: RunResult)?
        var bad: (rate: Double, run: RunResult)?
        var rate = Double(workload.connections * workload.streams) * 4
        for _ in 0..<Limits.searchSteps {
            let result = try Run(workload: at(rate), server: server, screen: screen).carryOut()
            if result.end != .finished {
                // What a step came to that did not finish says nothing of its rate.
                report.end = result.end
                report.workload = at(rate)
                report.runs = result.isMeasured ? [result] : []
                return
            }
            if !result.clientLimits.isEmpty {
                // Faster than this client: nothing beyond here is the server's limit.
                screen.say("relaybench itself was the limit at \(Figure.rate(rate))/s")
                report.search?.atLeast = good?.rate
                report.search?.clientLimit = rate
                report.workload = at(rate)
                report.runs = [result]
                return
            }
            if try step(rate, result, &report) {
                good = (rate, result)
            } else {
                bad = (rate, result)
            }
            guard let high = bad?.rate else {
                rate = (rate * 2).rounded()
                continue
            }
            let low = good?.rate ?? 0
            if high - low <= Swift.max(1, high * Limits.searchPrecision) { break }
            rate = ((low + high) / 2).rounded()
        }
        report.search?.rate = good?.rate
        if let shown = good ?? bad {
            report.workload = at(shown.rate)
            report.runs = [shown.run]
        }
    }

    private func at(_ rate: Double) -> Workload {
        var workload = workload
        workload.schedule = .rate(rate)
        return workload
    }

    /// - Returns: whether the rate keeps the threshold.
    private func step(
        _ rate: Double, _ result: RunResult, _ report: inout BenchReport
    ) throws(BenchError) -> Bool {
        let figure = goal.figure(result)
        guard let isKept = goal.verdict(figure) else { throw .notMeasured(goal.text) }
        // What never got its answer cannot have kept a promise, whatever the percentile says.
        let holds = isKept && (goal.isAboutErrors || result.all.errors == 0)
        report.search?.steps.append(BenchReport.Step(rate: rate, figure: figure, holds: holds))
        let shown = goal.describe(figure)
        screen.say(
            "\(Figure.right(Figure.rate(rate), 12))/s  "
                + "\(holds ? "keeps " : "misses") \(goal.text)  (\(shown))")
        return holds
    }
}
