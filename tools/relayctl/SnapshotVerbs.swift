import Options
import RelaySnapshots

/// The part of the command line that is about snapshots.
extension Commands {
    static let snapshotTo = Option<String?>.optional(
        "to", "DIR", .path, help: "make DIR with data.mdb and manifest.json")
    static let snapshotInto = Option<String?>.optional(
        "into", "REPO", .path,
        help: "add it to the repository REPO, which keeps each page once; made if there is none")
    static let standardOutput = Option<Bool>.flag(
        "stdout", help: "write data.mdb to standard output; the manifest goes to standard error")
    static let manifestFile = Option<String?>.optional(
        "manifest", "FILE", .path, help: "with --stdout: write the manifest to FILE instead")
    static let snapshotLabel = Option<String?>.optional(
        "label", "TEXT", help: "what the snapshot is for, to tell snapshots apart")
    static let compact = Option<Bool>.flag(
        "compact", help: "leave free pages out and pack the rest; with --to only")
    static let rateLimit = Option<Int?>.optional(
        "rate-limit", "SIZE", .size(1 << 10...1 << 50), help: "copy at most so much a second")
    static let maxGrowth = Option<Int>.number(
        "max-growth", "SIZE", .size(0...1 << 50), default: RelaySnapshots.Limits.growthBytes,
        help: "give up when the store grows by more, because the snapshot keeps its pages")
    static let quick = Option<Bool>.flag("quick", help: "compare all bytes with their sums only")
    static let full = Option<Bool>.flag(
        "full", help: "look at every page, document and reference too; done unless --quick")
    static let snapshotID = Operand(
        "ID", help: "a snapshot: its directory, or REPO:ID; REPO:latest is the newest")
    static let snapshotOrRepository = Operand(
        "ID", help: "a snapshot: its directory, or REPO:ID; REPO alone is all there is in it")
    static let repository = Operand("REPO", help: "a repository of snapshots")
    static let older = Operand("A", help: "a snapshot or a store: DIR or REPO:ID")
    static let newer = Operand("B", help: "what to compare it with, likewise")
    static let fields = Option<Bool>.flag(
        "fields", help: "say for changed documents which members were what and are what")
    static let keepLast = keep("keep-last", "the newest N")
    static let keepDaily = keep("keep-daily", "the newest of each of the last N days that have one")
    static let keepWeekly = keep("keep-weekly", "the newest of each of the last N weeks")
    static let keepMonthly = keep("keep-monthly", "the newest of each of the last N months")

    private static func keep(_ name: String, _ help: String) -> Option<Int> {
        Option<Int>.number(
            name, "N", .integer(0...1_000_000), default: 0, help: "keep " + help)
    }
    static let restoreTo = Option<String>.required(
        "to", "DIR", .path, help: "where to make the store; there must be none")
    static let dryRun = Option<Bool>.flag("dry-run", help: "say what would be done, change nothing")
    static let ifNone = Option<Bool>.flag(
        "if-none", help: "succeed and change nothing if there is a store in DIR already")
    static let asOf = Option<Int?>.optional(
        "as-of", "SEQ", .integer(1...Int.max),
        help: "replay the changes up to this number on top; needs --changes-from")
    static let changesFrom = Option<String?>.optional(
        "changes-from", "STORE", .path,
        help: "the store, or a snapshot's directory, whose change log is replayed")

    static let snapshotCreate = Verb(
        "snapshot create", summary: "Take a snapshot of a store, also while relayd serves it",
        options: [
            store.description, snapshotTo.description, snapshotInto.description,
            standardOutput.description,
            manifestFile.description, snapshotLabel.description, compact.description,
            rateLimit.description, maxGrowth.description, json.description,
        ])
    static let snapshotVerify = Verb(
        "snapshot verify",
        summary: "Look whether a snapshot is what was taken; exit code 3 if it is not",
        options: [quick.description, full.description, json.description],
        operands: [snapshotOrRepository])
    static let snapshotRestore = Verb(
        "snapshot restore", summary: "Verify a snapshot and make a store of it",
        options: [
            restoreTo.description, dryRun.description, ifNone.description, asOf.description,
            changesFrom.description, json.description,
        ], operands: [snapshotID])
    static let snapshotList = Verb(
        "snapshot list", summary: "List the snapshots of a repository and what each one adds",
        options: [json.description], operands: [repository])
    static let snapshotStatus = Verb(
        "snapshot status", summary: "Say how large a repository is and how old its newest snapshot",
        options: [json.description], operands: [repository])
    static let snapshotPrune = Verb(
        "snapshot prune",
        summary: "Remove the snapshots that no rule keeps, and the pages that only they need",
        options: [
            keepLast.description, keepDaily.description, keepWeekly.description,
            keepMonthly.description, dryRun.description, json.description,
        ], operands: [repository])
    static let snapshotDiff = Verb(
        "snapshot diff",
        summary: "Say which documents were added, changed or removed between two snapshots, or a "
            + "snapshot and a store",
        options: [fields.description, json.description], operands: [older, newer])
    static let check = Verb(
        "check",
        summary: "Look at every page, document and reference of a store, also while relayd serves "
            + "it; exit code 3 if something is wrong",
        options: [store.description, json.description])

    static let snapshotVerbs = [
        snapshotCreate, snapshotVerify, snapshotRestore, snapshotList, snapshotStatus,
        snapshotPrune, snapshotDiff, check,
    ]
}
