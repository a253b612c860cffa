import CLinux
import CNghttp2
import Glibc
import System

/// What there is to know of a connection of a client loop; reached through `ClientLoopConnection`.
struct ClientLoopConnectionState {
    let index: Int
    var socket: Int32 = -1
    var session: OpaquePointer?
    /// Streams that may be open at once: what was asked for, or less if the server says so. Kept
    /// from one session to the next, so that a new one need not wait for its SETTINGS.
    var streamLimit: Int
    var hasSettings = false
    /// An answer came since it was opened.
    var hasAnswered = false
    let unmanagedHandler: Unmanaged<ResponseHandler>
    /// The stream whose fields are being received.
    var receiving: ClientStream?

    /// Requests' bytes on their way; those before `outOffset` are sent.
    let out: UnsafeMutablePointer<UInt8>
    var outLength = 0
    var outOffset = 0

    var openStreams = 0
    /// Has requests that were not flushed yet.
    var isTouched = false
    var awaitsWritable = false
    /// Takes no further requests: the server said GOAWAY, or the stream ids are used up.
    var isExhausted = false
}

/// One connection of a client loop. nghttp2 carries the handle as `user_data` and epoll as `data.ptr`.
struct ClientLoopConnection: Handle {
    let pointer: UnsafeMutablePointer<ClientLoopConnectionState>

    /// Calls the handler without a reference count.
    @inline(__always)
    func call(_ body: (ResponseHandler) -> Void) {
        // SAFETY: the loop holds the handler as long as any connection.
        self.unmanagedHandler._withUnsafeGuaranteedRef(body)
    }
}

/// A connection's life: opened, read, written, lost.
extension ClientLoop {
    func open(_ connection: ClientLoopConnection) throws(TransportError) {
        let socket = try address.connect()
        let flags = fcntl(socket, F_GETFL)
        var event = epoll_event()
        event.events = EPOLLIN.rawValue
        // SAFETY: connections live as long as the loop and its epoll.
        event.data.ptr = connection.address
        guard fcntl(socket, F_SETFL, flags | O_NONBLOCK) == 0,
            epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) == 0,
            let session = ClientLoopSession.make(connection, memory)
        else {
            let code = errno
            close(socket)
            throw .system("open a connection", errno: code)
        }
        // Requests on TCP are small and must not wait for one another; a Unix socket refuses this.
        var one: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        connection.socket = socket
        connection.session = session
        connection.isExhausted = false
        connection.isTouched = true
    }

    func receive(_ connection: ClientLoopConnection) {
        for _ in 0..<Limits.readsPerTurn {
            if connection.session == nil { return }
            let count = recv(connection.socket, receiveBuffer, Limits.clientReceiveBytes, 0)
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            if count <= 0 { return lose(connection) }
            now = SystemClock.monotonic.nanoseconds
            let session = connection.session
            if nghttp2_session_mem_recv(session, receiveBuffer, count) < 0 {
                return lose(connection)
            }
            // Something to acknowledge, such as SETTINGS or a used window.
            if nghttp2_session_want_write(session) != 0 { connection.isTouched = true }
            if nghttp2_session_want_read(session) == 0, !connection.isTouched {
                return lose(connection)
            }
            if connection.isExhausted { hasLost = true }
            if count < Limits.clientReceiveBytes { return }
        }
    }

    func flush(_ connection: ClientLoopConnection) {
        connection.isTouched = false
        while connection.session != nil {
            gather(connection)
            let pending = connection.outLength - connection.outOffset
            if pending == 0 { return awaitWritable(connection, false) }
            let sent = send(
                connection.socket, connection.out + connection.outOffset,
                pending, Int32(MSG_NOSIGNAL))
            if sent < 0 {
                if errno == EINTR { continue }
                return errno == EAGAIN ? awaitWritable(connection, true) : lose(connection)
            }
            connection.outOffset += sent
        }
    }

    /// Moves frames from the session to the out buffer while there is room for the largest.
    private func gather(_ connection: ClientLoopConnection) {
        if connection.outOffset == connection.outLength {
            connection.outOffset = 0
            connection.outLength = 0
        }
        // nghttp2 hands out a frame, or 16 KiB of long HEADERS, at a time.
        while connection.outLength + Limits.clientFrameBytes <= Limits.clientSendBytes {
            var frame: UnsafePointer<UInt8>?
            let length = nghttp2_session_mem_send(connection.session, &frame)
            if length <= 0 { return }
            precondition(connection.outLength + length <= Limits.clientSendBytes)
            // SAFETY: nghttp2 keeps the frame until the next call on the session.
            memcpy(connection.out + connection.outLength, frame!, length)
            connection.outLength += length
        }
    }

    private func awaitWritable(
        _ connection: ClientLoopConnection, _ awaits: Bool
    ) {
        if connection.awaitsWritable == awaits { return }
        connection.awaitsWritable = awaits
        var event = epoll_event()
        event.events = EPOLLIN.rawValue | (awaits ? EPOLLOUT.rawValue : 0)
        // SAFETY: connections live as long as the loop and its epoll.
        event.data.ptr = connection.address
        epoll_ctl(epoll, EPOLL_CTL_MOD, connection.socket, &event)
    }

    /// Closes a connection: its requests end without an answer.
    func lose(_ connection: ClientLoopConnection) {
        guard connection.session != nil else { return }
        hasLost = true
        nghttp2_session_del(connection.session)
        close(connection.socket)
        connection.session = nil
        connection.socket = -1
        connection.receiving = nil
        connection.outLength = 0
        connection.outOffset = 0
        connection.awaitsWritable = false
        connection.isTouched = false
        connection.isExhausted = false
        let first = connection.index * streamsPerConnection
        for slot in first..<first + streamsPerConnection where streams[slot].id != 0 {
            connection.finish(streams[slot], .connectionLost)
        }
    }
}
