import Options
import RelaySnapshots

/// The part of the command line that is about snapshots.
extension Commands {
    static let snapshotTo = Option<String?>.optional(
        "to", "DIR", .path, help: "make the directory DIR with data.mdb and manifest.json")
    static let snapshotInto = Option<String?>.optional(
        "into", "REPO", .path,
        help: "add the snapshot to the repository REPO")
    static let makeRepository = Option<Bool>.flag(
        "init", help: "with --into: begin a new repository where the old one is gone")
    static let standardOutput = Option<Bool>.flag(
        "stdout", help: "write data.mdb to standard output; the manifest goes to standard error")
    static let manifestFile = Option<String?>.optional(
        "manifest", "FILE", .path, help: "with --stdout: write the manifest to FILE instead")
    static let snapshotLabel = Option<String?>.optional(
        "label", "TEXT", help: "what the snapshot is for, to tell snapshots apart")
    static let compact = Option<Bool>.flag(
        "compact", help: "leave free pages out, so that the copy is smaller; only with --to")
    static let rateLimit = Option<Int?>.optional(
        "rate-limit", "SIZE", .size(1 << 10...1 << 50), help: "copy at most SIZE in a second")
    static let maxGrowth = Option<Int>.number(
        "max-growth", "SIZE", .size(0...1 << 50), default: RelaySnapshots.Limits.growthBytes,
        help: "give up when the store has grown by SIZE while the snapshot was taken")
    static let quick = Option<Bool>.flag("quick", help: "compare checksums only")
    static let full = Option<Bool>.flag(
        "full", help: "also check every page, document and reference (the default)")
    static let snapshotID = Operand(
        "ID", help: "a snapshot: its directory, or REPO:ID; REPO:latest is the newest")
    static let snapshotOrRepository = Operand(
        "ID", help: "a snapshot: its directory, or REPO:ID; REPO alone means all its snapshots")
    static let repository = Operand("REPO", help: "a repository of snapshots")
    static let older = Operand("A", help: "a snapshot or a store: DIR or REPO:ID")
    static let newer = Operand("B", help: "the snapshot or store to compare A with: DIR or REPO:ID")
    static let snapshotOrStore = Operand(
        "ID", help: "a snapshot: its directory, or REPO:ID; a store's directory will do, too")
    static let record = Operand(
        "RECORD", help: "a kind of record and a number, such as orders/4711")
    static let recordAccount = Option<Int>.number(
        "account", "N", .integer(1...Limits.highestAccount), default: 1,
        help: "the account that the record belongs to")
    static let recordBytes = Option<Bool>.flag(
        "bytes", help: "of an attachment: write its file instead of what is known of it")
    static let recordTo = Option<String?>.optional(
        "to", "FILE", .path, help: "where to write, standard output unless given")
    static let fields = Option<Bool>.flag(
        "fields", help: "print each changed member of a document, before and after")
    static let keepLast = keep("keep-last", "the newest N")
    static let keepDaily = keep("keep-daily", "the newest of each of the last N days that have one")
    static let keepWeekly = keep("keep-weekly", "the newest of each of the last N weeks")
    static let keepMonthly = keep("keep-monthly", "the newest of each of the last N months")

    private static func keep(_ name: String, _ help: String) -> Option<Int> {
        Option<Int>.number(
            name, "N", .integer(0...1_000_000), default: 0, help: "keep " + help)
    }
    static let timeZone = Option<String?>.optional(
        "timezone", "ZONE",
        help:
            "the time zone whose days, weeks and months count, such as Europe/Berlin; default: this "
            + "machine's")
    static let restoreTo = Option<String?>.optional(
        "to", "DIR", .path,
        help:
            "directory of the new store; it must not have a store yet. Needed unless --records is "
            + "given")
    static let records = Option<String?>.optional(
        "records", "KIND/ID,…",
        help:
            "instead put these records, such as orders/4711,properties/3, into the store of --store, "
            + "through relayd if it serves that")
    static let recordsStore = Option<String?>.optional(
        "store", "DIR", .path, help: "with --records: the store's directory"
    ).variable("RELAY_STORE")
    static let replace = Option<Bool>.flag(
        "replace", help: "with --records: replace records that the store has with other content")
    static let waitForLock = Option<Int?>.optional(
        "wait", "TIME", .duration(1...Limits.longestWait),
        help: "wait for up to TIME if another process is at work on the repository")
    static let dryRun = Option<Bool>.flag(
        "dry-run", help: "print what would be done, and change nothing")
    static let ifNone = Option<Bool>.flag(
        "if-none", help: "succeed and change nothing if DIR has a store already")
    static let salvage = Option<Bool>.flag(
        "salvage",
        help: "of a damaged snapshot: restore what can be read, list what is missing, and end "
            + "with exit code 3")
    static let unplaced = Option<String?>.optional(
        "unplaced", "FILE", .path,
        help: "with --salvage: write records that refer to a missing one to FILE, for relayctl "
            + "load once that is back")
    static let asOf = Option<String?>.optional(
        "as-of", "SEQ|TIME",
        help: "then replay changes up to number SEQ of the change log, or up to a time such as "
            + "2026-02-06T14:00:00+01:00; needs --changes-from")
    static let changesFrom = Option<String?>.optional(
        "changes-from", "STORE", .path,
        help: "the store, or a snapshot's directory, whose change log is replayed")

    static let repositoryKeyFile = Option<String?>.optional(
        "key-file", "FILE", .path,
        help: "a file whose first line is the key of an encrypted repository"
    ).variable("RELAY_SNAPSHOT_KEY_FILE")
    static let repositoryPassphraseFile = Option<String?>.optional(
        "passphrase-file", "FILE", .path,
        help: "a file whose first line is the passphrase of an encrypted repository"
    ).variable("RELAY_SNAPSHOT_PASSPHRASE_FILE")
    static let newKeyFile = Option<String?>.optional(
        "new-key-file", "FILE", .path,
        help: "the file of the new key; made if there is none")
    static let newPassphraseFile = Option<String?>.optional(
        "new-passphrase-file", "FILE", .path, help: "the file of the new passphrase")
    static let encrypt = Option<Bool>.flag(
        "encrypt",
        help:
            "encrypt all files of the repository; needs --key-file, whose FILE is made if there is "
            + "none, or --passphrase-file")

    static let snapshotCreate = Verb(
        "snapshot create", summary: "Take a snapshot of a store, also while relayd serves it",
        options: [
            store.description, snapshotTo.description, snapshotInto.description,
            makeRepository.description, standardOutput.description,
            manifestFile.description, snapshotLabel.description, compact.description,
            rateLimit.description, maxGrowth.description, waitForLock.description,
            repositoryKeyFile.description, repositoryPassphraseFile.description, json.description,
        ])
    static let snapshotInit = Verb(
        "snapshot init", summary: "Make an empty repository for snapshots",
        options: [
            encrypt.description, repositoryKeyFile.description,
            repositoryPassphraseFile.description, json.description,
        ], operands: [repository])
    static let snapshotKeyChange = Verb(
        "snapshot key change", summary: "Give an encrypted repository another key or passphrase",
        options: [
            repositoryKeyFile.description, repositoryPassphraseFile.description,
            newKeyFile.description, newPassphraseFile.description, waitForLock.description,
            json.description,
        ], operands: [repository])
    static let snapshotVerify = Verb(
        "snapshot verify",
        summary: "Check that a snapshot is undamaged; exit code 3 if it is damaged",
        options: [
            quick.description, full.description, waitForLock.description,
            repositoryKeyFile.description, repositoryPassphraseFile.description, json.description,
        ],
        operands: [snapshotOrRepository])
    static let asReplica = Option<Bool>.flag(
        "replica",
        help:
            "make the store of another host for the log that the hosts share: it keeps its epoch"
    )
    static let snapshotRestore = Verb(
        "snapshot restore",
        summary: "Verify a snapshot and make a store from it, or bring single records back",
        options: [
            restoreTo.description, records.description, recordsStore.description,
            recordAccount.description, replace.description, adminSocket.description,
            dryRun.description, ifNone.description, asReplica.description, asOf.description,
            changesFrom.description, salvage.description, unplaced.description,
            waitForLock.description, repositoryKeyFile.description,
            repositoryPassphraseFile.description, json.description,
        ], operands: [snapshotID])
    static let snapshotList = Verb(
        "snapshot list", summary: "List the snapshots of a repository and what each one added",
        options: [
            waitForLock.description, repositoryKeyFile.description,
            repositoryPassphraseFile.description, json.description,
        ], operands: [repository])
    static let snapshotStatus = Verb(
        "snapshot status",
        summary: "Print the size of a repository and the age of its newest snapshot",
        options: [
            repositoryKeyFile.description, repositoryPassphraseFile.description, json.description,
        ], operands: [repository])
    static let snapshotPrune = Verb(
        "snapshot prune",
        summary: "Remove the snapshots that no rule keeps, and the pages that only they need",
        options: [
            keepLast.description, keepDaily.description, keepWeekly.description,
            keepMonthly.description, timeZone.description, dryRun.description,
            waitForLock.description, repositoryKeyFile.description,
            repositoryPassphraseFile.description, json.description,
        ], operands: [repository])
    static let snapshotDiff = Verb(
        "snapshot diff",
        summary:
            "List the documents that were added, changed or removed between two snapshots, or a "
            + "snapshot and a store",
        options: [
            fields.description, waitForLock.description, repositoryKeyFile.description,
            repositoryPassphraseFile.description, json.description,
        ],
        operands: [older, newer])
    static let snapshotShow = Verb(
        "snapshot show", summary: "Print one record as a snapshot has it, or an attachment's file",
        options: [
            recordAccount.description, recordBytes.description, recordTo.description,
            waitForLock.description, repositoryKeyFile.description,
            repositoryPassphraseFile.description, json.description,
        ],
        operands: [snapshotOrStore, record])
    static let remote = Operand(
        "REMOTE",
        help: "a place as rclone names it, such as s3:BUCKET/PATH, or a directory")
    static let deleteRemote = Option<Bool>.flag(
        "delete", help: "also remove there what is not in REPO any more")
    static let snapshotPush = Verb(
        "snapshot push", summary: "Send what REMOTE lacks of a repository, by rclone",
        options: [deleteRemote.description, waitForLock.description, json.description],
        operands: [repository, remote])
    static let snapshotPull = Verb(
        "snapshot pull", summary: "Fetch what a repository lacks of that in REMOTE, by rclone",
        options: [waitForLock.description, json.description], operands: [repository, remote])
    static let check = Verb(
        "check",
        summary: "Check every page, document and reference of a store, also while relayd serves "
            + "it; exit code 3 if something is wrong",
        options: [store.description, json.description])

    static let snapshotVerbs = [
        snapshotInit, snapshotCreate, snapshotVerify, snapshotRestore, snapshotList, snapshotStatus,
        snapshotPrune, snapshotDiff, snapshotShow, snapshotKeyChange,
        snapshotPush, snapshotPull, check,
    ]
}
