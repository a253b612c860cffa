import Options

/// The load tool. A verb is a function from its arguments to an exit code.
@main
enum Relaybench {
    static func main() {
        let (verb, arguments) = BenchOptions.program.parseOrExit()
        if verb.name == BenchOptions.run.name { RunCommand.run(arguments).exit() }
        do throws(BenchError) {
            switch verb.name {
            case BenchOptions.compare.name: try Comparison.run(arguments).exit()
            case BenchOptions.merge.name: try MergeCommand.run(arguments).exit()
            case BenchOptions.page.name: try ReportPage.run(arguments).exit()
            default: preconditionFailure("no verb \(verb.name)")
            }
        } catch {
            BenchOptions.program.complain(error.description)
            if case .usage = error { ExitCode.usage.exit() }
            ExitCode.failure.exit()
        }
    }
}
