import CLinux
import Glibc

/// A socket that connections are accepted from.
protocol Listener: Sendable {
    var descriptor: Int32 { get }
    /// Where clients find it, for messages.
    var endpoint: String { get }
    var isTCP: Bool { get }
    /// Whether this process opened it. Otherwise somebody else may hold it too, and whoever waits to
    /// be accepted waits for the process that serves next.
    var isOurs: Bool { get }
    /// Lets clients connect.
    func listen() throws(TransportError)
    /// Lets no further client connect; who has connected can still be accepted.
    func turnAway()
    /// Gives the socket back; nothing of it may be used afterwards.
    func close()
}

/// Accepting, on the loop's thread.
extension EventLoop {
    /// Lets the loop accept connections of a listener and give them to the loops that it knows.
    func listen(_ acceptor: Acceptor) {
        enqueue {
            self.acceptors.append(acceptor)
            self.watch(acceptor)
        }
    }

    /// Has epoll look at a listener; one that it will not look at is tried again like one that
    /// cannot be accepted from.
    private func watch(_ acceptor: Acceptor) {
        guard let index = acceptors.firstIndex(where: { $0 === acceptor }) else { return }
        // SAFETY: a small number, never followed as a pointer.
        let mark = UnsafeMutableRawPointer(bitPattern: index + 1)
        acceptor.isPaused = !watch(acceptor.listener.descriptor, mark)
        if acceptor.isPaused { acceptor.reportFailure(errno) }
    }

    /// Accepts all that wait at the listener of this number.
    func accept(_ index: Int) {
        // None are left when the mailbox of this very turn has ended accepting.
        guard index < acceptors.count, !acceptors[index].accept() else { return }
        // What waits there would wake the loop forever: it is left alone for a while.
        epoll_ctl(epoll, EPOLL_CTL_DEL, acceptors[index].listener.descriptor, nil)
        acceptors[index].isPaused = true
    }

    /// Whether a listener is left alone for a while.
    var hasPausedAcceptor: Bool { acceptors.contains { $0.isPaused } }

    /// Once a second: looks again at listeners that could not be accepted from.
    func resumeAcceptors() {
        for acceptor in acceptors where acceptor.isPaused { watch(acceptor) }
    }

    /// Ends accepting. Nobody is left behind in a backlog that no one looks at: our own sockets let
    /// nobody in any more, and who got in before is taken in like any other client. What waits at a
    /// socket of somebody else's is for the process that serves it next.
    func stopAccepting() {
        for acceptor in acceptors {
            epoll_ctl(epoll, EPOLL_CTL_DEL, acceptor.listener.descriptor, nil)
        }
        let ours = acceptors.filter { $0.listener.isOurs }
        acceptors = []
        for acceptor in ours { acceptor.listener.turnAway() }
        if ours.contains(where: { $0.listener.isTCP }) { usleep(Limits.handshakeMicroseconds) }
        for acceptor in ours {
            _ = acceptor.accept()
            acceptor.listener.close()
        }
    }
}
