import Options
import RelayLog
import RelaySnapshots
import RelayStore

/// `relayctl cluster restore`: everything back from a snapshot, with a log of its own.
enum ClusterRestore {
    /// Restores a store with a new epoch, and begins a log with it. Hosts of the old log see another one.
    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        let directory = arguments[Commands.clusterTo]
        let url = try ClusterCommand.url(arguments)
        let credentials = try ClusterCommand.credentials(arguments)
        let key = try SnapshotKey.given(arguments)
        try requireNoLog(url, credentials)
        let name = arguments[Commands.snapshotID]
        let isRepository = try CommandError.lifting { () throws(SnapshotError) in
            try Repository.isThere(name)
        }
        let outcome = try SnapshotCommand.withProgress(arguments) {
            (progress) throws(SnapshotError) in
            try SnapshotRestoration.restore(
                SnapshotSource(isRepository ? "\(name):latest" : name, key), to: directory,
                progress)
        }
        do throws(CommandError) {
            let begun = try ClusterCommand.begin(
                directory, url, credentials, replicas: arguments[Commands.logReplicas])
            return Report { writer in
                writer.member("log", "\(url)")
                writer.member("identity", "\(begun)")
                writer.member("store", directory)
                writer.member("snapshotTakenAt", outcome.manifest.createdAt)
                writer.member("documents", outcome.manifest.documents)
                if let epoch = outcome.epoch { writer.member("epoch", String(epoch, radix: 16)) }
            }
        } catch {
            Commands.program.complain(
                "the store is restored to \(directory), and its log is not begun yet: go on with relayctl "
                    + "cluster init --log \(url) --from \(directory)", .warning)
            throw error
        }
    }

    /// Throws when there is a log of that name: the old one, perhaps, whose hosts would be misled.
    private static func requireNoLog(
        _ url: JetStreamURL, _ credentials: LogCredentials?
    ) throws(CommandError) {
        let log = try ClusterCommand.connect(url, credentials)
        defer { log.close() }
        do throws(SharedLogError) {
            _ = try log.state()
        } catch .missing {
            return
        } catch {
            throw .sharedLog(error)
        }
        throw .usage("there is a log \(url.name) already: choose another name for the new one")
    }
}
