import JSON
import Options
import RelayRecords
import RelayStore

/// `relayctl load`: the lines of a dump into a store, through the relayd that serves it or directly.
///
/// Loading a file twice changes nothing, so whatever interrupts a load is mended by loading again.
enum LoadCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        var source = try LineSource(arguments[Commands.loadFile])
        let asJSON = arguments[Commands.json]
        let isDry = arguments[Commands.dryRun]
        let progress = Progress("load", total: source.total, unit: .bytes, json: asJSON)
        var loading = Loading(progress: progress, asJSON: asJSON)
        Interrupt.hold()
        try source.requireContent()
        let isWhole: Bool
        if isDry {
            guard arguments[Commands.anyStore] != nil else {
                throw .usage("--dry-run needs --store DIR: it reads the store itself")
            }
            var target = try DryRunTarget(
                try StoreKeeper.openForReading(try directory(arguments)))
            isWhole = try loading.pour(&source, into: &target)
        } else if let relayd = try AdminClient.serving(arguments) {
            guard arguments[Commands.mapSize] == nil else {
                throw .usage(
                    "--map-size is for a store that nobody serves: give it to the relayd that serves "
                        + "this one")
            }
            // A file may be slow to come; until then relayd must know that somebody is there.
            _ = try relayd.perform("GET", "/livez")
            var target = RelaydTarget(relayd)
            isWhole = try loading.pour(&source, into: &target)
        } else {
            var target = StoreTarget(try openOrCreate(arguments))
            isWhole = try loading.pour(&source, into: &target)
        }
        let (total, failed) = (loading.total, loading.failed)
        var report = Report { writer in
            if isDry { writer.member("dryRun", true) }
            writer.member("created", total.created)
            writer.member("updated", total.updated)
            writer.member("unchanged", total.unchanged)
            writer.member("failed", failed)
            if !isWhole { writer.member("note", "the dump has no end line: it was cut off") }
            writer.member("milliseconds", progress.elapsed)
        }
        if failed > 0 || !isWhole { report.exitCode = .data }
        return report
    }

    private static func directory(_ arguments: Arguments) throws(CommandError) -> String {
        guard let directory = arguments[Commands.anyStore] else { throw .nothingToAsk }
        return directory
    }

    /// As relayd does: where there is no store, an empty one is made.
    private static func openOrCreate(_ arguments: Arguments) throws(CommandError) -> Store {
        let directory = try directory(arguments)
        let options = StoreOptions(mapBytes: arguments[Commands.mapSize])
        let isThere = try StoreKeeper.exists(in: directory)
        return try lifting { () throws(StoreError) in
            isThere
                ? try Store.open(at: directory, options: options, recovery: .told)
                : try Store.create(at: directory, options: options)
        }
    }
}
