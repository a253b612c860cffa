import CLinux
import Glibc
import Synchronization

/// Accepts the connections of one listening socket and deals them out to loops in turn.
final class Acceptor: @unchecked Sendable {
    // SAFETY: used on the thread of the one loop that watches the socket; `spare` only there.
    let socket: Int32
    private let loops: [EventLoop]
    private let peers: AllowedPeers
    private let noDelay: Bool
    private var next = 0
    /// A descriptor to give up when the process has no other left: see `shed`.
    private var spare: Int32

    init(socket: Int32, loops: [EventLoop], peers: AllowedPeers, isTCP: Bool) {
        self.socket = socket
        self.loops = loops
        self.peers = peers
        noDelay = isTCP
        spare = open("/dev/null", O_RDONLY | O_CLOEXEC)
    }

    deinit { close(spare) }

    /// Accepts all that wait.
    func accept() {
        while true {
            let connection = relay_accept(socket)
            if connection < 0 {
                switch errno {
                case EINTR, ECONNABORTED: continue
                case EMFILE, ENFILE: shed()
                default: break
                }
                return
            }
            guard peers.allows(connection), let loop = choose() else {
                close(connection)
                continue
            }
            if noDelay {
                var one: Int32 = 1
                setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
            }
            loop.adopt(connection)
        }
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

    /// Out of descriptors: the waiting connection would wake the loop forever. Take it with the
    /// spare descriptor and close it, so that its client learns at once.
    private func shed() {
        close(spare)
        close(relay_accept(socket))
        spare = open("/dev/null", O_RDONLY | O_CLOEXEC)
    }
}

/// Who may connect to a Unix socket, by the credentials that the kernel vouches for.
///
/// In addition to the socket file's permissions and to API keys.
public struct AllowedPeers: Sendable {
    /// User ids that may connect; empty for no restriction by user.
    public var users: Set<uid_t>
    /// Group ids that may connect; empty for no restriction by group.
    public var groups: Set<gid_t>

    /// Everyone, unless ids are given; then whoever matches one of them.
    public init(users: Set<uid_t> = [], groups: Set<gid_t> = []) {
        self.users = users
        self.groups = groups
    }

    func allows(_ socket: Int32) -> Bool {
        if users.isEmpty && groups.isEmpty { return true }
        var peer = relay_peer()
        guard relay_peer_of(socket, &peer) == 0 else { return false }
        return users.contains(peer.uid) || groups.contains(peer.gid)
    }
}
