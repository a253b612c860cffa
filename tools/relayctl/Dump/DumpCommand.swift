import Glibc
import JSON
import Options
import RelayRecords
import RelayStore
import System

/// `relayctl dump`: all records of one commit as JSON lines, whether relayd serves the store or not.
///
/// Reads the store itself: a reader of another process does not disturb relayd, whose commits go on.
/// Their pages are not used again until the dump is over, so that the file may grow meanwhile.
enum DumpCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        let store = try StoreKeeper.openForReading(arguments[Commands.store])
        let resource = arguments[Commands.resource].flatMap(Resource.init(named:))
        let filter = DumpFilter(
            account: arguments[Commands.oneAccount].map { UInt32($0) }, resource: resource)
        let path = arguments[Commands.toFile]
        if let path, isOfStore(path, arguments[Commands.store]) { throw .inStore(path: path) }
        let file = try DumpFile(path)
        Interrupt.hold()
        let reader = try lifting { () throws(StoreError) in try store.makeReader() }
        var writer = DumpWriter(filter)
        let extent = try lifting { () throws(StoreError) in try writer.measure(reader.view) }
        var progress = Progress(
            "dump", total: Int(extent.totalBytes), unit: .bytes, json: arguments[Commands.json])
        let view = reader.view
        let isWhole = try lifting { () throws(StoreError) in
            try writer.write(view, store.metadata, extent) { piece, done in
                progress.update(Int(done))
                return !Interrupt.isPending && file.write(piece)
            }
        }
        if !isWhole { progress.interrupt() }
        if let failure = file.failure { throw failure }
        try StoreKeeper.requireUndisturbed(store, since: reader.transactionID)
        guard isWhole else { throw .interrupted }
        try file.publish()
        progress.finish(Int(extent.totalBytes))
        let (faults, faultCount) = (writer.faults, writer.faultCount)
        for fault in faults {
            Progress.write("\(fault.record): \(fault.detail)\n")
        }
        if faultCount > faults.count {
            Progress.write(
                "\(faultCount - faults.count) more records have such faults\n")
        }
        // What is printed there is the dump.
        guard let path, !file.isStandardOutput else {
            var report = Report.silent
            if faultCount > 0 { report.exitCode = .data }
            return report
        }
        let fileBytes = file.bytes
        var report = Report { writer in
            writer.member("file", path)
            writer.member("documents", extent.documents)
            writer.member("documentBytes", extent.bytes)
            writer.member("attachmentBytes", extent.contentBytes)
            writer.member("fileBytes", fileBytes)
            if faultCount > 0 { writer.member("failed", faultCount) }
            writer.member("milliseconds", progress.elapsed)
        }
        if faultCount > 0 { report.exitCode = .data }
        return report
    }

    /// Whether a path leads to a file that the store in a directory consists of, or into its log.
    private static func isOfStore(_ path: String, _ directory: String) -> Bool {
        let end = path.lastIndex(of: "/")
        let parent = end.map { String(path[...$0]) } ?? "."
        if let log = FileIdentity(following: directory + "/log"),
            FileIdentity(following: parent) == log
        {
            return true
        }
        guard let identity = FileIdentity(following: path) else { return false }
        return ["data.mdb", "lock.mdb", "relayd.lock"].contains {
            FileIdentity(following: "\(directory)/\($0)") == identity
        }
    }
}
