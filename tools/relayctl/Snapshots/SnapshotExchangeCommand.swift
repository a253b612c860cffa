import Options
import RelaySnapshots

/// `relayctl snapshot push` and `pull`: a repository's files to another place, and back.
enum SnapshotExchangeCommand {
    static func push(_ arguments: Arguments) throws(CommandError) -> Report {
        let (path, remote) = (arguments[Commands.repository], arguments[Commands.remote])
        let removing = arguments[Commands.deleteRemote]
        let outcome = try SnapshotCommand.withProgress(arguments) {
            (progress) throws(SnapshotError) in
            try Repository.push(path, to: remote, removing: removing, progress)
        }
        return report(outcome, path, remote, isPush: true)
    }

    static func pull(_ arguments: Arguments) throws(CommandError) -> Report {
        let (path, remote) = (arguments[Commands.repository], arguments[Commands.remote])
        let outcome = try SnapshotCommand.withProgress(arguments) {
            (progress) throws(SnapshotError) in
            try Repository.pull(path, from: remote, progress)
        }
        return report(outcome, path, remote, isPush: false)
    }

    private static func report(
        _ outcome: ExchangeOutcome, _ path: String, _ remote: String, isPush: Bool
    ) -> Report {
        Report { writer in
            writer.member("repository", path)
            writer.member("remote", remote)
            writer.member("snapshots", outcome.snapshots)
            writer.member("files", outcome.files)
            writer.member("bytes", outcome.bytes)
            if isPush { writer.member("removed", outcome.removed) }
        }
    }
}
