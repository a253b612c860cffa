import Glibc
import HTTP2
import Logs
import Options
import RelayServer
import RelaySnapshots
import RelayStore

/// relayd's command line.
struct RelaydOptions {
    private static let storeOption = Option.required(
        "store", "DIR",
        help:
            "the store's directory, created if it does not exist; :memory: keeps the store in "
            + "memory"
    )
    private static let socketOption = Option<String?>.optional(
        "socket", "PATH", help: "the Unix socket to serve; not needed if systemd passes one")
    private static let modeOption = Option<Int?>.optional(
        "socket-mode", "MODE", .mode,
        help: "permissions of --socket: only users who may write to it can connect; default: 0660")
    private static let groupOption = Option<String?>.optional(
        "socket-group", "GROUP",
        help: "the group of --socket, by name or number; default: relayd's own")
    private static let adminOption = Option<String?>.optional(
        "admin-socket", "PATH",
        help: "the socket for relayctl; default: DIR/admin.sock, none for a store in memory")
    private static let listenOption = Option<String?>.optional(
        "listen", "127.0.0.1:PORT", help: "a loopback port to serve too; also [::1]:PORT")
    private static let metricsOption = Option<String?>.optional(
        "metrics", "127.0.0.1:PORT",
        help:
            "a loopback port for /metrics, /livez and /readyz in HTTP/1.1, which Prometheus and "
            + "kubelets speak; also [::1]:PORT")
    private static let loopsOption = Option<Int?>.optional(
        "loops", "N", .integer(1...RelayServer.Limits.maxLoops),
        help: "number of threads that serve requests; default: one per core")
    private static let warmOption = Option<Bool>.flag(
        "warm", help: "read the store into the page cache before serving")
    private static let everyOption = Option<Int?>.optional(
        "snapshot-every", "TIME", .duration(1_000...365 * 86_400_000),
        help: "take a snapshot at this interval, such as 1h; needs --snapshot-to")
    private static let repositoryOption = Option<String?>.optional(
        "snapshot-to", "REPO", .path,
        help: "the repository for snapshots; relayd makes it the first time")
    private static let keyFileOption = Option<String?>.optional(
        "snapshot-key-file", "FILE", .path,
        help: "a file whose first line is the key of an encrypted repository")
    private static let passphraseFileOption = Option<String?>.optional(
        "snapshot-passphrase-file", "FILE", .path,
        help: "a file whose first line is the passphrase of an encrypted repository")
    private static let verifyOption = Option<Int?>.optional(
        "snapshot-verify", "TIME", .duration(1_000...365 * 86_400_000),
        help:
            "verify all snapshots at this interval, such as 7d: all sums, and everything in the "
            + "newest")
    private static let lastOption = keep("snapshot-keep-last", "the newest N")
    private static let dailyOption = keep(
        "snapshot-keep-daily", "the newest of each of the last N days")
    private static let weeklyOption = keep(
        "snapshot-keep-weekly", "the newest of each of the last N weeks")
    private static let monthlyOption = keep(
        "snapshot-keep-monthly", "the newest of each of the last N months")

    private static func keep(_ name: String, _ help: String) -> Option<Int?> {
        .optional(
            name, "N", .integer(1...1_000_000),
            help: "keep \(help); after each good snapshot those that no rule keeps are removed")
    }

    // The highest number stands for no user and no group (chown(2)).
    private static let usersOption = Option<[Int]>.repeated(
        "allow-uid", "UID", .integer(0...Int(UInt32.max) - 1),
        help: "let this user connect, and no others than the listed users and groups")
    private static let groupsOption = Option<[Int]>.repeated(
        "allow-gid", "GID", .integer(0...Int(UInt32.max) - 1),
        help: "let members of this group connect, and no others than the listed users and groups")
    private static let changeDaysOption = Option<Int?>.optional(
        "keep-changes", "DAYS", .integer(0...36_500),
        help: "how long changes stay in the change log; default: 30 days")
    private static let changeBytesOption = Option<Int?>.optional(
        "keep-changes-mib", "MIB", .integer(1...1_048_576),
        help: "largest size of the change log; default: 1024 MiB")
    private static let mapOption = Option<Int?>.optional(
        "map-size", "SIZE", .size(1 << 20...RelayStore.Limits.largestMapBytes),
        help: "how large the store's file may become; default: 64GiB, or what it was given before")
    private static let durabilityOption = Option<String>.text(
        "durability", "WAY", .choice(WriteDurability.allCases.map(\.rawValue)),
        default: WriteDurability.log.rawValue,
        help:
            "where a write is on the disk before its answer: log in DIR/log, with one sync; synced-commits "
            + "in data.mdb, with a sync of each commit")
    private static let scrubOption = Option<Int>.number(
        "scrub-rate", "SIZE", .size(0...1 << 40), default: RelayStore.Limits.scrubRate,
        help: "compare SIZE of documents with their checksums in a second, once a day; 0: never")

    private static let formatOption = Option<String>.text(
        "log-format", "FORMAT", .choice(LogFormat.allCases.map(\.rawValue)),
        default: LogFormat.logfmt.rawValue,
        help: "the form of log lines on standard error")

    private static let accessOption = Option<Int?>.optional(
        "access-log", "N", .integer(1...1_000_000),
        help: "log one in N requests, 1 for all; default: none")
    private static let slowOption = Option<Int?>.optional(
        "slow", "TIME", .duration(1...3_600_000),
        help: "log requests that take TIME or longer, such as 5ms, and what a write spent it on")

    private static let configOption = Option<String?>.optional(
        "config", "FILE", .path,
        help: "a file of these options, one in a line: loops = 2, warm = true")
    static let checkOption = Option<Bool>.flag(
        "check-config", help: "print the options in force and where each comes from, and end")

    static let program = Program(
        name: "relayd",
        summary: "serves a store of property management data over HTTP/2 on a Unix socket",
        version: Version.text,
        options: [
            storeOption.description, socketOption.description, modeOption.description,
            groupOption.description, adminOption.description,
            listenOption.description, metricsOption.description, loopsOption.description,
            warmOption.description,
            everyOption.description, repositoryOption.description, keyFileOption.description,
            passphraseFileOption.description, verifyOption.description,
            lastOption.description, dailyOption.description, weeklyOption.description,
            monthlyOption.description,
            usersOption.description, groupsOption.description,
            changeDaysOption.description, changeBytesOption.description,
            mapOption.description, durabilityOption.description, logOption.description,
            hostOption.description, credentialsOption.description, staleOption.description,
            divergenceOption.description, joinOption.description, scrubOption.description,
            formatOption.description,
            accessOption.description, slowOption.description,
            configOption.description,
            checkOption.description,
        ],
        notes: [
            "The command line wins over a variable, a variable over --config, and that over the",
            "default. In a variable a flag is true or false, and what may be repeated stands with",
            "commas between: RELAYD_ALLOW_UID=1000,1001.",
            "",
            "With --allow-uid or --allow-gid a client needs to match one of them: its user,",
            "or one of its groups, supplementary ones too. Root is no exception. On the admin",
            "socket root and relayd's own user may always connect, others only if listed. TCP",
            "does not tell who a client is, so --listen and these options exclude each other.",
            "--metrics goes with them: it needs no key and shows no data of an account.",
            "",
            "On SIGTERM and SIGINT relayd accepts no new clients, gives streams under way ten",
            "seconds to end, commits its writes and exits with 0. It ignores SIGHUP: it has",
            "nothing to reload.",
            "When a write of the store's meta page fails, or another file takes the store's place,",
            "relayd says so, is not ready any more and ends with 1. Let a supervisor start it",
            "again: it then goes on from what is committed.",
        ], section: 8, variablePrefix: "RELAYD_", settingsOption: configOption)

    let store: String
    let socket: String?
    /// Permissions of the socket, and its group.
    let socketMode: Int?
    let socketGroup: String?
    let adminSocket: String?
    let listen: String?
    /// The port of `/metrics` in HTTP/1.1.
    let metrics: String?
    let loops: Int
    let isWarmed: Bool
    /// Milliseconds between two snapshots.
    let snapshotInterval: Int?
    let snapshotRepository: String?
    /// Files of what opens it, if it is encrypted; one at most.
    let snapshotKeyFile: String?
    let snapshotPassphraseFile: String?
    /// Milliseconds between two verifications of all snapshots.
    let verificationInterval: Int?
    /// Which snapshots stay.
    let snapshotRetention: RetentionPolicy
    /// Who may connect to the API.
    let peers: AllowedPeers
    /// Who may connect to the admin socket: who may do anything with the store anyway, and `peers`
    /// when it has a list.
    let adminPeers: AllowedPeers
    let retention: Retention
    /// Bytes that the data file may grow into, if that was said.
    let mapBytes: Int?
    /// What keeps a write before it is answered.
    let durability: WriteDurability
    /// The log that hosts share; nil when the store is this host's alone.
    let log: String?
    /// What this host is called in it.
    let hostName: String?
    let logCredentials: String?
    /// Milliseconds of silence of the log after which reads are refused.
    let staleReads: Int?
    /// What becomes of reads when the store differs from most others.
    let onDivergence: DivergenceWay?
    /// The repository that a store is made of when there is none.
    let join: String?
    /// Bytes that the scrub reads in a second.
    let scrubRate: Int
    /// What the lines of the log look like.
    let logFormat: LogFormat
    /// Which requests the log tells of.
    let observation: Observation
    /// Nothing is served: the options are printed.
    let isChecked: Bool

    init(_ arguments: Arguments) {
        store = arguments[Self.storeOption]
        socket = arguments[Self.socketOption]
        socketMode = arguments[Self.modeOption]
        socketGroup = arguments[Self.groupOption]
        listen = arguments[Self.listenOption]
        metrics = arguments[Self.metricsOption]
        loops = arguments[Self.loopsOption] ?? RelayService.cores
        isWarmed = arguments[Self.warmOption]
        snapshotInterval = arguments[Self.everyOption]
        snapshotRepository = arguments[Self.repositoryOption]
        snapshotKeyFile = arguments[Self.keyFileOption]
        snapshotPassphraseFile = arguments[Self.passphraseFileOption]
        verificationInterval = arguments[Self.verifyOption]
        snapshotRetention = RetentionPolicy(
            last: arguments[Self.lastOption] ?? 0, daily: arguments[Self.dailyOption] ?? 0,
            weekly: arguments[Self.weeklyOption] ?? 0, monthly: arguments[Self.monthlyOption] ?? 0)
        adminSocket = arguments[Self.adminOption]
        var retention = Retention()
        if let days = arguments[Self.changeDaysOption] {
            retention.milliseconds = Int64(days) * 24 * 60 * 60 * 1_000
        }
        if let mebibytes = arguments[Self.changeBytesOption] {
            retention.byteCount = mebibytes << 20
        }
        self.retention = retention
        mapBytes = arguments[Self.mapOption]
        durability = WriteDurability(rawValue: arguments[Self.durabilityOption]) ?? .log
        log = arguments[Self.logOption]
        staleReads = arguments[Self.staleOption]
        onDivergence = arguments[Self.divergenceOption].flatMap { DivergenceWay(rawValue: $0) }
        hostName = arguments[Self.hostOption]
        logCredentials = arguments[Self.credentialsOption]
        join = arguments[Self.joinOption]
        scrubRate = arguments[Self.scrubOption]
        logFormat = LogFormat(rawValue: arguments[Self.formatOption]) ?? .logfmt
        observation = Observation(
            accessEvery: arguments[Self.accessOption] ?? 0,
            slowMilliseconds: arguments[Self.slowOption])
        isChecked = arguments[Self.checkOption]
        let users = Set(arguments[Self.usersOption].map { uid_t($0) })
        let groups = Set(arguments[Self.groupsOption].map { gid_t($0) })
        let isGiven = !users.isEmpty || !groups.isEmpty
        peers = isGiven ? AllowedPeers(users: users, groups: groups) : .everyone
        adminPeers = AllowedPeers(users: users.union([0, geteuid()]), groups: groups)
    }

    /// What opens the repository.
    var snapshotKey: RepositoryKey {
        if let snapshotKeyFile { return RepositoryKey(.keyFile(snapshotKeyFile)) }
        return snapshotPassphraseFile.map { RepositoryKey(.passphraseFile($0)) } ?? .none
    }

    var isInMemory: Bool { store == ":memory:" }

    /// The path of the admin socket to open; nil when there is to be none.
    func adminPath(_ passed: [PassedListener]) -> String? {
        if let adminSocket { return adminSocket }
        return isInMemory || passed.contains { $0.role == .admin } ? nil : store + "/admin.sock"
    }
}
