import Glibc
import Options
import RelayLog
import RelayRecords
import RelayStore

/// What becomes of reads of a store that differs from those of most hosts.
enum DivergenceWay: String, CaseIterable {
    /// They are refused.
    case stop
    /// They are answered.
    case serve
}

extension RelaydOptions {
    static let logOption = Option<String?>.optional(
        "log", "nats://HOST:PORT/NAME",
        help:
            "write through the log NAME, which several hosts share; further servers come with commas "
            + "between them; see relayctl cluster init")
    static let hostOption = Option<String?>.optional(
        "host-name", "NAME",
        help:
            "the name of this host in --log, which no other host may have; default: the machine's name"
    )
    static let credentialsOption = Option<String?>.optional(
        "log-creds", "FILE", .path,
        help: "a NATS credentials file that only its owner may read, for --log")
    static let staleOption = Option<Int?>.optional(
        "stale-reads", "TIME", .duration(2_000...7 * 24 * 60 * 60 * 1_000),
        help:
            "refuse reads when this host has not heard of --log for TIME, such as 5m; default: answer them"
    )
    static let divergenceOption = Option<String?>.optional(
        "on-divergence", "WAY", .choice(DivergenceWay.allCases.map(\.rawValue)),
        help:
            "what becomes of reads when this host's store differs from those of most hosts of --log: stop "
            + "refuses them, serve answers them; default: stop")
    static let joinOption = Option<String?>.optional(
        "join", "REPO", .path,
        help:
            "if there is no store, make it from the newest snapshot in REPO that belongs to --log"
    )

    /// The log that the store shares with other hosts, connected; nil when none was given.
    func sharing() throws -> Replication? {
        guard let log else { return nil }
        let host = try host()
        let url = try JetStreamURL(log)
        let credentials = try logCredentials.map { try LogCredentials(path: $0) }
        let connected = try JetStreamLog(url, host: host.text, credentials: credentials)
        var sharing = Replication.records(connected, as: host)
        sharing.version = Version.text
        sharing.staleReads = staleReads.map { Int64($0) }
        sharing.servesDiverged = onDivergence == .serve
        return sharing
    }

    /// The name that was given, or the machine's up to its first dot.
    func host() throws(StartupError) -> HostName {
        let text = hostName ?? Self.machineName
        guard let host = HostName(text) else { throw .badHostName(text) }
        if host == .relayctl { throw .toolsHostName }
        return host
    }

    private static var machineName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        return String(name.prefix { $0 != "." })
    }
}
