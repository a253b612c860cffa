import CLinux
import CNghttp2
import Glibc
import System

/// The connections of a loop: from adoption to the last byte.
extension EventLoop {
    func add(_ socket: Int32) {
        if stopDeadline != nil || state.pointee.connectionCount >= Limits.maxConnections {
            return refuse(socket)
        }
        // SAFETY: freed in `destroy`, after its session, which points to it.
        let connection = UnsafeMutablePointer<Connection>.allocate(capacity: 1)
        connection.initialize(to: Connection(socket: socket, session: nil, state: state))
        guard let session = ServerSession.make(connection) else {
            connection.deallocate()
            return refuse(socket)
        }
        connection.pointee.session = session
        connection.pointee.frameBuffer = state.pointee.memory.pointee.frameBuffers.takeNewest()
        var buffer = Limits.socketBufferBytes
        setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &buffer, 4)
        connection.pointee.acceptedAt = state.pointee.now
        connection.pointee.progressAt = state.pointee.now
        connection.pointee.workedAt = state.pointee.now
        connection.pointee.following = state.pointee.connections
        state.pointee.connections?.pointee.previous = connection
        state.pointee.connections = connection
        state.pointee.connectionCount += 1
        state.pointee.counters.connections &+= 1
        // SAFETY: see `awaitWritable`.
        watch(socket, UnsafeMutableRawPointer(connection))
        touch(connection)
    }

    func destroy(_ connection: UnsafeMutablePointer<Connection>) {
        // Streams first: nghttp2 does not report those that end with their session.
        while let stream = connection.pointee.streams { connection.release(stream) }
        nghttp2_session_del(connection.pointee.session)
        Glibc.close(connection.pointee.socket)
        if let last = connection.pointee.lastAnswers {
            last.pointee.deallocate()
            last.deinitialize(count: 1)
            last.deallocate()
        }
        if let unsent = connection.pointee.unsent { free(unsent) }
        let (previous, following) = (connection.pointee.previous, connection.pointee.following)
        previous?.pointee.following = following
        if previous == nil { state.pointee.connections = following }
        following?.pointee.previous = previous
        state.pointee.connectionCount -= 1
        connection.deinitialize(count: 1)
        connection.deallocate()
        count.subtract(1, ordering: .relaxed)
    }

    private func refuse(_ socket: Int32) {
        Glibc.close(socket)
        count.subtract(1, ordering: .relaxed)
    }

    /// Once a second: closes connections that keep us waiting, and takes back what idle ones hold.
    func sweep(_ now: Int64) {
        var next = state.pointee.connections
        while let connection = next {
            next = connection.pointee.following
            if connection.pointee.standing != .open {
                sweepEnding(connection, now)
                continue
            }
            // A client with a request under way may be busy writing it before it reads our SETTINGS:
            // that is for the stall timer to judge.
            let isSilent =
                !connection.pointee.gotSettingsAck && connection.pointee.openStreams == 0
                && now - connection.pointee.acceptedAt > Limits.handshakeMilliseconds
            let waits = connection.pointee.openStreams > 0 || connection.pointee.unsent != nil
            let isStalled =
                waits && !connection.pointee.hasPendingWork
                && now - connection.pointee.workedAt > Limits.stallMilliseconds
            if isSilent {
                connection.giveUp(.silent)
                touch(connection)
            } else if connection.endStalledBodies(now) {
                // Who has sent nothing else either still gets the answer.
                touch(connection)
            } else if isStalled {
                connection.giveUp(.stalled)
                touch(connection)
            } else if now - connection.pointee.progressAt > Limits.idleMilliseconds {
                connection.pointee.releaseFrameBuffer()
            }
        }
    }

    /// Takes leave of a client that does not take the last answers or does not close.
    private func sweepEnding(_ connection: UnsafeMutablePointer<Connection>, _ now: Int64) {
        if connection.pointee.standing == .hungUp || connection.pointee.hasPendingWork { return }
        if now - connection.pointee.endedAt > Limits.lingerMilliseconds { destroy(connection) }
    }

    func beginDraining(_ milliseconds: Int64) {
        if stopDeadline != nil { return }
        stopDeadline = SystemClock.coarse.milliseconds + milliseconds
        goodbyeAt = SystemClock.coarse.milliseconds + Limits.noticeMilliseconds
        eachConnection { connection in
            // First that the end is near, so that no request is lost that is on its way now.
            if !connection.pointee.isLeaving { connection.pointee.farewell = .shutdownNotice }
            connection.pointee.workedAt = state.pointee.now
            touch(connection)
        }
    }

    /// Once a turn while the loop ends: says goodbye in time, and gives up who holds it up.
    func drain(_ now: Int64) {
        if let time = goodbyeAt, now >= time {
            goodbyeAt = nil
            // Streams up to the last id that was taken in are finished, later ones refused:
            // want_read and want_write of the session turn 0 when they are.
            eachConnection { connection in
                connection.leave(.shutdown)
                touch(connection)
            }
        }
        eachConnection { connection in
            let isStuck =
                !connection.pointee.hasPendingWork
                && now - connection.pointee.workedAt > Limits.drainStallMilliseconds
            if isStuck || connection.pointee.standing == .lingering {
                connection.close()
                touch(connection)
            }
        }
    }

    private func eachConnection(_ body: (UnsafeMutablePointer<Connection>) -> Void) {
        var next = state.pointee.connections
        while let connection = next {
            next = connection.pointee.following
            body(connection)
        }
    }
}

extension Connection {
    /// Whether a stream waits for the application: then the peer is not to blame.
    var hasPendingWork: Bool {
        var stream = streams
        while let current = stream {
            if current.pointee.awaitsApplication, !current.pointee.awaitsClient { return true }
            stream = current.pointee.elder
        }
        return false
    }
}
