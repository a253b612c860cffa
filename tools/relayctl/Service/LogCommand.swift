import JSON
import Options
import RelayRecords
import RelayStore

/// `relayctl log`: the log that a store is written through.
enum LogCommand {
    /// Runs a verb; nil when it is none of these.
    static func run(_ verb: Verb, _ arguments: Arguments) throws(CommandError) -> Report? {
        switch verb.name {
        case Commands.logShow.name: return try show(arguments[Commands.store])
        case Commands.logVerify.name: return try verify(arguments[Commands.store])
        case Commands.logTrim.name: return try trim(arguments[Commands.store])
        case Commands.logForget.name:
            return try forget(arguments[Commands.store], arguments[Commands.force])
        default: return nil
        }
    }

    private static func show(_ directory: String) throws(CommandError) -> Report {
        guard try StoreKeeper.exists(in: directory) else { throw .missing(path: directory) }
        let log = try lifting { () throws(StoreError) in try Store.logReport(at: directory) }
        return Report { writer in
            writer.member("hasLog", log != nil)
            guard let log else { return }
            writer.member("inUse", log.isInUse)
            writer.member("leftInOrder", !log.isAttached)
            if let checkpoint = log.checkpoint {
                writer.member("earlierBoot", log.isOfEarlierBoot)
                writer.member("checkpoint", checkpoint)
                writer.member("checkpointGroup", log.checkpointGroup)
                writer.member("checkpointBytes", log.checkpointBytes)
            }
            writer.member("fileBytes", log.fileBytes)
            writer.member("segmentBytes", log.segmentBytes)
        }
    }

    private static func verify(_ directory: String) throws(CommandError) -> Report {
        guard try StoreKeeper.exists(in: directory) else { throw .missing(path: directory) }
        let found = try lifting { () throws(StoreError) in try Store.verifyLog(at: directory) }
        var report = Report { writer in
            writer.member("hasLog", found != nil)
            guard let found else { return }
            writer.member("groups", found.groups)
            writer.member("commands", found.commands)
            writer.member("bytes", found.bytes)
            writer.name("kinds")
            writer.beginArray()
            for (kind, count) in found.kinds.sorted(by: { $0.key < $1.key }) {
                writer.beginObject()
                writer.member("kind", kind)
                writer.member("count", count)
                writer.endObject()
            }
            writer.endArray()
            if let fault = found.fault { writer.member("error", fault) }
        }
        if found?.fault != nil { report.exitCode = .data }
        return report
    }

    private static func trim(_ directory: String) throws(CommandError) -> Report {
        let store = try StoreKeeper.open(directory)
        let bytes = try lifting { () throws(StoreError) in try store.removeLog() }
        return Report { $0.member("removedBytes", bytes) }
    }

    private static func forget(_ directory: String, _ isForced: Bool) throws(CommandError) -> Report
    {
        guard try StoreKeeper.exists(in: directory) else { throw .missing(path: directory) }
        let found = try lifting { () throws(StoreError) in
            try Store.forgetLog(at: directory, evenIfReadable: isForced)
        }
        return Report { writer in
            writer.member("lostGroups", found?.groups ?? 0)
            writer.member("lostCommands", found?.commands ?? 0)
        }
    }
}
