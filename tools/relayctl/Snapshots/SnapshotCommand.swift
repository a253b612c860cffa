import CivilTime
import Glibc
import Options
import RelaySnapshots
import RelayStore

/// `relayctl snapshot …` and `relayctl check`.
enum SnapshotCommand {
    /// Carries a verb out; nil when it is none of these.
    static func run(_ verb: Verb, _ arguments: Arguments) throws(CommandError) -> Report? {
        switch verb.name {
        case Commands.snapshotInit.name: try RepositoryCommand.make(arguments)
        case Commands.snapshotCreate.name: try create(arguments)
        case Commands.snapshotVerify.name: try verify(arguments)
        case Commands.snapshotRestore.name: try restore(arguments)
        case Commands.snapshotList.name: try RepositoryCommand.list(arguments)
        case Commands.snapshotStatus.name: try RepositoryCommand.status(arguments)
        case Commands.snapshotPrune.name: try RepositoryCommand.prune(arguments)
        case Commands.snapshotDiff.name: try SnapshotDiffCommand.run(arguments)
        case Commands.snapshotKeyChange.name: try SnapshotKey.change(arguments)
        case Commands.snapshotPush.name: try SnapshotExchangeCommand.push(arguments)
        case Commands.snapshotPull.name: try SnapshotExchangeCommand.pull(arguments)
        case Commands.snapshotShow.name: try SnapshotShowCommand.run(arguments)
        case Commands.check.name: try check(arguments)
        default: nil
        }
    }

    // MARK: create

    private static func create(_ arguments: Arguments) throws(CommandError) -> Report {
        let options = SnapshotOptions(
            label: arguments[Commands.snapshotLabel], isCompact: arguments[Commands.compact],
            bytesPerSecond: arguments[Commands.rateLimit],
            growthBytes: arguments[Commands.maxGrowth], program: "relayctl \(Version.text)")
        if (options.label?.utf8.count ?? 0) > RelaySnapshots.Limits.labelBytes {
            throw .usage("a label has at most \(RelaySnapshots.Limits.labelBytes) bytes")
        }
        let targets = (
            arguments[Commands.snapshotTo], arguments[Commands.snapshotInto],
            arguments[Commands.standardOutput]
        )
        if arguments[Commands.makeRepository], targets.1 == nil {
            throw .usage("--init needs --into REPO")
        }
        let key = try SnapshotKey.given(arguments)
        if SnapshotKey.isTyped(arguments), targets.1 == nil {
            throw .usage(
                "only what is in a repository is encrypted: --key-file and --passphrase-file need --into "
                    + "REPO")
        }
        SnapshotCopy.giveWay()
        switch targets {
        case (let directory?, nil, false):
            let store = try StoreKeeper.open(arguments[Commands.store])
            let outcome = try withProgress(arguments) { (progress) throws(SnapshotError) in
                try SnapshotCopy.take(store, to: directory, options, progress)
            }
            return report(outcome)
        case (nil, let repository?, false):
            if options.isCompact { throw .usage("--compact needs --to DIR") }
            let store = try StoreKeeper.open(arguments[Commands.store])
            let outcome = try withProgress(arguments) { (progress) throws(SnapshotError) in
                try KnownRepositories(of: arguments[Commands.store])
                    .open(repository, key, isNew: arguments[Commands.makeRepository])
                    .take(store, options, progress)
            }
            return report(outcome)
        case (nil, nil, true):
            if options.isCompact { throw .usage("--compact needs --to DIR") }
            return try stream(arguments, options)
        default:
            throw .usage(
                "the snapshot needs one destination: give --to DIR, --into REPO or --stdout")
        }
    }

    /// Standard output carries the data file, so the report goes elsewhere.
    private static func stream(
        _ arguments: Arguments, _ options: SnapshotOptions
    ) throws(CommandError) -> Report {
        let path = arguments[Commands.manifestFile]
        if isatty(STDOUT_FILENO) == 1 {
            throw .usage(
                "--stdout writes binary data, and standard output is a terminal: lead it to a file or "
                    + "another program")
        }
        if let path {
            try CommandError.lifting { () throws(OutputError) in try OutputFile.check(path) }
        }
        let store = try StoreKeeper.open(arguments[Commands.store])
        // Standard error is the manifest's, unless that has a file of its own.
        let outcome = try withProgress(arguments, isShown: path != nil) {
            (progress) throws(SnapshotError) in
            try SnapshotCopy.stream(store, to: STDOUT_FILENO, options, progress)
        }
        try CommandError.lifting { () throws(OutputError) in
            try OutputFile.write(outcome.manifest.encoded, to: path ?? OutputFile.standardError)
        }
        return Report.silent
    }

    private static func report(_ outcome: SnapshotOutcome) -> Report {
        Report { writer in
            writer.member("snapshot", outcome.id)
            outcome.manifest.writeSummary(to: &writer)
            if let stored = outcome.manifest.stored {
                writer.member("addedPages", stored.addedPages)
                writer.member("addedBytes", stored.addedBytes)
            }
            writer.member("storeGrewBy", outcome.growth)
            writer.member("milliseconds", outcome.milliseconds)
        }
    }

    // MARK: verify, check

    private static func verify(_ arguments: Arguments) throws(CommandError) -> Report {
        if arguments[Commands.quick], arguments[Commands.full] {
            throw .usage("--quick and --full exclude each other")
        }
        let depth: VerificationDepth = arguments[Commands.quick] ? .quick : .full
        let name = arguments[Commands.snapshotOrRepository]
        let key = try SnapshotKey.given(arguments)
        return verdict(
            try withProgress(arguments) { (progress) throws(SnapshotError) in
                do throws(SnapshotError) {
                    return try Repository(name, key).verifyAll(depth, progress)
                } catch .noRepository {
                    return try SnapshotSource(name, key).verify(depth, progress)
                }
            })
    }

    private static func check(_ arguments: Arguments) throws(CommandError) -> Report {
        let store = try StoreKeeper.openForReading(arguments[Commands.store])
        let newest = store.lastTransactionID
        let report = try withProgress(arguments) { (progress) throws(SnapshotError) in
            try StoreExamination.examine(store, progress)
        }
        try StoreKeeper.requireUndisturbed(store, since: newest)
        return verdict(report)
    }

    private static func verdict(_ report: VerificationReport) -> Report {
        var answer = Report { report.writeMembers(to: &$0) }
        if !report.isSound { answer.exitCode = .data }
        return answer
    }

    // MARK: restore

    private static func restore(_ arguments: Arguments) throws(CommandError) -> Report {
        if let records = arguments[Commands.records] {
            return try SnapshotRecordsCommand.run(arguments, records)
        }
        if arguments[Commands.replace] { throw .usage("--replace needs --records") }
        let directory = try target(arguments)
        if arguments[Commands.ifNone], access(directory + "/data.mdb", F_OK) == 0 {
            return Report {
                $0.member("store", directory)
                $0.member("restored", false)
            }
        }
        if arguments[Commands.salvage] { return try SnapshotSalvageCommand.run(arguments) }
        if arguments[Commands.unplaced] != nil { throw .usage("--unplaced needs --salvage") }
        let replay = try replay(arguments)
        let asReplica = arguments[Commands.asReplica]
        if asReplica, replay != nil { throw .usage("--replica and --as-of exclude each other") }
        let name = arguments[Commands.snapshotID]
        let isDry = arguments[Commands.dryRun]
        let key = try SnapshotKey.given(arguments)
        let outcome = try withProgress(arguments) { (progress) throws(SnapshotError) in
            try SnapshotRestoration.restore(
                SnapshotSource(name, key), to: directory, dryRun: isDry, asReplica: asReplica,
                replay: replay, progress)
        }
        return report(outcome, directory, isDry: isDry)
    }

    /// Where the new store is to be.
    static func target(_ arguments: Arguments) throws(CommandError) -> String {
        guard let directory = arguments[Commands.restoreTo] else {
            throw .usage(
                "the restore needs a destination: give --to DIR, or --records and --store DIR")
        }
        return directory
    }

    /// What a restore says.
    static func report(
        _ outcome: SnapshotRestoration.Outcome, _ directory: String, isDry: Bool
    ) -> Report {
        Report { writer in
            writer.member("store", directory)
            writer.member("restored", !isDry)
            writer.member("snapshotTakenAt", outcome.manifest.createdAt)
            writer.member("documents", outcome.manifest.documents)
            writer.member("sequence", outcome.sequence)
            if let epoch = outcome.epoch { writer.member("epoch", String(epoch, radix: 16)) }
        }
    }

    private static func replay(_ arguments: Arguments) throws(CommandError) -> ChangeReplay? {
        switch (arguments[Commands.asOf], arguments[Commands.changesFrom]) {
        case (nil, nil): return nil
        case (let asOf?, let source?):
            let folder = SnapshotFolder(source)
            let isSnapshot = (try? folder.manifest()) != nil
            let store = try StoreKeeper.open(source, isReadOnly: isSnapshot)
            return ChangeReplay(upTo: try sequence(asOf, in: store), from: store)
        default: throw .usage("--as-of and --changes-from go together: give both or none")
        }
    }

    /// The number of a change: as it was given, or that of the last change up to a time.
    private static func sequence(
        _ asOf: String, in store: Store
    ) throws(CommandError) -> UInt64 {
        if let sequence = UInt64(asOf), sequence > 0 { return sequence }
        guard let time = Timestamp(rfc3339: asOf) else {
            throw .usage(
                "--as-of: expected the number of a change, or a time such as "
                    + "2026-02-06T14:00:00+01:00, got '\(asOf)'")
        }
        let sequence = try lifting { () throws(StoreError) in
            let reader = try store.makeReader()
            return try reader.view.lastSequence(upTo: time.milliseconds)
        }
        guard let sequence else {
            throw .usage("--as-of: the change log has no change of \(time) or before")
        }
        return sequence
    }

    // MARK: What all of them need

    private static func patience(_ arguments: Arguments) -> LockPatience {
        LockPatience(milliseconds: arguments[Commands.waitForLock] ?? 0) { sentence in
            Commands.program.complain(sentence, .warning)
        }
    }

    /// Runs long work with its progress shown, ending it on Ctrl-C.
    static func withProgress<Value: ~Copyable>(
        _ arguments: Arguments, isShown: Bool = true,
        _ body: (WorkProgress) throws(SnapshotError) -> Value
    ) throws(CommandError) -> Value {
        Interrupt.hold()
        let stages = StageProgress(json: arguments[Commands.json])
        let progress = WorkProgress(
            cancellation: Cancellation(descriptor: Interrupt.descriptor) { Interrupt.isPending },
            patience: patience(arguments),
            show: { if isShown { stages.show($0, $1, of: $2) } })
        do throws(SnapshotError) {
            let value = try body(progress)
            stages.finish()
            return value
        } catch {
            throw .snapshot(error)
        }
    }
}

/// The progress of work in several stages, one bar after the other.
final class StageProgress: @unchecked Sendable {
    // SAFETY: shown and finished by the one thread that does the work.
    private var stage: WorkProgress.Stage?
    private var progress: Progress?
    private var done = 0
    private let json: Bool

    init(json: Bool) { self.json = json }

    func show(_ stage: WorkProgress.Stage, _ done: Int, of total: Int) {
        if self.stage != stage {
            finish()
            self.stage = stage
            let isBytes = stage == .copying || stage == .hashing
            progress = Progress(
                stage.rawValue, total: total, unit: isBytes ? .bytes : .pieces, json: json)
        }
        self.done = done
        progress?.update(done)
    }

    func finish() {
        progress?.finish(done)
        progress = nil
    }
}
