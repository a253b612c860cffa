import Options
import RelayLog
import RelayStore
import System

/// `relayctl cluster restart-log`: a log in the place of one that was lost or went back.
enum ClusterRestart {
    /// Makes the log, says in its first message what it goes on with, and has the store apply that. What was
    /// done before is left as it is, so that it can be run again after it was cut off.
    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        let directory = arguments[Commands.store]
        guard try StoreKeeper.exists(in: directory) else { throw .missing(path: directory) }
        let lock = try StoreKeeper.lock(
            directory, orElse: "relayd serves \(directory): stop it first")
        defer { withExtendedLifetime(lock) {} }
        let store = try StoreKeeper.open(directory)
        let old = try lifting { () throws(StoreError) in try store.replicaState() }
        guard let old else { throw .store(.replica(.notAReplica)) }
        let url = try ClusterCommand.url(arguments)
        let credentials = try ClusterCommand.credentials(arguments)
        let log = try ClusterCommand.connect(url, credentials)
        defer { log.close() }
        let state = try ClusterCommand.makeLog(
            log, url, credentials, replicas: arguments[Commands.logReplicas])
        if state.identity == old.identity { throw .usage(refusal(url, state, old)) }
        if state.last == 0 {
            let beginning = try lifting { () throws(StoreError) in
                try store.continuation(as: state.identity)
            }
            let sent = SystemClock.wall.milliseconds
            try ClusterCommand.append(
                beginning.message(of: .relayctl, sent: sent), to: log)
        }
        guard state.first <= 1, let entry = try ClusterCommand.first(of: log) else {
            throw .usage("the log \(log.place) has been written to: choose another name")
        }
        try lifting { () throws(StoreError) in try store.goOn(entry) }
        return Report { writer in
            writer.member("log", log.place)
            writer.member("identity", "\(state.identity)")
            writer.member("store", directory)
            writer.member("continues", "\(old.identity)")
            writer.member("sequence", old.sequence)
        }
    }

    /// Why the store's own log is left as it is.
    private static func refusal(
        _ url: JetStreamURL, _ state: SharedLogState, _ old: ReplicaState
    ) -> String {
        if state.first <= old.sequence + 1, state.last >= old.sequence {
            return
                "the log \(url.name) is the store's own, and goes on where the store ends: start relayd"
        }
        return
            "the log \(url.name) is the store's own, has messages \(state.first) to \(state.last), and the "
            + "store has applied up to \(old.sequence): choose another name for the new log, and give that to "
            + "relayd on all hosts; or remove the stream first"
    }
}
