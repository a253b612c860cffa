import CLinux
import Glibc
import System

/// The connections of a loop: from adoption to the last byte.
extension EventLoop {
    func add(_ socket: Int32) {
        if stopDeadline != nil || loop.connectionCount >= Limits.maxConnections {
            return refuse(socket)
        }
        // SAFETY: freed in `destroy`.
        let connection = Connection.allocate(
            ConnectionState(socket: socket, isDetached: false, loop: loop))
        var buffer = Limits.socketBufferBytes
        setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &buffer, 4)
        connection.acceptedAt = loop.now
        connection.progressAt = loop.now
        connection.workedAt = loop.now
        connection.following = loop.connections
        loop.connections?.previous = connection
        loop.connections = connection
        loop.connectionCount += 1
        loop.counters.connections &+= 1
        // SAFETY: see `awaitWritable`.
        watch(socket, connection.address)
        touch(connection)
    }

    func destroy(_ connection: Connection) {
        connection.countFreed()
        while let stream = connection.streams { connection.release(stream) }
        connection.decoder.deallocate()
        connection.input.free()
        connection.input.section.rest.free()
        connection.control.free()
        Glibc.close(connection.socket)
        if let unsent = connection.unsent { free(unsent) }
        let (previous, following) = (connection.previous, connection.following)
        previous?.following = following
        if previous == nil { loop.connections = following }
        following?.previous = previous
        loop.connectionCount -= 1
        connection.deallocate()
        count.subtract(1, ordering: .relaxed)
    }

    /// Has a connection served in this turn.
    func touch(_ connection: Connection) {
        if connection.isTouched { return }
        connection.isTouched = true
        connection.nextTouched = loop.touched
        loop.touched = connection
    }

    private func refuse(_ socket: Int32) {
        Glibc.close(socket)
        count.subtract(1, ordering: .relaxed)
    }

    /// Once a second: closes connections that keep us waiting, and takes back what idle ones hold.
    func sweep(_ now: Int64) {
        var next = loop.connections
        while let connection = next {
            next = connection.following
            if connection.standing != .open {
                sweepEnding(connection, now)
                continue
            }
            // A client with a request under way may be busy writing it before it reads our SETTINGS:
            // that is for the stall timer to judge.
            let isSilent =
                !connection.gotSettingsAck && connection.openStreams == 0
                && now - connection.acceptedAt > Limits.handshakeMilliseconds
            let waits = connection.openStreams > 0 || connection.unsent != nil
            let isStalled =
                waits && !connection.hasPendingWork
                && now - connection.workedAt > Limits.stallMilliseconds
            if isSilent {
                connection.giveUp(.silent)
                touch(connection)
            } else if connection.endStalledBodies(now) {
                // Who has sent nothing else either still gets the answer.
                touch(connection)
            } else if isStalled {
                connection.giveUp(.stalled)
                touch(connection)
            }
        }
    }

    /// Takes leave of a client that does not take the last answers or does not close.
    private func sweepEnding(_ connection: Connection, _ now: Int64) {
        if connection.standing == .hungUp || connection.hasPendingWork { return }
        if now - connection.endedAt > Limits.lingerMilliseconds { destroy(connection) }
    }

    func beginDraining(_ milliseconds: Int64) {
        if stopDeadline != nil { return }
        stopDeadline = SystemClock.coarse.milliseconds + milliseconds
        goodbyeAt = SystemClock.coarse.milliseconds + Limits.noticeMilliseconds
        application.leave()
        eachConnection { connection in
            // First that the end is near, so that no request is lost that is on its way now.
            if !connection.isLeaving { connection.farewell = .shutdownNotice }
            connection.workedAt = loop.now
            touch(connection)
        }
    }

    /// Once a turn while the loop ends: says goodbye in time, and gives up who holds it up.
    func drain(_ now: Int64) {
        if let time = goodbyeAt, now >= time {
            goodbyeAt = nil
            // Streams up to the last id that was taken in are finished, later ones refused.
            eachConnection { connection in
                connection.leave(.shutdown)
                touch(connection)
            }
        }
        eachConnection { connection in
            let isStuck =
                !connection.hasPendingWork
                && now - connection.workedAt > Limits.drainStallMilliseconds
            if isStuck || connection.standing == .lingering {
                connection.close()
                touch(connection)
            }
        }
    }

    private func eachConnection(_ body: (Connection) -> Void) {
        var next = loop.connections
        while let connection = next {
            next = connection.following
            body(connection)
        }
    }
}

extension Connection {
    /// Whether a stream waits for the application, or its body rests: then the peer is not to blame.
    var hasPendingWork: Bool {
        var stream = self.streams
        while let current = stream {
            if current.awaitsApplication, !current.awaitsClient { return true }
            if current.rests { return true }
            stream = current.elder
        }
        return false
    }
}
