import Glibc
import JSON
import Options
import RelaySnapshots

/// The verbs of `relayctl snapshot` that are about a whole repository.
enum RepositoryCommand {
    /// `init`.
    static func make(_ arguments: Arguments) throws(CommandError) -> Report {
        let key = try SnapshotKey.given(arguments)
        if arguments[Commands.encrypt], key.source == nil {
            throw .usage("--encrypt needs --key-file FILE or --passphrase-file FILE")
        }
        let repository = try CommandError.lifting { () throws(SnapshotError) in
            try Repository(creating: arguments[Commands.repository], key, makesKeyFile: true)
        }
        SnapshotKey.warn(key, of: repository.path)
        return Report { writer in
            writer.member("repository", repository.path)
            writer.member("encrypted", repository.isEncrypted)
            if let source = key.source { SnapshotKey.write(source, to: &writer) }
        }
    }

    static func list(_ arguments: Arguments) throws(CommandError) -> Report {
        let path = arguments[Commands.repository]
        let key = try SnapshotKey.given(arguments)
        let (entries, warnings) = try SnapshotCommand.withProgress(arguments) {
            (progress) throws(SnapshotError) in
            try Repository(path, key).list(progress)
        }
        warn(warnings)
        return Report { writer in
            writer.name("snapshots")
            writer.beginArray()
            for entry in entries {
                writer.beginObject()
                entry.writeMembers(to: &writer)
                writer.endObject()
            }
            writer.endArray()
        }
    }

    static func status(_ arguments: Arguments) throws(CommandError) -> Report {
        let path = arguments[Commands.repository]
        let key = try SnapshotKey.given(arguments)
        let status = try CommandError.lifting { () throws(SnapshotError) in
            try Repository(path, key).status()
        }
        return Report { status.writeMembers(to: &$0) }
    }

    static func prune(_ arguments: Arguments) throws(CommandError) -> Report {
        if let zone = arguments[Commands.timeZone] { try use(timeZone: zone) }
        let policy = RetentionPolicy(
            last: arguments[Commands.keepLast], daily: arguments[Commands.keepDaily],
            weekly: arguments[Commands.keepWeekly], monthly: arguments[Commands.keepMonthly])
        if policy.isEmpty {
            throw .usage("no rule says what to keep: give at least one, such as --keep-last 7")
        }
        let path = arguments[Commands.repository]
        let isDry = arguments[Commands.dryRun]
        let key = try SnapshotKey.given(arguments)
        let outcome = try SnapshotCommand.withProgress(arguments) {
            (progress) throws(SnapshotError) in
            try Repository(path, key).prune(policy, dryRun: isDry, progress)
        }
        warn(outcome.warnings)
        return Report { writer in
            writer.member("dryRun", isDry)
            writer.member("deletedPacks", outcome.deletedPacks)
            writer.member("rewrittenPacks", outcome.rewrittenPacks)
            writer.member("freedBytes", outcome.freedBytes)
            for (name, ids) in [("kept", outcome.kept), ("removed", outcome.removed)] {
                name == "kept" ? writer.name("kept") : writer.name("removed")
                writer.beginArray()
                for id in ids { writer.value(id) }
                writer.endArray()
            }
        }
    }

    /// Has the C library count days in a time zone of the database.
    private static func use(timeZone zone: String) throws(CommandError) {
        let directory = getenv("TZDIR").map { String(cString: $0) } ?? "/usr/share/zoneinfo"
        let isName =
            !zone.isEmpty && !zone.hasPrefix("/") && !zone.split(separator: "/").contains("..")
        var status = stat()
        // Without the database there is UTC all the same.
        let isKnown =
            zone == "UTC"
            || isName && stat("\(directory)/\(zone)", &status) == 0
                && status.st_mode & S_IFMT == S_IFREG
        guard isKnown else {
            throw .usage(
                "--timezone cannot be '\(zone)': expected the name of a file in \(directory), such as "
                    + "Europe/Berlin, or UTC")
        }
        setenv("TZ", zone, 1)
        tzset()
    }

    private static func warn(_ warnings: [String]) {
        for warning in warnings { Commands.program.complain(warning, .warning) }
    }
}
