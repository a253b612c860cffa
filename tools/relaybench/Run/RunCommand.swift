import Glibc
import HTTP2
import Options

/// `relaybench run`.
enum RunCommand {
    /// Carries it out and says how the program ends.
    static func run(_ arguments: Arguments) -> ExitCode {
        if arguments[BenchOptions.list] {
            print(Scenario.list, terminator: "")
            return .success
        }
        Interrupt.hold()
        var report = BenchReport()
        do throws(BenchError) {
            try measure(arguments, &report)
        } catch {
            report.error = error.description
            report.end = .failed
            report.exitCode = .failure
            if case .usage = error { report.exitCode = .usage }
            if case .interrupted = error {
                report.end = .interrupted
                report.exitCode = .interrupted
            }
            BenchOptions.program.complain(error.description)
        }
        do throws(BenchError) {
            try report.write(arguments)
        } catch {
            BenchOptions.program.complain(error.description)
            return .failure
        }
        return report.exitCode
    }

    private static func measure(
        _ arguments: Arguments, _ report: inout BenchReport
    ) throws(BenchError) {
        try BenchReport.requireWritable(arguments)
        var workload = try Workload(arguments)
        report.workload = workload
        let thresholds = try Threshold.parse(arguments[BenchOptions.thresholds])
        let goal: Threshold? =
            if let text = arguments[BenchOptions.findMax] { try Threshold(text) } else { nil }
        let shares = try Share.parse(arguments[BenchOptions.mix])
        let names =
            workload.file != nil
            ? ["file"]
            : arguments[BenchOptions.url] != nil ? ["url"] : shares.map(\.scenario.name)
        for threshold in thresholds + (goal.map { [$0] } ?? []) {
            guard let name = threshold.scenario else { continue }
            if !names.contains(name) {
                throw .usage("'\(threshold.text)': '\(name)' is not in the --mix")
            }
        }
        let screen = Screen(quiet: arguments[BenchOptions.quiet])
        workload.plans = try plans(workload, shares, Target(arguments).path, arguments, screen)
        report.workload = workload
        if Interrupt.isPending { throw .interrupted }
        let server = arguments[BenchOptions.process].map {
            ServerProcess(id: Int32($0), adminSocket: arguments[BenchOptions.adminSocket])
        }
        if let goal {
            try Search(workload: workload, goal: goal, server: server, screen: screen).run(&report)
        } else {
            for number in 1...arguments[BenchOptions.repeats] {
                if number > 1 { screen.say("run \(number)") }
                let run = Run(
                    workload: workload, server: server, screen: screen, thresholds: thresholds)
                let result = try run.carryOut()
                if result.isMeasured { report.runs.append(result) }
                if result.end != .finished {
                    report.end = result.end
                    break
                }
                if Interrupt.isPending { report.end = .interrupted }
                if report.end != .finished { break }
            }
        }
        // Whoever asks twice does not want to wait for files.
        Interrupt.release()
        if report.end == .interrupted, report.runs.isEmpty { throw .interrupted }
        report.judge(thresholds)
    }

    private static func plans(
        _ workload: Workload, _ shares: [Share], _ path: String?, _ arguments: Arguments,
        _ screen: Screen
    ) throws(BenchError) -> [Plan] {
        if let file = workload.file {
            if let path, path != "/" {
                throw .usage("--input-file has the paths: --url then ends with the port or with /")
            }
            let input = try InputFile(file)
            if let note = input.note { screen.say(note) }
            return [input.plan]
        }
        let probe = try ServerProbe(
            workload.address, fields: workload.fields, authority: workload.authority)
        if let path {
            let plan = try InputFile.plan(
                path: path, method: arguments[BenchOptions.method],
                body: arguments[BenchOptions.body])
            if case .given(_, methods: ["GET"]) = plan.target { try probe.check(path) }
            return [plan]
        }
        var plans: [Plan] = []
        for share in shares { plans.append(try probe.plan(share)) }
        return plans
    }
}
