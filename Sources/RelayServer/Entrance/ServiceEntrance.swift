import HTTP2
import Logs
import RelayStore
import Synchronization
import System

/// The admin socket and the port for metrics, which answer from the beginning of a start: who watches relayd
/// sees how far a start is that takes minutes. A `RelayService` takes both over.
public final class ServiceEntrance: Sendable {
    /// How far the start is.
    public let progress: StartProgress
    /// What became of connections that were not taken in, of the API too.
    let journal: ConnectionJournal
    private let application: AdminEntrance
    private let admin: Server
    private let plain = Mutex<PlainServer?>(nil)
    private let isStarted = Atomic<Bool>(false)

    /// Makes an entrance that listens to nothing yet.
    ///
    /// - Parameter log: told of connections that are not taken in.
    public init(
        progress: StartProgress = StartProgress(), log: Log = .none
    ) throws(TransportError) {
        self.progress = progress
        journal = ConnectionJournal(log: log)
        application = AdminEntrance(progress)
        admin = try Server(applications: [application], journal: journal)
    }

    /// Serves the admin operations on a Unix socket.
    public func listenAdmin(_ socket: UnixSocket, peers: AllowedPeers = .everyone) {
        admin.listen(socket, peers: peers)
    }

    /// Serves the admin operations on a Unix socket that a service manager passed.
    public func listenAdmin(_ socket: PassedSocket, peers: AllowedPeers) {
        admin.listen(socket, peers: peers)
    }

    /// Serves `/metrics`, `/livez` and `/readyz` in HTTP/1.1 on a loopback port.
    public func listenPlain(_ socket: LoopbackSocket) {
        plain.withLock { $0 = PlainServer(socket, journal, progress) }
    }

    /// Lets clients connect; does nothing when they can already.
    public func start() throws(TransportError) {
        if isStarted.exchange(true, ordering: .acquiringAndReleasing) { return }
        try plain.withLock { $0 }?.start()
        do throws(TransportError) {
            try admin.start()
        } catch {
            plain.withLock { $0.take() }?.stop()
            throw error
        }
    }

    /// Has a service answer from here on.
    func open(
        to application: AdminApplication, _ store: Store, _ writer: Writer, _ state: ServiceState
    ) {
        plain.withLock { $0 }?.open(to: PlainService(store: store, writer: writer, state: state))
        guard isStarted.load(ordering: .acquiring) else {
            return self.application.open(to: application)
        }
        // SAFETY: nobody else has the application; the loop's thread alone has it from here on.
        nonisolated(unsafe) let given = application
        let bell = Bell()
        admin.loops[0].enqueue { [entrance = self.application] in
            entrance.open(to: given)
            bell.ring()
        }
        // Who is told that relayd is ready finds it so.
        _ = bell.waitForRing(milliseconds: -1)
    }

    /// Lets nobody in any more, finishes what is under way, and removes the sockets.
    public func stop() {
        admin.stop(afterMilliseconds: Limits.adminDrainMilliseconds)
        plain.withLock { $0.take() }?.stop()
    }
}
