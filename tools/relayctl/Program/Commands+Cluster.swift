import Options

/// Verbs about the log that several hosts share.
extension Commands {
    static let log = Option<String>.required(
        "log", "nats://HOST:PORT/NAME",
        help: "the log's name, and servers that keep it with commas between them")
    static let logCredentials = Option<String?>.optional(
        "log-creds", "FILE", .path, help: "a NATS credentials file of a user who may make streams")
    static let logReplicas = Option<Int>.number(
        "replicas", "N", .integer(Limits.logServers), default: 3,
        help: "servers that keep the log: 3 or 5; with fewer, writes can be lost with a server"
    )
    static let clusterFrom = Option<String>.required(
        "from", "DIR", .path, help: "the directory of the store that the hosts begin with")

    static let clusterInit = Verb(
        "cluster init", summary: "Make a log that hosts share, and begin it with a store",
        options: [
            log.description, clusterFrom.description, logCredentials.description,
            logReplicas.description, json.description,
        ])

    static let clusterUpgrade = Verb(
        "cluster upgrade",
        summary: "Let all hosts of a log use what is new in their relayd; older ones stop then",
        options: [anyStore.description, adminSocket.description, json.description])

    static let deep = Option<Bool>.flag(
        "deep",
        help: "have every host make a digest of its store after the same message, and compare them")
    static let deepTimeout = Option<Int>.number(
        "timeout", "TIME", .duration(1_000...24 * 60 * 60 * 1_000), default: 600_000,
        help: "longest time to wait for the digests of --deep")
    static let forgottenHost = Option<String?>.optional(
        "forget", "HOST", help: "list a host no more that is gone for good; it must be missing")
    static let replicas = Verb(
        "replicas",
        summary: "Show the hosts that share a log; exit code 3 if one is not ok or differs",
        options: [
            deep.description, deepTimeout.description, forgottenHost.description,
            anyStore.description,
            adminSocket.description, json.description,
        ])

    static let logMonitors = Option<String?>.optional(
        "monitor", "http://HOST:8222",
        help:
            "the monitoring port of each server, with commas between them: only this port tells whether the "
            + "server syncs what it acknowledges")
    static let clusterTo = Option<String>.required(
        "to", "DIR", .path, help: "directory of the new store; it must not have a store yet")

    static let clusterCheck = Verb(
        "cluster check",
        summary:
            "Check the servers and settings of a log that hosts share; exit code 3 if there is a problem",
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
            "Begin a new log in place of a lost one, with the store that had applied most of that",
        options: [
            store.description, log.description, logCredentials.description,
            logReplicas.description, json.description,
        ])

    static let clusterVerbs = [
        clusterInit, clusterUpgrade, clusterCheck, clusterRestore, clusterRestart, replicas,
    ]
}
