import CLinux
import Glibc

/// Accepts the connections of one listener and deals them out to loops in turn.
final class Acceptor: @unchecked Sendable {
    // SAFETY: used on the thread of the one loop that watches the listener.
    let listener: any Listener
    /// Whether the loop leaves the listener alone because it could not be accepted from.
    var isPaused = false
    private let loops: [EventLoop]
    private let peers: AllowedPeers
    private let journal: ConnectionJournal
    private var next = 0
    /// A descriptor to give up when the process has no other left: see `shed`.
    private var spare: Int32

    init(
        _ listener: any Listener, loops: [EventLoop], peers: AllowedPeers,
        journal: ConnectionJournal
    ) {
        self.listener = listener
        self.loops = loops
        self.peers = peers
        self.journal = journal
        spare = open("/dev/null", O_RDONLY | O_CLOEXEC)
    }

    deinit { close(spare) }

    /// Accepts those that wait, as many as a turn has time for: epoll tells of the others again.
    ///
    /// - Returns: false when the socket cannot be accepted from, although it may say that it can.
    func accept() -> Bool {
        for _ in 0..<Limits.acceptsPerTurn {
            let connection = relay_accept(listener.descriptor)
            if connection >= 0 {
                take(connection)
                continue
            }
            switch errno {
            case EAGAIN: return true
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE:
                switch shed() {
                case .taken: continue
                case .nobody: return true
                case .stuck: return false
                }
            default:
                reportFailure(errno)
                return false
            }
        }
        return true
    }

    func reportFailure(_ code: Int32) {
        let why = String(cString: strerror(code))
        journal.note(.failed, "nothing can be accepted on \(listener.endpoint): \(why)")
    }

    private func take(_ connection: Int32) {
        if let peer = peers.refusal(of: connection) {
            close(connection)
            return journal.note(
                .refused,
                "refused a client on \(listener.endpoint): \(peer): not among those who may connect"
            )
        }
        guard let loop = choose() else {
            close(connection)
            return journal.note(
                .turnedAway,
                "turned a client away on \(listener.endpoint): there are \(Limits.maxConnections) "
                    + "connections already")
        }
        if listener.isTCP {
            var one: Int32 = 1
            setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        }
        loop.adopt(connection)
    }

    /// The loop with the fewest connections, in turn among equals; nil when all are full.
    private func choose() -> EventLoop? {
        var total = 0
        var best = next % loops.count
        for offset in 0..<loops.count {
            let index = (next + offset) % loops.count
            total += loops[index].connectionCount
            if loops[index].connectionCount < loops[best].connectionCount { best = index }
        }
        if total >= Limits.maxConnections { return nil }
        next = best + 1
        return loops[best]
    }

    /// What became of the connection that waits, if one does.
    private enum Shedding { case taken, nobody, stuck }

    /// Out of descriptors: the waiting connection would wake the loop forever. Take it with the
    /// spare descriptor and close it, so that its client learns at once.
    private func shed() -> Shedding {
        let why = String(cString: strerror(errno))
        if spare >= 0 { close(spare) }
        let connection = relay_accept(listener.descriptor)
        let isEmpty = connection < 0 && errno == EAGAIN
        if connection >= 0 { close(connection) }
        spare = open("/dev/null", O_RDONLY | O_CLOEXEC)
        // The limit is checked before the queue: perhaps nobody was waiting.
        if isEmpty { return .nobody }
        journal.note(.turnedAway, "turned a client away on \(listener.endpoint): \(why)")
        return connection >= 0 ? .taken : .stuck
    }
}
