import CLinux
import Glibc
import HTTP2
import JSON
import Logs
import Metrics
import RelayRecords
import RelayStore
import Synchronization
import System

/// Whether the service takes requests, and how many connections it has.
public final class ServiceState: Sendable {
    private let ready = Atomic<Bool>(false)
    private let server = Mutex<Server?>(nil)
    private let members = Mutex<[@Sendable (inout JSONWriter) -> Void]>([])
    private let figures = Mutex<[@Sendable () -> [Figure]]>([])
    private let usages = Mutex<[KeyUsage]>([])
    private let started = SystemClock.monotonic.milliseconds
    /// When this state was made, in milliseconds since 1970.
    let startedAt = UInt64(max(0, SystemClock.wall.milliseconds))

    /// What goes wrong with the store.
    let health: StoreHealth

    /// What writes through the log that the store shares, if it is a replica.
    let replication: LogClient?

    /// What keys with limits may still do.
    let allowances = KeyAllowances()

    /// What quotas of accounts have refused.
    let quotaRefusals = QuotaRefusals()

    /// What became of connections that were not taken in, of the API and the admin socket.
    let journal: ConnectionJournal

    /// Makes a state that is not ready.
    public init(
        journal: ConnectionJournal = ConnectionJournal(), health: StoreHealth = StoreHealth(),
        replication: LogClient? = nil
    ) {
        self.journal = journal
        self.health = health
        self.replication = replication
    }

    /// Whether requests are served: false while starting and shutting down, when the store can be
    /// written to no more, and while a replica is behind the log that it shares.
    public var isReady: Bool {
        ready.load(ordering: .acquiring) && health.fatalError == nil
            && replication?.whyNotReady == nil
    }

    /// Open connections of the API, without the admin socket's.
    public var connectionCount: Int {
        server.withLock { server in
            server?.loops.reduce(0) { $0 + $1.connectionCount } ?? 0
        }
    }

    /// What the API's loops have done, without the admin socket's.
    var counters: LoopCounters { server.withLock { $0?.counters ?? LoopCounters() } }

    /// Threads that serve the API.
    var loopCount: Int { server.withLock { $0?.loops.count ?? 0 } }

    /// What the API's loops have answered, by kind of request.
    var requests: RequestValues {
        server.withLock { $0?.requests ?? RequestValues(kinds: RequestKind.count) }
    }

    /// Requests by the id of their key, in order.
    var keyRequests: [(id: UInt64, count: UInt64)] {
        var requests: [UInt64: UInt64] = [:]
        for usage in usages.withLock({ $0 }) { usage.add(to: &requests) }
        return requests.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Milliseconds since this state was made.
    var uptime: Int64 { SystemClock.monotonic.milliseconds - started }

    /// Figures that others have added.
    var reports: [Figure] { figures.withLock { $0 }.flatMap { $0() } }

    /// Adds figures to `/metrics`, and to `/admin/stat` those that have a member's name.
    func add(figures added: @escaping @Sendable () -> [Figure]) {
        figures.withLock { $0.append(added) }
    }

    /// Adds members to the answer of `/admin/stat`.
    func add(members added: @escaping @Sendable (inout JSONWriter) -> Void) {
        members.withLock { $0.append(added) }
    }

    /// Writes the members that others have added.
    func writeReports(to writer: inout JSONWriter) {
        for members in members.withLock({ $0 }) { members(&writer) }
    }

    /// Adds a loop's requests by key.
    func add(usage: KeyUsage) { usages.withLock { $0.append(usage) } }

    func set(ready isReady: Bool, server newServer: Server? = nil) {
        ready.store(isReady, ordering: .releasing)
        if let newServer { server.withLock { $0 = newServer } }
    }
}

/// A store being served: its writer, the API's loops, and the admin socket's.
public final class RelayService: Sendable {
    private let store: Store
    private let writer: Writer
    private let server: Server
    private let entrance: ServiceEntrance
    private let state: ServiceState
    private let scrubRate: Int
    private let keyUse: KeyUseNotes
    private let upkeep = Mutex<StoreUpkeep?>(nil)

    /// Makes a service for an open store.
    ///
    /// - Parameters:
    ///   - loops: threads that serve the API, 1…`Limits.maxLoops`.
    ///   - retention: how far the change log goes back.
    ///   - durability: what keeps a write before it is answered. A log is made if there is none; where
    ///     there is no room for one, commits wait for the disk by themselves, and the log of `log` says so.
    ///   - sharing: the log that the store shares with other hosts, if it is a replica.
    ///   - scrubRate: bytes of documents that are compared with their checksums in a second, 0 for
    ///     none.
    ///   - observation: which answers the log is told of.
    ///   - log: told of what goes wrong, and of keys that are made and revoked.
    ///   - entrance: what the service takes over; nil to serve the API alone.
    ///   - whenFatal: called once when the store can be written to no more: the service is not ready
    ///     from then on, and shall be stopped.
    public init(
        store: Store, loops: Int, retention: Retention = Retention(),
        durability: WriteDurability = .syncedCommits,
        sharing: Replication? = nil,
        scrubRate: Int = RelayStore.Limits.scrubRate,
        observation: Observation = Observation(), log: Log = .none,
        entrance given: ServiceEntrance? = nil,
        whenFatal: @escaping @Sendable (StoreError) -> Void = { _ in }
    ) throws {
        precondition((1...Limits.maxLoops).contains(loops), "a service has 1 to 64 loops")
        self.store = store
        self.scrubRate = scrubRate
        let entrance = try given ?? ServiceEntrance(log: log)
        self.entrance = entrance
        let health = StoreHealth(log: log, whenFatal: whenFatal)
        switch (try store.replicaState(), sharing) {
        case (.some, nil): throw StoreError.replica(.isAReplica)
        case (nil, .some): throw StoreError.replica(.notAReplica)
        case (.some, .some): break
        case (nil, nil): try Self.moveOn(store, entrance.progress, log)
        }
        writer = try Self.makeWriter(store, durability, sharing, retention, health, log)
        // Nobody uploads yet: what there is was cut off by the end of the process before.
        let reader = try store.makeReader()
        writer.removeUploads(try reader.view.leftUploads())
        state = ServiceState(
            journal: entrance.journal, health: health, replication: writer.replication)
        let writing = WriteAccess(writer: writer, quotaRefusals: state.quotaRefusals)
        keyUse = KeyUseNotes(state, writer)
        let observers = (0..<loops).map { _ in RequestObserver(observation, log: log) }
        let applications = try observers.map { [state] observer in
            try RelayApplication(
                store, writing, health, allowances: state.allowances,
                rememberedBytes: Limits.rememberedBytes / loops, observer: observer)
        }
        state.add(members: { json in
            SlowestRequests.write(observers.flatMap(\.slowest.all), to: &json)
        })
        if let replication = writer.replication {
            state.add(members: { replication.writeMembers(to: &$0) })
            state.add(figures: { replication.reports })
        }
        for application in applications { state.add(usage: application.keyUsage) }
        server = try Server(applications: applications, journal: entrance.journal)
        let admin = try AdminApplication(store, writer, state, log)
        entrance.open(to: admin, store, writer, state)
    }

    private static func makeWriter(
        _ store: Store, _ durability: WriteDurability, _ sharing: Replication?,
        _ retention: Retention, _ health: StoreHealth, _ log: Log
    ) throws(StoreError) -> Writer {
        // One that has an older format for lack of room is not to be written by a newer way.
        if durability == .log, try store.hasNewestFormat() {
            do throws(StoreError) {
                return try Writer(
                    logging: store, retention: retention, health: health, sharing: sharing)
            } catch .storeFull {
                log.write(
                    .warning, "no_room_for_log",
                    "there is no room for the store's log: each commit waits for the disk instead, until "
                        + "relayd starts with more room")
            }
        }
        return try Writer(store, retention: retention, health: health, sharing: sharing)
    }

    /// Moves a store of an older format to the newest. One that has no room for that can be read and
    /// made smaller; what needs the new lists says that they are missing.
    private static func moveOn(
        _ store: Store, _ progress: StartProgress, _ log: Log
    ) throws(StoreError) {
        if try !store.hasNewestFormat() { progress.enter(.upgrade) }
        do throws(StoreError) {
            try RecordApplier().moveOn(store)
        } catch {
            guard case .storeFull = error else { throw error }
            log.write(
                .warning, "format_kept",
                "the store has an older format and no room to be moved to the newest")
        }
    }

    /// Loops that suit this process: one per core that it may run on.
    public static var cores: Int { min(max(Int(relay_cores()), 1), Limits.maxLoops) }

    /// Serves the API on a Unix socket.
    public func listen(_ socket: UnixSocket, peers: AllowedPeers = .everyone) {
        server.listen(socket, peers: peers)
    }

    /// Serves the API on a loopback port, which nobody can connect to when `peers` has a list.
    public func listen(_ socket: LoopbackSocket, peers: AllowedPeers = .everyone) {
        server.listen(socket, peers: peers)
    }

    /// Serves the API on a listening socket that a service manager passed.
    public func listen(_ socket: PassedSocket, peers: AllowedPeers = .everyone) {
        server.listen(socket, peers: peers)
    }

    /// Adds what something beside the service has to say: members to the answer of `/admin/stat`, and
    /// figures to `/metrics`.
    public func report(
        members: @escaping @Sendable (inout JSONWriter) -> Void = { _ in },
        figures: @escaping @Sendable () -> [Figure]
    ) {
        state.add(members: members)
        state.add(figures: figures)
    }

    /// Has the other hosts that share the log told when the newest snapshot was taken, in milliseconds since 1970;
    /// 0 for none.
    public func tellHosts(snapshotAt time: @escaping @Sendable () -> Int64) {
        writer.replication?.tell(snapshotAt: time)
    }

    /// Starts all threads; from then on the service is ready.
    public func start() throws(TransportError) {
        try entrance.start()
        try server.start()
        state.set(ready: true, server: server)
        let upkeep = try StoreUpkeep.start(store, state.health, scrubRate: scrubRate) { [keyUse] in
            keyUse.lookIfDue()
        }
        self.upkeep.withLock { $0 = upkeep }
        state.add(figures: { upkeep.figures })
    }

    /// Bytes of answers that the kernel was lent so far, as `/admin/stat` tells.
    var lentBytes: UInt64 { server.counters.lentBytes }

    /// Why the store can be written to no more; nil as long as it can.
    public var fatalError: StoreError? { state.health.fatalError }

    /// Lets nobody in any more, finishes what is under way, commits what was accepted, and ends all
    /// threads.
    public func stop() {
        state.set(ready: false)
        upkeep.withLock { $0.take() }?.stop()
        // Streams that wait for a commit need the writer until they are answered.
        server.stop()
        keyUse.look()
        writer.stop()
        entrance.stop()
    }
}
