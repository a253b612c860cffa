import Glibc
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
        let isWhole: Bool
        if isDry {
            var target = try RehearsalTarget(try open(arguments))
            isWhole = try loading.pour(&source, into: &target)
        } else if let relayd = try relayd(arguments) {
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
            if !isWhole { writer.member("note", "the dump has no last line: it was cut off") }
            writer.member("milliseconds", progress.elapsed)
        }
        if failed > 0 || !isWhole { report.exitCode = .data }
        return report
    }

    private static func relayd(_ arguments: Arguments) throws(CommandError) -> AdminClient? {
        let named = arguments[Commands.adminSocket]
        let socket = named ?? AdminClient.defaultSocket(store: arguments[Commands.store])
        if let relayd = try AdminClient(socket: socket) {
            // A file may be slow to come; until then relayd must know that somebody is there.
            _ = try relayd.perform("GET", "/livez")
            return relayd
        }
        if let named { throw .notRunning(socket: named) }
        return nil
    }

    private static func open(_ arguments: Arguments) throws(CommandError) -> Store {
        let directory = arguments[Commands.store]
        guard access(directory + "/data.mdb", F_OK) == 0 else { throw .missing(path: directory) }
        return try lifting { () throws(StoreError) in try Store.open(at: directory) }
    }

    /// As relayd does: where there is no store, an empty one is made.
    private static func openOrCreate(_ arguments: Arguments) throws(CommandError) -> Store {
        let directory = arguments[Commands.store]
        if access(directory + "/data.mdb", F_OK) == 0 { return try open(arguments) }
        return try lifting { () throws(StoreError) in try Store.create(at: directory) }
    }
}
