import CLinux
import Glibc
import Metrics

/// Event loops that share listening sockets.
public final class Server: @unchecked Sendable {
    // SAFETY: the arrays are set up before `start` and only read afterwards.
    /// The loops, one thread each.
    public let loops: [EventLoop]
    private var listeners: [any Listener] = []
    private let journal: ConnectionJournal
    private var isStarted = false

    /// Makes a server with one loop per application.
    ///
    /// - Parameters:
    ///   - bodies: what request bodies may take in memory.
    ///   - journal: told of connections that are not taken in, or are cut off.
    public init(
        applications: [Application], bodies: BodyBudget = BodyBudget(),
        journal: ConnectionJournal = ConnectionJournal()
    ) throws(TransportError) {
        precondition(!applications.isEmpty, "a server needs a loop")
        var loops: [EventLoop] = []
        for application in applications {
            loops.append(try EventLoop(application: application, bodies: bodies, journal: journal))
        }
        self.loops = loops
        self.journal = journal
    }

    /// Serves a Unix socket.
    public func listen(_ socket: UnixSocket, peers: AllowedPeers = .everyone) {
        add(socket, peers)
    }

    /// Serves a loopback TCP port.
    ///
    /// - Parameter peers: TCP does not tell who a client is, so a list lets nobody in.
    public func listen(_ socket: LoopbackSocket, peers: AllowedPeers = .everyone) {
        add(socket, peers)
    }

    /// Serves a socket that listens already, such as one passed by a service manager.
    public func listen(_ socket: PassedSocket, peers: AllowedPeers = .everyone) {
        add(socket, peers)
    }

    private func add(_ listener: any Listener, _ peers: AllowedPeers) {
        precondition(!isStarted, "what a server listens to is known before it starts")
        listeners.append(listener)
        loops[0].listen(Acceptor(listener, loops: loops, peers: peers, journal: journal))
    }

    /// What all loops together have done, readable from any thread.
    public var counters: LoopCounters { loops.reduce(LoopCounters()) { $0 + $1.counters } }

    /// What all loops together have answered, by kind of request; readable from any thread.
    public var requests: RequestValues {
        loops.reduce(into: RequestValues(kinds: loops[0].application.requestKinds)) {
            $1.add(to: &$0)
        }
    }

    /// Lets clients connect and starts the loops' threads. When it fails, no socket of ours is left.
    public func start() throws(TransportError) {
        do throws(TransportError) {
            for listener in listeners { try listener.listen() }
            for loop in loops { try loop.start() }
        } catch {
            for listener in listeners { listener.close() }
            throw error
        }
        isStarted = true
    }

    /// Lets nobody in any more, says GOAWAY to every client, those included that have just come,
    /// finishes the streams under way, and ends the loops.
    ///
    /// Returns when all is done, at the latest after the deadline. Of a server that was not started no socket
    /// of ours is left.
    public func stop(afterMilliseconds milliseconds: Int64 = Limits.drainMilliseconds) {
        guard isStarted else {
            for listener in listeners { listener.close() }
            return
        }
        loops[0].enqueue { [loops] in
            loops[0].stopAccepting()
            // Only now: a loop that ends may not be given another connection.
            for loop in loops { loop.stop(afterMilliseconds: milliseconds) }
        }
        for loop in loops { loop.join() }
        for listener in listeners { listener.close() }
        isStarted = false
    }
}
