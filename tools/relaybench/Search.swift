import HTTP2
import Options

/// Looks for the highest rate that keeps a threshold: doubles until one does not, then halves the
/// distance until good and bad are close.
struct Search {
    let load: Load
    let goal: Threshold
    let server: ServerProcess?
    let screen: Screen

    /// Steps and the run at the rate that was found go into the report.
    func run(_ report: inout BenchReport) throws(BenchError) {
        report.isSearch = true
        var good: (rate: Double, run: RunResult)?
        var bad: Double?
        var rate = Double(load.connections * load.streams) * 4
        for _ in 0..<Limits.searchSteps {
            let result = try step(rate.rounded(), &report)
            if result.isStopped || result.isServerGone {
                if good == nil { report.runs = [result] }
                break
            }
            let holds = report.steps[report.steps.count - 1].holds
            if holds { good = (rate, result) } else { bad = rate }
            if !result.clientLimits.isEmpty {
                // Faster than this client: nothing beyond here is the server's limit.
                screen.say("the client was the limit at \(Figure.grouped(Int(rate)))/s")
                report.runs = [result]
                report.foundRate = nil
                return
            }
            guard let low = good?.rate ?? bad.map({ _ in 0 }), let high = bad else {
                rate *= 2
                continue
            }
            if high - low <= Swift.max(1, high * Limits.searchPrecision) { break }
            rate = (low + high) / 2
        }
        report.foundRate = good?.rate.rounded()
        if let good {
            report.runs = [good.run]
        } else if report.runs.isEmpty {
            report.exitCode = .threshold
        }
    }

    private func step(
        _ rate: Double, _ report: inout BenchReport
    ) throws(BenchError) -> RunResult {
        var load = load
        load.schedule = .rate(rate)
        report.load = load
        let result = try Run(load: load, server: server, screen: screen).carryOut()
        let figure = goal.figure(result)
        // What never got its answer cannot have kept a promise, whatever the percentile says.
        let holds = goal.holds(figure) && (goal.isAboutErrors || result.all.errors == 0)
        report.steps.append(BenchReport.Step(rate: rate, figure: figure, holds: holds))
        let shown = figure.map { Figure.short($0) } ?? "no figure"
        screen.say(
            "\(Figure.right(Figure.grouped(Int(rate)), 12))/s  "
                + "\(holds ? "keeps " : "misses") \(goal.text)  (\(shown))")
        return result
    }
}
