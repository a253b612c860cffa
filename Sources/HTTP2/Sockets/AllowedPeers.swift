import CLinux
import Glibc

/// Who may connect to a Unix socket, by what the kernel vouches for: the user and the groups that a
/// client had when it connected.
///
/// In addition to the socket file's permissions and to API keys.
public struct AllowedPeers: Sendable {
    private let users: Set<uid_t>
    private let groups: Set<gid_t>
    /// False for `everyone`: an empty list lets nobody in.
    public let isRestricted: Bool

    /// Whoever the socket's permissions let in.
    public static let everyone = AllowedPeers()

    private init() {
        users = []
        groups = []
        isRestricted = false
    }

    /// Whoever is one of these users, or has one of these groups, supplementary ones included. Nobody
    /// when none is named.
    public init(users: Set<uid_t>, groups: Set<gid_t>) {
        self.users = users
        self.groups = groups
        isRestricted = true
    }

    /// Nil when the client may connect, else who it is. What the kernel does not vouch for, such as
    /// whoever comes over TCP, may not connect once there is a list.
    func refusal(of socket: Int32) -> String? {
        if !isRestricted { return nil }
        var peer = relay_peer()
        // A TCP socket has no such credentials: the kernel tells -1 as its user.
        guard relay_peer_of(socket, &peer) == 0, peer.uid != uid_t.max else {
            return "a client whose user is not known"
        }
        if users.contains(peer.uid) || groups.contains(peer.gid) { return nil }
        if !groups.isEmpty, supplementaryGroups(of: socket).contains(where: groups.contains) {
            return nil
        }
        return "user \(peer.uid), group \(peer.gid), process \(peer.pid)"
    }

    private func supplementaryGroups(of socket: Int32) -> [gid_t] {
        var groups = [gid_t](repeating: 0, count: Limits.peerGroups)
        while true {
            var count = UInt32(groups.count)
            if relay_peer_groups(socket, &groups, &count) == 0 {
                return Array(groups.prefix(Int(count)))
            }
            // It told how many there are. What it does not tell at all is nobody's group.
            guard errno == ERANGE, Int(count) > groups.count else { return [] }
            groups = [gid_t](repeating: 0, count: Int(count))
        }
    }
}
