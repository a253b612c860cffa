import JSON
import Options
import RelayRecords
import RelaySnapshots
import RelayStore

/// `relayctl snapshot restore --records`: some records of a snapshot into a store that goes on.
///
/// It is a load of these records, so it goes through relayd where that serves the store. What a load would
/// do is found out before, and nothing is loaded if any record cannot be, or would replace another.
enum SnapshotRecordsCommand {
    /// A record that was asked for, or a file that belongs to one.
    private struct Wanted {
        var name: String
        var lines: [UInt8]
    }

    static func run(_ arguments: Arguments, _ list: String) throws(CommandError) -> Report {
        try requireNoOther(arguments)
        guard let directory = arguments[Commands.anyStore] else {
            throw .usage("--records needs --store DIR, the store that the records go into")
        }
        let account = UInt32(arguments[Commands.recordAccount])
        let keys = try keys(list, account)
        let wanted = try read(keys, arguments)
        let states = try judge(wanted, directory, isReplacing: arguments[Commands.replace])
        let isDry = arguments[Commands.dryRun]
        if !isDry, states.contains(where: { $0 != "unchanged" }) {
            try load(wanted, arguments, directory)
        }
        return Report { writer in
            if isDry { writer.member("dryRun", true) }
            writer.member("store", directory)
            writer.member("account", UInt64(account))
            writer.name("records")
            writer.beginArray()
            for (record, state) in zip(wanted, states) {
                writer.beginObject()
                writer.member("record", record.name)
                writer.member("state", state)
                writer.endObject()
            }
            writer.endArray()
        }
    }

    /// What belongs to the restore of a whole store.
    private static func requireNoOther(_ arguments: Arguments) throws(CommandError) {
        let isOther =
            arguments[Commands.restoreTo] != nil || arguments[Commands.asOf] != nil
            || arguments[Commands.changesFrom] != nil || arguments[Commands.salvage]
            || arguments[Commands.unplaced] != nil || arguments[Commands.ifNone]
        if isOther {
            throw .usage(
                "--records puts records into the store of --store: leave --to, --if-none, --as-of, "
                    + "--changes-from, --salvage and --unplaced out")
        }
    }

    private static func keys(
        _ list: String, _ account: UInt32
    ) throws(CommandError) -> [DocumentKey] {
        var keys: [DocumentKey] = []
        for name in list.split(separator: ",", omittingEmptySubsequences: false) {
            let key = try RecordName.key(String(name), account)
            if !keys.contains(key) { keys.append(key) }
        }
        return keys.sorted()
    }

    // MARK: Reading

    /// The lines of the records, and of the files that belong to them.
    private static func read(
        _ keys: [DocumentKey], _ arguments: Arguments
    ) throws(CommandError) -> [Wanted] {
        let place = arguments[Commands.snapshotID]
        let key = try SnapshotKey.given(arguments)
        let snapshot = try SnapshotCommand.withProgress(arguments) {
            (progress) throws(SnapshotError) in try OpenSnapshot(place, key, progress)
        }
        var all = keys
        for key in keys {
            let files = try CommandError.lifting { () throws(SnapshotError) in
                try snapshot.attachments(of: key)
            }
            all += files.filter { !all.contains($0) }
        }
        var wanted: [Wanted] = []
        for key in all.sorted() {
            let name = RecordName.text(of: key)
            let lines = try CommandError.lifting { () throws(SnapshotError) in
                try snapshot.lines(of: key)
            }
            guard let lines else {
                throw .noRecord(name: name, account: key.account, place: place)
            }
            wanted.append(Wanted(name: name, lines: lines))
        }
        return wanted
    }

    // MARK: Writing

    /// What a load would do with each: `created`, `replaced` or `unchanged`.
    private static func judge(
        _ wanted: [Wanted], _ directory: String, isReplacing: Bool
    ) throws(CommandError) -> [String] {
        let store = try StoreKeeper.openForReading(directory)
        var target = try DryRunTarget(store)
        var states: [String] = []
        var problems: [String] = []
        for record in wanted {
            var batch = LineBatch()
            batch.append(record.lines.dropLast(), number: 1)
            guard let outcome = try target.submit(batch)?.outcome else { continue }
            if let fault = outcome.faults.first {
                let advice = fault.waits ? " (give it in --records as well)" : ""
                problems.append("\(record.name): \(fault.detail)\(advice)")
            } else if outcome.updated > 0, !isReplacing {
                problems.append("\(record.name) is there with other content: give --replace")
            }
            states.append(
                outcome.created > 0 ? "created" : outcome.updated > 0 ? "replaced" : "unchanged")
        }
        if problems.isEmpty { return states }
        throw .unrestorable(problems: problems)
    }

    private static func load(
        _ wanted: [Wanted], _ arguments: Arguments, _ directory: String
    ) throws(CommandError) {
        let lines = wanted.flatMap(\.lines)
        var batch = LineBatch()
        batch.append(lines.dropLast(), number: 1)
        let outcome: LoadOutcome?
        if let relayd = try AdminClient.serving(arguments) {
            var target = RelaydTarget(relayd)
            var result = try target.submit(batch)
            if result == nil { result = try target.await() }
            outcome = result?.outcome
        } else {
            var target = StoreTarget(try StoreKeeper.open(directory))
            outcome = try target.submit(batch)?.outcome
        }
        let faults = outcome?.faults ?? []
        // What was found out before was true a moment ago.
        if !faults.isEmpty { throw .unrestorable(problems: faults.map(\.detail)) }
    }
}
