import CLinux
import Glibc
import HTTP2
import JSON
import RelayRecords
import RelayStore
import Synchronization
import System

/// Whether the service takes requests, and how many connections it has.
public final class ServiceState: Sendable {
    private let ready = Atomic<Bool>(false)
    private let server = Mutex<Server?>(nil)
    private let reports = Mutex<[@Sendable (inout JSONWriter) -> Void]>([])
    /// When this state was made, in milliseconds on the monotonic clock.
    let started = SystemClock.monotonic.milliseconds

    /// What goes wrong with the store.
    let health: StoreHealth

    /// What became of connections that were not taken in, of the API and the admin socket.
    let journal: AcceptJournal

    /// Makes a state that is not ready.
    public init(
        journal: AcceptJournal = AcceptJournal(), health: StoreHealth = StoreHealth()
    ) {
        self.journal = journal
        self.health = health
    }

    /// Whether requests are served: false while starting and shutting down, and when the store can be
    /// written to no more.
    public var isReady: Bool { ready.load(ordering: .acquiring) && health.fatalError == nil }

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

    /// Adds members to the answer of `/admin/stat`.
    func add(report: @escaping @Sendable (inout JSONWriter) -> Void) {
        reports.withLock { $0.append(report) }
    }

    /// Writes the members that others have added.
    func writeReports(to writer: inout JSONWriter) {
        for report in reports.withLock({ $0 }) { report(&writer) }
    }

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
    private let admin: Server
    private let state: ServiceState
    private let scrubRate: Int
    private let upkeep = Mutex<StoreUpkeep?>(nil)

    /// Makes a service for an open store.
    ///
    /// - Parameters:
    ///   - loops: threads that serve the API, 1…`Limits.maxLoops`.
    ///   - retention: how far the change log goes back.
    ///   - scrubRate: bytes of documents that are compared with their checksums in a second, 0 for
    ///     none.
    ///   - log: told a line of what goes wrong, now and then.
    ///   - whenFatal: called once when the store can be written to no more: the service is not ready
    ///     from then on, and shall be stopped.
    public init(
        store: Store, loops: Int, retention: Retention = Retention(),
        scrubRate: Int = RelayStore.Limits.scrubRate,
        log: @escaping @Sendable (String) -> Void = { _ in },
        whenFatal: @escaping @Sendable (StoreError) -> Void = { _ in }
    ) throws {
        precondition((1...Limits.maxLoops).contains(loops), "a service has 1 to 64 loops")
        self.store = store
        self.scrubRate = scrubRate
        let health = StoreHealth(log: log, whenFatal: whenFatal)
        do {
            try RecordApplier().moveOn(store)
        } catch StoreError.storeFull {
            // It can be read and made smaller; what needs the new lists says that they are missing.
            log("the store has an older format and no room to be moved to the newest")
        }
        writer = Writer(store, retention: retention, health: health)
        // Nobody uploads yet: what there is was cut off by the end of the process before.
        let reader = try store.makeReader()
        if let last = try reader.view.lastUpload() { writer.removeUploads(upTo: last) }
        let writing = WriteAccess(writer: writer)
        let journal = AcceptJournal(log: log)
        state = ServiceState(journal: journal, health: health)
        server = try Server(
            applications: try (0..<loops).map { _ in
                try RelayApplication(
                    store, writing, health, rememberedBytes: Limits.rememberedBytes / loops)
            },
            journal: journal)
        admin = try Server(
            applications: [try AdminApplication(store, writer, state)], journal: journal)
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

    /// Serves the admin operations on a Unix socket.
    public func listenAdmin(_ socket: UnixSocket, peers: AllowedPeers = .everyone) {
        admin.listen(socket, peers: peers)
    }

    /// Serves the admin operations on a Unix socket that a service manager passed.
    public func listenAdmin(_ socket: PassedSocket, peers: AllowedPeers) {
        admin.listen(socket, peers: peers)
    }

    /// Adds what something beside the service has to say to the answer of `/admin/stat`.
    public func report(_ members: @escaping @Sendable (inout JSONWriter) -> Void) {
        state.add(report: members)
    }

    /// Starts all threads; from then on the service is ready.
    public func start() throws(TransportError) {
        try admin.start()
        try server.start()
        state.set(ready: true, server: server)
        let upkeep = StoreUpkeep(store, health: state.health, scrubRate: scrubRate) { key in
            let resource = Resource(rawValue: key.resource).map { "\($0)" } ?? "record"
            return "\(resource) \(key.id) of account \(key.account)"
        }
        self.upkeep.withLock { $0 = upkeep }
        state.add { json in
            json.member("deadReadersFreed", upkeep.deadReaders)
            json.member("scrubs", upkeep.scrubs)
            json.member("scrubbedDocuments", upkeep.scrubbedDocuments)
        }
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
        writer.stop()
        admin.stop(afterMilliseconds: Limits.adminDrainMilliseconds)
    }
}
