import CLinux
import Glibc
import HTTP2
import Options
import RelayServer
import RelaySnapshots
import RelayStore

/// What stands between the command line and a running service.
enum Startup {
    /// Opens the store and serves it where the options say.
    ///
    /// - Returns: the service, its snapshots and the places where it serves.
    static func start(
        _ options: RelaydOptions
    ) throws -> (RelayService, SnapshotSchedule?, [String]) {
        let passed = Systemd.listenDescriptors()
        guard options.socket != nil || options.listen != nil || !passed.isEmpty else {
            throw StartupError.nowhereToServe
        }
        try requireWholeSchedule(options)
        let store = try openStore(options)
        if !options.isInMemory { try lock(options.store) }
        if options.isWarmed { try warm(store) }
        let service = try RelayService(
            store: store, loops: options.loops, retention: options.retention)
        var places: [String] = []
        if let path = options.socket {
            places.append(path)
            service.listen(try UnixSocket(path: path), peers: options.peers)
        }
        if let address = options.listen {
            let socket = try LoopbackSocket(address)
            service.listen(socket)
            places.append("127.0.0.1:\(socket.port)")
        }
        for descriptor in passed {
            service.listen(descriptor: descriptor)
            places.append("descriptor \(descriptor)")
        }
        if let path = options.adminSocket {
            service.listenAdmin(try UnixSocket(path: path, mode: 0o600))
        }
        let schedule = try makeSchedule(options, store)
        if let schedule { service.report { schedule.writeMembers(to: &$0) } }
        try service.start()
        schedule?.start()
        return (service, schedule, places)
    }

    private static func requireWholeSchedule(_ options: RelaydOptions) throws(StartupError) {
        let isWhole = (options.snapshotInterval == nil) == (options.snapshotRepository == nil)
        guard isWhole, options.snapshotInterval == nil || !options.isInMemory else {
            throw .halfSchedule
        }
    }

    private static func makeSchedule(
        _ options: RelaydOptions, _ store: Store
    ) throws(SnapshotError) -> SnapshotSchedule? {
        guard let interval = options.snapshotInterval, let path = options.snapshotRepository
        else { return nil }
        return try SnapshotSchedule(
            store, into: path, every: interval,
            SnapshotOptions(program: "relayd \(Version.text)"),
            log: { RelaydOptions.program.complain($0) })
    }

    private static func openStore(_ options: RelaydOptions) throws(StoreError) -> Store {
        if options.isInMemory { return try Store.inMemory() }
        var status = stat()
        if stat(options.store + "/data.mdb", &status) != 0, errno == ENOENT {
            print("relayd: there is no store in \(options.store): creating an empty one")
            return try Store.create(at: options.store)
        }
        let store = try Store.open(at: options.store)
        _ = try store.clearDeadReaders()
        return store
    }

    /// Reads the store ahead, and says what that brought: the service is ready only after it.
    private static func warm(_ store: Store) throws(StoreError) {
        let start = milliseconds()
        let bytes = try store.warm()
        let mebibytes = (bytes + (1 << 20) - 1) >> 20
        print("relayd: warmed \(mebibytes) MiB of the store in \(milliseconds() - start) ms")
    }

    /// Milliseconds on the monotonic clock.
    private static func milliseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000 + time.tv_nsec / 1_000_000
    }

    /// Makes this the only relayd of a store for as long as the process lives.
    private static func lock(_ store: String) throws(StartupError) {
        let descriptor = open(store + "/relayd.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw .storeInUse(store)
        }
    }

    /// Descriptors up to the hard limit: each connection takes one.
    static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

/// Why relayd does not start.
enum StartupError: Error, CustomStringConvertible {
    case nowhereToServe
    case halfSchedule
    case storeInUse(String)

    var description: String {
        switch self {
        case .nowhereToServe:
            "nowhere to serve: give --socket PATH or --listen 127.0.0.1:PORT"
        case .halfSchedule:
            "--snapshot-every and --snapshot-to need each other, and a store on the disk"
        case .storeInUse(let store):
            "another relayd serves the store \(store): stop it first, or choose another --store"
        }
    }
}
