import Options
import RelayRecords
import RelayStore

/// The command line as data; parsing and every `--help` are readings of it.
enum Commands {
    static let store = Option<String>.required(
        "store", "DIR", .path, help: "the store's directory"
    ).variable("RELAY_STORE")
    static let adminSocket = Option<String?>.optional(
        "admin-socket", "PATH", .path,
        help: "relayd's admin socket; default: admin.sock in the store's directory")
    static let json = Option<Bool>.flag("json", help: "print the result as JSON, for scripts")

    static let orders = Option<Int>.required(
        "orders", "N", .integer(1...Limits.orders), help: "number of orders of account 1")
    static let accounts = Option<Int>.number(
        "accounts", "A", .integer(1...Limits.accounts), default: 1,
        help: "number of accounts; each further account has a tenth of the orders")
    static let seed = Option<Int>.number(
        "seed", "S", .integer(0...Int.max), default: 1,
        help: "start value of the random generator; the same seed gives the same data")

    static let account = Option<Int>.required(
        "account", "N", .integer(1...Limits.highestAccount), help: "the account of the key")
    static let label = Option<String?>.optional(
        "label", "TEXT", help: "what the key is for, to tell keys apart")
    static let expires = Option<String?>.optional(
        "expires", "TIME",
        help: "when the key ends: from now, such as 90d, or a time such as 2027-02-06T11:00:00Z")
    static let rate = Option<String?>.optional(
        "rate", "N/s[:BURST]",
        help: "requests at most, such as 100/s or 600/m:50 (50 at once); none for no limit")
    static let writeRate = Option<String?>.optional(
        "write-rate", "N/s[:BURST]", help: "requests that write, as --rate")
    static let uploads = Option<String?>.optional(
        "uploads", "N", help: "uploads of files at the same time; none for no limit")
    static let keyId = Operand("ID", help: "the number of the key, as keys list shows it")

    static let anyStore = Option<String?>.optional(
        "store", "DIR", .path, help: "the store's directory; not needed with --admin-socket"
    ).variable("RELAY_STORE")

    static let sample = Verb(
        "sample", summary: "Make a store of sample data of German property management",
        options: [
            store.description, orders.description, accounts.description, seed.description,
            json.description,
        ])
    static let keysCreate = Verb(
        "keys create", summary: "Make an API key and print it; it cannot be printed again",
        options: [
            anyStore.description, account.description, label.description, expires.description,
            rate.description, writeRate.description, uploads.description,
            adminSocket.description, json.description,
        ])
    static let keysSet = Verb(
        "keys set", summary: "Set limits of an API key, for open connections too",
        options: [
            anyStore.description, rate.description, writeRate.description, uploads.description,
            adminSocket.description, json.description,
        ],
        operands: [keyId])
    static let keysList = Verb(
        "keys list", summary: "List the API keys of an account, without the keys themselves",
        options: [
            anyStore.description, account.description, adminSocket.description, json.description,
        ])
    static let keysRevoke = Verb(
        "keys revoke", summary: "Revoke an API key, for open connections too",
        options: [anyStore.description, adminSocket.description, json.description],
        operands: [keyId])
    static let accountNumber = Operand("ACCOUNT", help: "the number of the account")
    static let quota = Option<String>.required(
        "quota", "SIZE",
        help: "bytes of records and files together, such as 10GiB; none for no limit")
    static let accountsSet = Verb(
        "accounts set", summary: "Give an account a quota, and count what it uses from then on",
        options: [
            anyStore.description, quota.description, adminSocket.description, json.description,
        ],
        operands: [accountNumber])
    static let accountsList = Verb(
        "accounts list", summary: "List the accounts that were given a quota, and what each uses",
        options: [anyStore.description, adminSocket.description, json.description])
    static let stat = Verb(
        "stat", summary: "Print the size of the store and its contents",
        options: [anyStore.description, adminSocket.description, json.description])
    static let oneAccount = Option<Int?>.optional(
        "account", "N", .integer(1...Limits.highestAccount), help: "only this account's records")
    static let resource = Option<String?>.optional(
        "resource", "R", .choice(Resource.allCases.filter(\.hasDocuments).map { "\($0)" }),
        help: "only records of this kind")
    static let format = Option<String>.text(
        "format", "F", .choice(["jsonl"]), default: "jsonl", help: "the form of the dump")
    static let toFile = Option<String?>.optional(
        "to", "FILE", .path,
        help: "where to write, standard output unless given: a file is replaced whole, a device or "
            + "a pipe is written to; a name ending in .zst is compressed")

    static let dump = Verb(
        "dump", summary: "Write all records of one commit as JSON lines",
        options: [
            store.description, format.description, oneAccount.description, resource.description,
            toFile.description, json.description,
        ])
    static let changesAfter = Option<Int?>.optional(
        "after", "SEQ", .integer(0...Int.max),
        help: "only changes after this number; default: from the oldest that the log has")
    static let changesAt = Option<String?>.optional(
        "at", "TIME", help: "only changes at this time or later, such as 2026-02-06T14:00:00+01:00")
    static let changesUntil = Option<String?>.optional(
        "until", "TIME", help: "only changes before this time")
    static let changedResource = Option<String?>.optional(
        "resource", "R", .choice(Resource.allCases.filter(\.hasDocuments).map { "\($0)" }),
        help: "only changes of records of this kind")
    static let changesLimit = Option<Int>.number(
        "limit", "N", .integer(1...Limits.listedChanges), default: 1_000,
        help: "how many changed records at most; a change is listed whole")
    static let changes = Verb(
        "changes", summary: "List what was changed, when and by what, from the change log",
        options: [
            store.description, changesAfter.description, changesAt.description,
            changesUntil.description, oneAccount.description, changedResource.description,
            changesLimit.description, json.description,
        ])
    static let loadFile = Operand(
        "FILE", .path, help: "a dump, compressed or not; - is standard input")
    static let mapSize = Option<Int?>.optional(
        "map-size", "SIZE", .size(1 << 20...RelayStore.Limits.largestMapBytes),
        help: "how large the store's file may become, if nobody serves it; default: 64GiB, or what "
            + "it was given before")
    static let load = Verb(
        "load", summary: "Load a dump, through relayd while it runs; a second load changes nothing",
        options: [
            anyStore.description, dryRun.description, mapSize.description, adminSocket.description,
            json.description,
        ],
        operands: [loadFile])
    static let argeFile = Operand(
        "FILE", .path,
        help: "the answer to /billingunits/{billingunit}/consumptions/periods/{period}, compressed "
            + "or not; - is standard input")
    static let importSocket = Option<String?>.optional(
        "socket", "PATH", .path, help: "the socket of the relayd that serves the store"
    ).variable("RELAY_SOCKET")
    static let keyFile = Option<String?>.optional(
        "key-file", "FILE", .path, help: "a file whose first line is an API key, with --socket"
    ).variable("RELAY_KEY_FILE")
    static let importAccount = Option<Int?>.optional(
        "account", "N", .integer(1...Limits.highestAccount),
        help: "the account of the units, with --store")
    static let storeUnserved = Option<String?>.optional(
        "store", "DIR", .path, help: "the directory of a store that nobody serves"
    ).variable("RELAY_STORE")
    static let mscName = Option<String>.required(
        "msc-name", "NAME", help: "the metering company's name, which the answer does not have")
    static let importProperty = Option<Int?>.optional(
        "property", "ID", .integer(1...Limits.highestId),
        help: "the property that the billing unit is; default: the one with its mscNumber")
    static let allowUnmatched = Option<Bool>.flag(
        "allow-unmatched", help: "exit code 0 although some units match none of the store")
    static let importArge = Verb(
        "import arge", summary: "Import an answer of the ARGE HeiWaKo consumption data interface",
        options: [
            importSocket.description, keyFile.description, storeUnserved.description,
            importAccount.description, mscName.description, importProperty.description,
            dryRun.description, allowUnmatched.description, json.description,
        ],
        operands: [argeFile])
    static let clearStale = Option<Bool>.flag(
        "clear-stale", help: "free the slots of processes that have died")
    static let readers = Verb(
        "readers", summary: "List the readers of the store, and how many commits each is behind",
        options: [
            anyStore.description, clearStale.description, adminSocket.description, json.description,
        ])
    static let once = Option<Bool>.flag(
        "once", help: "print one table and end; the default without a terminal")
    static let interval = Option<Int>.number(
        "interval", "TIME", .duration(100...Limits.longestInterval), default: 1_000,
        help: "time between two updates")
    static let top = Verb(
        "top", summary: "Watch a running relayd: rates, commits, sizes, readers; q ends it",
        options: [
            once.description, interval.description, anyStore.description,
            adminSocket.description, json.description,
        ])
    static let shell = Operand(
        "SHELL", .choice(Shell.allCases.map(\.rawValue)), help: "bash, zsh or fish")
    static let completions = Verb(
        "completions", summary: "Print a script that makes a shell complete these commands",
        options: [json.description], operands: [shell])
    static let manualDirectory = Option<String?>.optional(
        "to", "DIR", .path, help: "write every page into DIR instead of printing the overview")
    static let man = Verb(
        "man", summary: "Print the manual page of this program, or write those of all verbs",
        options: [manualDirectory.description, json.description])
    static let ready = Option<Bool>.flag(
        "ready", help: "wait until relayd serves (the default)")
    static let timeout = Option<Int>.number(
        "timeout", "TIME", .duration(1...Limits.longestWait), default: 10_000,
        help: "longest time to wait; exit code 1 after it")
    static let wait = Verb(
        "wait", summary: "Wait until relayd is ready to serve",
        options: [
            ready.description, timeout.description, anyStore.description,
            adminSocket.description, json.description,
        ])
    static let health = Verb(
        "health", summary: "Ask relayd whether it is ready to serve; exit code 0 if it is",
        options: [anyStore.description, adminSocket.description, json.description])

    static let program = Program(
        name: "relayctl", summary: "Looks after a Relay store.", version: Version.text,
        verbs: [
            sample, dump, changes, load, importArge, keysCreate, keysSet, keysList, keysRevoke,
            accountsSet, accountsList,
            stat, top,
            readers, wait,
            health,
            completions, man,
        ] + logVerbs + clusterVerbs + snapshotVerbs,
        notes: [
            "Exit codes: 0 done, 1 failed (standard error says why), 2 wrong command line,",
            "3 done, but something is wrong with the data (each finding is named).",
        ])
}
