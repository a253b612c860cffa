import CLinux
import Glibc

/// Event loops that share listening sockets.
public final class Server: @unchecked Sendable {
    // SAFETY: the arrays are set up before `start` and only read afterwards.
    /// The loops, one thread each.
    public let loops: [EventLoop]
    private var unixSockets: [UnixSocket] = []
    private var loopbackSockets: [LoopbackSocket] = []

    /// Makes a server with one loop per application.
    ///
    /// - Parameter bodies: what request bodies may take in memory.
    public init(
        applications: [Application], bodies: BodyBudget = BodyBudget()
    ) throws(TransportError) {
        precondition(!applications.isEmpty, "a server needs a loop")
        var loops: [EventLoop] = []
        for application in applications {
            loops.append(try EventLoop(application: application, bodies: bodies))
        }
        self.loops = loops
    }

    /// Serves a Unix socket.
    public func listen(_ socket: UnixSocket, peers: AllowedPeers = AllowedPeers()) {
        unixSockets.append(socket)
        listen(descriptor: socket.descriptor, peers: peers, isTCP: false)
    }

    /// Serves a loopback TCP port.
    public func listen(_ socket: LoopbackSocket) {
        loopbackSockets.append(socket)
        listen(descriptor: socket.descriptor, peers: AllowedPeers(), isTCP: true)
    }

    /// Serves a socket that listens already, such as one passed by a service manager.
    public func listen(
        descriptor: Int32, peers: AllowedPeers = AllowedPeers(), isTCP: Bool = false
    ) {
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
        loops[0].listen(
            Acceptor(socket: descriptor, loops: loops, peers: peers, isTCP: isTCP))
    }

    /// What all loops together have done, readable from any thread.
    public var counters: LoopCounters { loops.reduce(LoopCounters()) { $0 + $1.counters } }

    /// Starts the loops' threads.
    public func start() throws(TransportError) {
        for loop in loops { try loop.start() }
    }

    /// Says GOAWAY to every client, finishes the streams under way, and ends the loops.
    ///
    /// Returns when all is done, at the latest after the deadline.
    public func stop(afterMilliseconds milliseconds: Int64 = Limits.drainMilliseconds) {
        for loop in loops { loop.stop(afterMilliseconds: milliseconds) }
        for loop in loops { loop.join() }
        unixSockets = []
        loopbackSockets = []
    }
}
