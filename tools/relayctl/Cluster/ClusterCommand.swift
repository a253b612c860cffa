import Glibc
import Options
import RelayLog
import RelayRecords
import RelayStore
import Synchronization
import System

/// `relayctl cluster`: the log that several hosts share.
enum ClusterCommand {
    /// Runs a verb; nil when it is none of these.
    static func run(_ verb: Verb, _ arguments: Arguments) throws(CommandError) -> Report? {
        switch verb.name {
        case Commands.clusterInit.name: try begin(arguments)
        case Commands.clusterUpgrade.name: try upgrade(arguments)
        case Commands.replicas.name: try ReplicasCommand.run(arguments)
        case Commands.clusterCheck.name: try ClusterCheck.run(arguments)
        case Commands.clusterRestore.name: try ClusterRestore.run(arguments)
        case Commands.clusterRestart.name: try ClusterRestart.run(arguments)
        default: nil
        }
    }

    private static func begin(_ arguments: Arguments) throws(CommandError) -> Report {
        let directory = arguments[Commands.clusterFrom]
        let url = try url(arguments)
        let identity = try begin(
            directory, url, try credentials(arguments), replicas: arguments[Commands.logReplicas])
        return Report { writer in
            writer.member("log", "\(url)")
            writer.member("identity", "\(identity)")
            writer.member("store", directory)
        }
    }

    /// Makes the log, writes its first message and has the store apply it. What was done before is left as it
    /// is, so that it can be run again after it was cut off.
    static func begin(
        _ directory: String, _ url: JetStreamURL, _ credentials: LogCredentials?, replicas: Int
    ) throws(CommandError) -> LogIdentity {
        let store = try StoreKeeper.open(directory)
        let old = try lifting { () throws(StoreError) in try store.replicaState() }
        if let old { throw .usage("\(directory) is a replica of the log \(old.identity) already") }
        try lifting { () throws(StoreError) in try RecordApplier().moveOn(store) }
        let log = try connect(url, credentials)
        defer { log.close() }
        let state = try makeLog(log, url, credentials, replicas: replicas)
        let entry = try firstEntry(log, state, store)
        try lifting { () throws(StoreError) in try store.becomeReplica(entry) }
        return state.identity
    }

    static func connect(
        _ url: JetStreamURL, _ credentials: LogCredentials?
    ) throws(CommandError) -> JetStreamLog {
        try asking { () throws(SharedLogError) in
            try JetStreamLog(url, host: HostName.relayctl.text, credentials: credentials)
        }
    }

    /// Raises the level of the log.
    private static func upgrade(_ arguments: Arguments) throws(CommandError) -> Report {
        let relayd = try ReplicasCommand.relayd(arguments)
        return Report(json: try relayd.perform("POST", "/admin/replicas/level"))
    }

    static func url(_ arguments: Arguments) throws(CommandError) -> JetStreamURL {
        do throws(JetStreamURLError) {
            return try JetStreamURL(arguments[Commands.log])
        } catch {
            throw .usage("\(error)")
        }
    }

    static func credentials(_ arguments: Arguments) throws(CommandError) -> LogCredentials? {
        guard let path = arguments[Commands.logCredentials] else { return nil }
        return try asking { () throws(SharedLogError) in try LogCredentials(path: path) }
    }

    static func asking<Value>(
        _ body: () throws(SharedLogError) -> Value
    ) throws(CommandError) -> Value {
        do throws(SharedLogError) { return try body() } catch { throw .sharedLog(error) }
    }

    /// Gives the log's state; makes the log if there is none.
    static func makeLog(
        _ log: JetStreamLog, _ url: JetStreamURL, _ credentials: LogCredentials?, replicas: Int
    ) throws(CommandError) -> SharedLogState {
        try asking { () throws(SharedLogError) in
            do throws(SharedLogError) {
                return try log.state()
            } catch .missing {
                try JetStreamLog.create(
                    url, credentials: credentials, identity: .random, replicas: replicas)
                return try log.state()
            }
        }
    }

    /// Writes the log's first message, unless it is there.
    private static func firstEntry(
        _ log: JetStreamLog, _ state: SharedLogState, _ store: Store
    ) throws(CommandError) -> SharedLogEntry {
        if state.last == 0 {
            let beginning = try lifting { () throws(StoreError) in
                try store.beginning(of: state.identity)
            }
            let message = beginning.message(
                of: .relayctl, sent: SystemClock.wall.milliseconds)
            try append(message, to: log)
        }
        guard state.last <= 1, let entry = try first(of: log) else {
            throw .usage(
                "the log \(log.place) has been written to: choose another name for a new one")
        }
        return entry
    }

    /// The first message of a log that has one. A server that keeps a copy may lack for a moment what the others
    /// have kept: it is asked for again; nil when it does not come.
    static func first(of log: any SharedLog) throws(CommandError) -> SharedLogEntry? {
        let end = SystemClock.monotonic.milliseconds + Limits.copyMilliseconds
        while true {
            let entry = try asking { () throws(SharedLogError) in try log.entry(at: 1) }
            if entry != nil || SystemClock.monotonic.milliseconds >= end { return entry }
            usleep(Limits.waitPause)
        }
    }

    static func append(_ message: [UInt8], to log: JetStreamLog) throws(CommandError) {
        let bell = Bell()
        let outcome = Mutex<AppendOutcome?>(nil)
        log.append(message, id: "beginning") { answer in
            outcome.withLock { $0 = answer }
            bell.ring()
        }
        while true {
            switch outcome.withLock({ $0 }) {
            case .kept: return
            case .refused(let why), .declined(let why), .unknown(let why):
                throw .sharedLog(.unreachable(why: "\(why); run it again"))
            case nil: _ = bell.waitForRing(milliseconds: Limits.logAnswerMilliseconds)
            }
        }
    }
}
