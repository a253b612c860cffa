import Options

/// Verbs about the log that several hosts share.
extension Commands {
    static let log = Option<String>.required(
        "log", "nats://HOST:PORT/NAME",
        help: "the log's name, and servers that keep it with commas between them")
    static let logCredentials = Option<String?>.optional(
        "log-creds", "FILE", .path, help: "a NATS credentials file of who may make streams")
    static let logReplicas = Option<Int>.number(
        "replicas", "N", .integer(Limits.logServers), default: 3,
        help: "servers that keep the log: 3 or 5; with fewer, a server that dies takes writes along"
    )
    static let clusterFrom = Option<String>.required(
        "from", "DIR", .path, help: "the directory of the store that the hosts begin with")

    static let clusterInit = Verb(
        "cluster init", summary: "Make a log that hosts share, and a store its first replica",
        options: [
            log.description, clusterFrom.description, logCredentials.description,
            logReplicas.description, json.description,
        ])

    static let clusterVerbs = [clusterInit]
}
