import Glibc
import JSON
import Options

/// The administrator's program. A verb is a function from its arguments to a report.
@main
enum Relayctl {
    static func main() {
        BrokenPipe.hold()
        // Beyond a limit on the size of files (ulimit -f) writes fail like on a full disk.
        signal(SIGXFSZ, SIG_IGN)
        let (verb, arguments) = Commands.program.parseOrExit()
        do throws(CommandError) {
            let report = try run(verb, arguments)
            report.print(asJSON: arguments[Commands.json])
            if let retract = report.retract, !StandardOutput.hasArrived() {
                Commands.program.complain(retract())
                ExitCode.failure.exit()
            }
            report.exitCode.exit()
        } catch {
            // Nothing was done yet: the store is opened before anything else.
            if error.isBrokenPipe { BrokenPipe.end() }
            if error.isProcessIDTaken { SecondProcess.runAgain() }
            let isRestore = verb.name == Commands.snapshotRestore.name
            // A restore of single records has no --to: the store is that of --store.
            let made = isRestore ? arguments[Commands.snapshotTo] : nil
            let store = made ?? arguments[Commands.anyStore]
            fail(error, at: store, asJSON: arguments[Commands.json])
        }
    }

    private static func run(_ verb: Verb, _ arguments: Arguments) throws(CommandError) -> Report {
        switch verb.name {
        case Commands.sample.name: try SampleCommand.run(arguments)
        case Commands.keysCreate.name: try KeysCommand.create(arguments)
        case Commands.keysSet.name: try KeysCommand.set(arguments)
        case Commands.keysList.name: try KeysCommand.list(arguments)
        case Commands.keysRevoke.name: try KeysCommand.revoke(arguments)
        case Commands.accountsSet.name: try AccountsCommand.set(arguments)
        case Commands.accountsList.name: try AccountsCommand.list(arguments)
        case Commands.stat.name: try StatCommand.run(arguments)
        case Commands.dump.name: try DumpCommand.run(arguments)
        case Commands.changes.name: try ChangesCommand.run(arguments)
        case Commands.load.name: try LoadCommand.run(arguments)
        case Commands.importArge.name: try ImportCommand.arge(arguments)
        case Commands.top.name: try TopCommand.run(arguments)
        case Commands.completions.name: try ShellCommands.completions(arguments)
        case Commands.man.name: try ShellCommands.man(arguments)
        case Commands.readers.name: try ReadersCommand.run(arguments)
        case Commands.wait.name: try WaitCommand.run(arguments)
        case Commands.health.name: try HealthCommand.run(arguments)
        default: try others(verb, arguments)
        }
    }

    /// What is about a store's log, one that hosts share, or snapshots.
    private static func others(
        _ verb: Verb, _ arguments: Arguments
    ) throws(CommandError) -> Report {
        if let report = try LogCommand.run(verb, arguments) { return report }
        if let report = try ClusterCommand.run(verb, arguments) { return report }
        guard let report = try SnapshotCommand.run(verb, arguments) else {
            preconditionFailure("no verb \(verb.name)")
        }
        return report
    }

    /// Says why and ends the process.
    private static func fail(_ error: CommandError, at store: String?, asJSON: Bool) -> Never {
        let text = error.description(at: store)
        if asJSON {
            let report = Report { $0.member("error", text) }
            report.print(asJSON: true)
        }
        Commands.program.complain(text)
        switch error {
        case .nothingToAsk, .badKeyId, .usage: ExitCode.usage.exit()
        case .snapshot(.damaged), .snapshot(.damagedStore), .store(.corrupted),
            .store(.lmdb(.truncated)),
            .snapshot(.store(.corrupted)), .snapshot(.store(.lmdb(.truncated))),
            .compression(.truncated), .compression(.corrupted), .emptyInput, .badDocument:
            ExitCode.data.exit()
        default: ExitCode.failure.exit()
        }
    }
}
