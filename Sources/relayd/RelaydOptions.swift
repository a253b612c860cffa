import Glibc
import HTTP2
import Options
import RelayServer
import RelayStore

/// relayd's command line.
struct RelaydOptions {
    private static let storeOption = Option.required(
        "store", "DIR", help: "the store's directory, created if there is none; :memory: for none")
    private static let socketOption = Option<String?>.optional(
        "socket", "PATH", help: "the Unix socket to serve (or have it passed by systemd)")
    private static let adminOption = Option<String?>.optional(
        "admin-socket", "PATH", help: "the admin tool's socket; DIR/admin.sock unless in memory")
    private static let listenOption = Option<String?>.optional(
        "listen", "127.0.0.1:PORT", help: "a loopback port to serve as well")
    private static let loopsOption = Option<Int?>.optional(
        "loops", "N", .integer(1...RelayServer.Limits.maxLoops),
        help: "threads that serve requests; one per core unless given")
    private static let warmOption = Option<Bool>.flag(
        "warm", help: "read the store into memory before serving; says how much and how long")
    private static let everyOption = Option<Int?>.optional(
        "snapshot-every", "TIME", .duration(1_000...365 * 86_400_000),
        help: "take a snapshot so often, such as 1h; needs --snapshot-to")
    private static let repositoryOption = Option<String?>.optional(
        "snapshot-to", "REPO", .path, help: "the repository for snapshots; made if there is none")
    private static let usersOption = Option<[Int]>.repeated(
        "allow-uid", "UID", .integer(0...Int(UInt32.max)),
        help: "only these users may connect")
    private static let groupsOption = Option<[Int]>.repeated(
        "allow-gid", "GID", .integer(0...Int(UInt32.max)),
        help: "only these groups may connect")
    private static let changeDaysOption = Option<Int?>.optional(
        "keep-changes", "DAYS", .integer(0...36_500),
        help: "how far back the change log goes; 30 days unless given")
    private static let changeBytesOption = Option<Int?>.optional(
        "keep-changes-mib", "MIB", .integer(1...1_048_576),
        help: "how large the change log may become; 1024 MiB unless given")

    static let program = Program(
        name: "relayd",
        summary: "serves a store of property management data over HTTP/2 on a Unix socket",
        version: Version.text,
        options: [
            storeOption.description, socketOption.description, adminOption.description,
            listenOption.description, loopsOption.description, warmOption.description,
            everyOption.description, repositoryOption.description,
            usersOption.description, groupsOption.description,
            changeDaysOption.description, changeBytesOption.description,
        ],
        notes: [
            "Ends on SIGTERM and SIGINT: finishes the streams under way, commits, exits with 0."
        ], section: 8)

    let store: String
    let socket: String?
    let adminSocket: String?
    let listen: String?
    let loops: Int
    let isWarmed: Bool
    /// Milliseconds between two snapshots.
    let snapshotInterval: Int?
    let snapshotRepository: String?
    let peers: AllowedPeers
    let retention: Retention

    init(_ arguments: Arguments) {
        store = arguments[Self.storeOption]
        socket = arguments[Self.socketOption]
        listen = arguments[Self.listenOption]
        loops = arguments[Self.loopsOption] ?? RelayService.cores
        isWarmed = arguments[Self.warmOption]
        snapshotInterval = arguments[Self.everyOption]
        snapshotRepository = arguments[Self.repositoryOption]
        adminSocket =
            arguments[Self.adminOption] ?? (store == ":memory:" ? nil : store + "/admin.sock")
        var retention = Retention()
        if let days = arguments[Self.changeDaysOption] {
            retention.milliseconds = Int64(days) * 24 * 60 * 60 * 1_000
        }
        if let mebibytes = arguments[Self.changeBytesOption] {
            retention.byteCount = mebibytes << 20
        }
        self.retention = retention
        peers = AllowedPeers(
            users: Set(arguments[Self.usersOption].map { uid_t($0) }),
            groups: Set(arguments[Self.groupsOption].map { gid_t($0) }))
    }

    var isInMemory: Bool { store == ":memory:" }

    /// Where it serves, for the line that says so.
    func summary(_ places: [String]) -> String {
        "on \(places.joined(separator: " and ")) (store \(store), \(loops) loop\(loops == 1 ? "" : "s"))"
    }
}
