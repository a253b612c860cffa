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

    static let clusterUpgrade = Verb(
        "cluster upgrade",
        summary: "Let all hosts of a log use what their relayd can; an older one cannot go on then",
        options: [anyStore.description, adminSocket.description, json.description])

    static let deep = Option<Bool>.flag(
        "deep", help: "have every host make a digest of its store behind one message, and compare")
    static let deepTimeout = Option<Int>.number(
        "timeout", "TIME", .duration(1_000...24 * 60 * 60 * 1_000), default: 600_000,
        help: "longest time to wait for the digests of --deep")
    static let replicas = Verb(
        "replicas",
        summary: "Show the hosts that share a log; exit code 3 if one is not well or not equal",
        options: [
            deep.description, deepTimeout.description, anyStore.description,
            adminSocket.description, json.description,
        ])

    static let logMonitors = Option<String?>.optional(
        "monitor", "http://HOST:8222",
        help:
            "the monitoring port of each server, with commas between them: it alone tells whether the server "
            + "syncs what it acknowledges")
    static let clusterTo = Option<String>.required(
        "to", "DIR", .path, help: "directory of the new store; it must not have a store yet")

    static let clusterCheck = Verb(
        "cluster check", summary: "See whether a log that hosts share is kept as it has to be",
        options: [
            log.description, logCredentials.description, logMonitors.description,
            json.description,
        ])
    static let clusterRestore = Verb(
        "cluster restore",
        summary: "Restore a snapshot as the first store of a new log; hosts of the old log stop",
        options: [
            clusterTo.description, log.description, logCredentials.description,
            logReplicas.description, repositoryKeyFile.description,
            repositoryPassphraseFile.description, json.description,
        ], operands: [snapshotID])
    static let clusterRestart = Verb(
        "cluster restart-log",
        summary:
            "Make a log in the place of a lost one, with the store that had applied most of it",
        options: [
            store.description, log.description, logCredentials.description,
            logReplicas.description, json.description,
        ])

    static let clusterVerbs = [
        clusterInit, clusterUpgrade, clusterCheck, clusterRestore, clusterRestart, replicas,
    ]
}
