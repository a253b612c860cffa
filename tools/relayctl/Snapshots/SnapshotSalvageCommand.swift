import Options
import RelaySnapshots

/// `relayctl snapshot restore --salvage`: what can be read of a damaged snapshot.
enum SnapshotSalvageCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        guard arguments[Commands.asOf] == nil, arguments[Commands.changesFrom] == nil else {
            throw .usage(
                "--salvage and --as-of exclude each other: changes can be replayed on a whole "
                    + "snapshot only")
        }
        let directory = try SnapshotCommand.target(arguments)
        let name = arguments[Commands.snapshotID]
        let isDry = arguments[Commands.dryRun]
        let key = try SnapshotKey.given(arguments)
        let unplaced = arguments[Commands.unplaced]
        if let unplaced {
            try CommandError.lifting { () throws(OutputError) in try OutputFile.check(unplaced) }
        }
        // What is undamaged is restored as it is, with versions and the change log.
        var whole: SnapshotRestoration.Outcome?
        do throws(CommandError) {
            whole = try SnapshotCommand.withProgress(arguments) {
                (progress) throws(SnapshotError) in
                try SnapshotRestoration.restore(
                    SnapshotSource(name, key), to: directory, dryRun: isDry, progress)
            }
        } catch .snapshot(.damaged) {
            whole = nil
        }
        if let whole { return SnapshotCommand.report(whole, directory, isDry: isDry) }
        let outcome = try SnapshotCommand.withProgress(arguments) {
            (progress) throws(SnapshotError) in
            try SnapshotSalvage.salvage(
                SnapshotSource(name, key), to: directory, unplaced: unplaced, dryRun: isDry,
                progress)
        }
        var report = Report { writer in
            writer.member("store", directory)
            writer.member("restored", !isDry)
            writer.member("snapshotTakenAt", outcome.manifest.createdAt)
            writer.member("sequence", outcome.manifest.sequence)
            if let epoch = outcome.epoch { writer.member("epoch", String(epoch, radix: 16)) }
            outcome.report.writeMembers(to: &writer)
        }
        if !outcome.report.isComplete { report.exitCode = .data }
        return report
    }
}
