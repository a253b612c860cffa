import CLinux
import Glibc
import HTTP2
import Logs
import Metrics
import Options
import RelayServer
import RelaySnapshots
import RelayStore
import System

/// What stands between the command line and a running service.
enum Startup {
    /// A service that runs.
    struct Running {
        let service: RelayService
        let schedule: SnapshotSchedule?
        /// Where the API is served.
        let places: [String]
        /// Keeps other relayds out of the store for as long as it is served.
        let directory: StoreDirectory?

        /// Ends the service, then the snapshots; only then may another relayd have the store. A
        /// snapshot takes a while to end, and no client waits for that.
        func stop() {
            schedule?.cancel()
            service.stop()
            schedule?.stop()
            directory?.release()
        }
    }

    /// Sockets of the API that this process has bound.
    private struct OwnSockets {
        let unix: UnixSocket?
        let loopback: LoopbackSocket?
        let metrics: LoopbackSocket?
    }

    /// How far a start is, told to the service manager: it waits for as long as something happens.
    private static func progress() -> StartProgress {
        StartProgress { words in
            Systemd.notify("STATUS=\(words)\nEXTEND_TIMEOUT_USEC=\(Limits.stepMicroseconds)")
        }
    }

    /// Opens the store and serves it where the options say.
    ///
    /// What can be found wrong is found before there is a store, and then nothing is left: the
    /// options are checked, sockets bound, the directory locked. Clients are let in at the end.
    static func start(
        _ options: RelaydOptions, _ passed: [PassedListener], _ log: Log
    ) throws -> Running {
        try options.check(passed)
        let group = try options.socketGroupID()
        let sockets = OwnSockets(
            unix: try options.socket.map { path in
                try UnixSocket(
                    path: path, mode: mode_t(options.socketMode ?? 0o660), group: group)
            },
            loopback: try options.listen.map { address in try LoopbackSocket(address) },
            metrics: try options.metrics.map { address in try LoopbackSocket(address) })
        let directory = options.isInMemory ? nil : try StoreDirectory(options.store)
        let entrance = try ServiceEntrance(progress: progress(), log: log)
        do {
            return try start(options, passed, sockets, entrance, directory, log)
        } catch {
            entrance.stop()
            directory?.abandon()
            throw error
        }
    }

    private static func start(
        _ options: RelaydOptions, _ passed: [PassedListener], _ sockets: OwnSockets,
        _ entrance: ServiceEntrance, _ directory: StoreDirectory?, _ log: Log
    ) throws -> Running {
        let admin = try options.adminPath(passed).map { path in
            try UnixSocket(path: path, mode: 0o600)
        }
        for listener in passed where listener.role == .admin {
            entrance.listenAdmin(listener.socket, peers: options.adminPeers)
        }
        if let admin { entrance.listenAdmin(admin, peers: options.adminPeers) }
        if let socket = sockets.metrics { entrance.listenPlain(socket) }
        let repositories = KnownRepositories(of: directory == nil ? nil : options.store)
        let key = options.snapshotKey
        if let path = options.snapshotRepository { try repositories.check(path, key) }
        let sharing = try options.sharing()
        try entrance.start()
        if let sharing, let directory {
            try join(options, directory, sharing.log, entrance.progress, log)
        }
        let store = try openStore(options, directory, entrance.progress, log)
        if let path = options.snapshotRepository { _ = try repositories.open(path, key) }
        if options.isWarmed { try warm(store, entrance.progress, log) }
        let service = try RelayService(
            store: store, loops: options.loops, retention: options.retention,
            durability: directory == nil ? .syncedCommits : options.durability,
            sharing: sharing, scrubRate: options.scrubRate, observation: options.observation,
            log: log, entrance: entrance,
            // The thread that waits for signals ends everything in order, then.
            whenFatal: { _ in kill(getpid(), SIGTERM) })
        var places: [String] = []
        if let socket = sockets.unix {
            service.listen(socket, peers: options.peers)
            places.append(socket.path)
        }
        if let socket = sockets.loopback {
            service.listen(socket, peers: options.peers)
            places.append(socket.endpoint)
        }
        for listener in passed where listener.role == .api {
            service.listen(listener.socket, peers: options.peers)
            places.append(listener.socket.endpoint)
        }
        if let socket = sockets.metrics {
            log.write(
                .info, "metrics_served", "metrics on http://\(socket.endpoint)/metrics")
        }
        let schedule = try makeSchedule(options, key, store, log)
        if let schedule {
            service.report(
                members: { schedule.writeMembers(to: &$0) }, figures: { schedule.figures })
            service.tellHosts(snapshotAt: { schedule.newestGoodAt?.milliseconds ?? 0 })
        }
        service.report(figures: {
            [
                Figure(
                    nil, "relay_build_info", .gauge(1), by: [("version", Version.text)],
                    "The version of relayd, as a label."),
                Figure(
                    "logLines", "relay_log_lines", .counter(log.lines),
                    "Lines that were written to the log."),
                Figure(
                    "lostLogLines", "relay_log_lines_lost", .counter(log.lostLines),
                    "Lines of the log that were lost: it could not be written in time."),
            ]
        })
        try service.start()
        try schedule?.start()
        return Running(service: service, schedule: schedule, places: places, directory: directory)
    }

    private static func makeSchedule(
        _ options: RelaydOptions, _ key: RepositoryKey, _ store: Store, _ log: Log
    ) throws(SnapshotError) -> SnapshotSchedule? {
        guard let interval = options.snapshotInterval, let path = options.snapshotRepository
        else { return nil }
        return try SnapshotSchedule(
            store, into: path, key,
            SnapshotPlan(
                every: interval, keeping: options.snapshotRetention,
                verifyingEvery: options.verificationInterval),
            SnapshotOptions(program: "relayd \(Version.text)"), log: log)
    }

    private static func openStore(
        _ options: RelaydOptions, _ directory: StoreDirectory?, _ start: StartProgress, _ log: Log
    ) throws -> Store {
        let storeOptions = StoreOptions(mapBytes: options.mapBytes)
        guard let directory else {
            return try Store.inMemory(
                options: StoreOptions(
                    mapBytes: options.mapBytes, durability: .mayCorruptStore))
        }
        if try !directory.hasStore() {
            log.write(
                .info, "store_created",
                "there is no store in \(options.store): creating an empty one")
            let store = try Store.create(at: options.store, options: storeOptions)
            try store.claim()
            return store
        }
        let store = try Store.open(
            at: options.store, options: storeOptions,
            recovery: .records { progress in tell(progress, start, log) })
        try store.claim()
        _ = try store.clearDeadReaders()
        if options.durability != .log { try store.removeLog() }
        return store
    }

    /// Says how far a recovery is.
    private static func tell(
        _ progress: RecoveryProgress, _ start: StartProgress, _ log: Log
    ) {
        start.report(
            .recovery, Int(clamping: progress.bytes), of: Int(clamping: progress.mostBytes))
        if progress.isDone {
            log.write(.warning, "store_recovered", "\(progress)")
        } else {
            log.write(.info, "store_recovering", "\(progress)")
        }
    }

    /// Reads the store ahead, and says what that brought: the service is ready only after it.
    private static func warm(
        _ store: Store, _ progress: StartProgress, _ log: Log
    ) throws(StoreError) {
        let start = SystemClock.monotonic.milliseconds
        progress.enter(.warm)
        let bytes = try store.warm { done, total in progress.report(.warm, done, of: total) }
        let mebibytes = (bytes + (1 << 20) - 1) >> 20
        let milliseconds = SystemClock.monotonic.milliseconds - start
        log.write(
            .info, "store_warmed",
            "warmed \(mebibytes) MiB of the store in \(milliseconds) ms")
    }

    /// Descriptors up to the hard limit: each connection takes one.
    static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
