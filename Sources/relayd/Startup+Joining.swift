import Glibc
import Logs
import RelayServer
import RelaySnapshots
import RelayStore
import System

extension Startup {
    /// What relayd itself may have in a directory that has no store yet.
    private static let ownFiles: Set = [
        "relayd.lock", "admin.sock", "admin.sock.lock", "repositories",
        "forgotten-hosts", "forgotten-hosts.new",
    ]

    /// Makes the store of a host that has none of the newest snapshot that goes on with the log. A store that
    /// is there stays as it is.
    static func join(
        _ options: RelaydOptions, _ directory: StoreDirectory, _ shared: any SharedLog,
        _ start: StartProgress,
        _ log: Log
    ) throws {
        if try directory.hasStore() {
            guard options.join != nil else { return }
            return log.write(
                .info, "join_not_needed",
                "there is a store in \(options.store): --join is for a host that has none")
        }
        guard let path = options.join else { throw StartupError.noReplica(options.store) }
        start.enter(.join)
        let repository = try Repository(path, options.snapshotKey)
        let state = try state(of: shared, log)
        let progress = WorkProgress(cancellation: Cancellation { isTold }) { _, done, total in
            start.report(.join, done, of: total)
        }
        log.write(.info, "store_joining", "making the store \(options.store) of \(path)")
        let (id, place) = try ReplicaJoining.join(
            repository, to: options.store, beside: ownFiles, state, progress
        ) { log.write(.warning, "snapshot_passed_over", $0) }
        log.write(
            .info, "store_joined",
            "\(options.store) is snapshot \(id), and goes on after message \(place.sequence) of "
                + "\(state.last) in \(shared.place)")
    }

    /// What the engine says of the log, as soon as it can be reached.
    private static func state(of shared: any SharedLog, _ log: Log) throws -> SharedLogState {
        let start = SystemClock.monotonic.milliseconds
        var isSaid = false
        while true {
            let answer = Result { () throws(SharedLogError) in try shared.state() }
            let time = SystemClock.monotonic.milliseconds - start
            guard case .failure(.unreachable(let why)) = answer, time < Limits.engineWait else {
                return try answer.get()
            }
            if isTold { throw SnapshotError.cancelled }
            if !isSaid { log.write(.warning, "log_unreachable", "\(shared.place): \(why)") }
            isSaid = true
            usleep(Limits.enginePause)
        }
    }

    /// Whether relayd was told to end: these signals are held back for the thread that waits for them.
    private static var isTold: Bool {
        var pending = sigset_t()
        sigpending(&pending)
        return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1
    }
}
