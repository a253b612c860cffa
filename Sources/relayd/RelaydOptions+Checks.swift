import Glibc
import HTTP2
import RelayLog

/// What the command line alone shows to be wrong.
extension RelaydOptions {
    /// The number of the socket's group, which may be given as such.
    func socketGroupID() throws(StartupError) -> gid_t? {
        guard let socketGroup else { return nil }
        // The highest number stands for no group (chown(2)).
        if let number = gid_t(socketGroup), number < .max { return number }
        guard let entry = getgrnam(socketGroup) else { throw .unknownGroup(socketGroup) }
        return entry.pointee.gr_gid
    }

    /// Looks at what can be known before anything is opened or made.
    func check(_ passed: [PassedListener]) throws(StartupError) {
        let isServed = socket != nil || listen != nil || passed.contains { $0.role == .api }
        guard isServed else { throw .nowhereToServe }
        if socket == nil, socketMode != nil || socketGroup != nil { throw .noSocketOfOurs }
        let isWhole = (snapshotInterval == nil) == (snapshotRepository == nil)
        guard isWhole, snapshotInterval == nil || !isInMemory else { throw .halfSchedule }
        let isAboutSnapshots =
            verificationInterval != nil || !snapshotRetention.isEmpty
            || join == nil && (snapshotKeyFile != nil || snapshotPassphraseFile != nil)
        guard snapshotInterval != nil || !isAboutSnapshots else { throw .noSchedule }
        guard snapshotKeyFile == nil || snapshotPassphraseFile == nil else { throw .twoKeys }
        let isAboutLog =
            hostName != nil || logCredentials != nil || join != nil || staleReads != nil
            || onDivergence != nil
        guard log != nil || !isAboutLog else { throw .noLog }
        guard log == nil || !isInMemory else { throw .logInMemory }
        if let socket, socket == adminPath(passed) { throw .samePath(socket) }
        do throws(TransportError) {
            for path in [socket, adminPath(passed)] { try path.map(UnixSocket.check) }
            for address in [listen, metrics] { try address.map(LoopbackSocket.check) }
        } catch {
            throw .place(error)
        }
        if let log {
            _ = try host()
            do throws(JetStreamURLError) { _ = try JetStreamURL(log) } catch { throw .url(error) }
        }
        _ = try socketGroupID()
        if !peers.isRestricted { return }
        if let listen { throw .usersOverTCP(listen) }
        if let listener = passed.first(where: { $0.socket.isTCP }) {
            throw .usersOverTCP(listener.socket.endpoint)
        }
    }
}
