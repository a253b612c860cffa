import CLinux
import CNghttp2
import Glibc
import System

/// Many requests at once over many connections, driven by one thread: what a load tool needs.
///
/// A slot holds one request under way; slot `s` belongs to connection `s / streams`. The
/// caller fills free slots with `submit` and calls `turn`, which sends what was submitted, waits,
/// and hands what arrives to the handler. One send and (as a rule) one recv per connection and
/// turn; once warm, a request costs no allocation and its answer's body is never copied.
///
/// A connection that its server ends (GOAWAY, a limit of requests, a close) is opened again within
/// the turn in which its last answer came; one that cannot be opened waits for `reconnect`.
public final class ClientLoop {
    /// Slots: connections × streams.
    public let slotCount: Int
    /// Nanoseconds on the monotonic clock when bytes were last received, or the last wait ended.
    public internal(set) var now: Int64

    let address: ServerAddress
    private let handler: ResponseHandler
    let streamsPerConnection: Int
    /// Bytes of room for a request's path.
    public let pathBytes: Int
    /// Bytes of room for a body that is written to its slot.
    public let bodyBytes: Int
    /// Times that a connection which was lost or ended was opened again.
    public private(set) var reconnections = 0
    /// Connections were lost in this turn.
    var hasLost = false
    let epoll: Int32
    let receiveBuffer: UnsafeMutablePointer<UInt8>
    let memory: UnsafeMutablePointer<SessionMemory>
    private let connections: [ClientLoopConnection]
    let streams: [ClientStream]
    private let requests: UnsafeMutablePointer<UInt8>
    private let events: UnsafeMutablePointer<epoll_event>

    /// Connects.
    ///
    /// - Parameters:
    ///   - streams: requests that may be under way on each connection, if the server allows so many.
    ///   - pathBytes: room for the longest path.
    ///   - handler: told of all answers; its methods must not call `turn`.
    public init(
        _ address: ServerAddress, connections: Int, streams: Int,
        pathBytes: Int = Limits.clientPathBytes, handler: ResponseHandler
    ) throws(TransportError) {
        precondition(connections > 0 && streams > 0, "a loop has connections and streams")
        self.address = address
        self.handler = handler
        streamsPerConnection = streams
        self.pathBytes = pathBytes
        bodyBytes = Limits.clientBodyBytes
        slotCount = connections * streams
        now = SystemClock.monotonic.nanoseconds
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        if epoll < 0 { throw .system("epoll_create1", errno: errno) }
        // SAFETY: all of these are freed in deinit, after the sessions that point to them.
        receiveBuffer = .allocate(capacity: Limits.clientReceiveBytes)
        memory = .allocate(capacity: 1)
        memory.initialize(to: SessionMemory())
        events = .allocate(capacity: Limits.clientEventsPerTurn)
        let perSlot = pathBytes + bodyBytes
        let requests = UnsafeMutablePointer<UInt8>.allocate(capacity: slotCount * perSlot)
        self.requests = requests
        self.streams = (0..<slotCount).map { slot in
            let path = requests + slot * perSlot
            return ClientStream.allocate(
                ClientStreamState(slot: slot, path: path, body: path + pathBytes))
        }
        self.connections = (0..<connections).map { index in
            // SAFETY: `self` holds the handler until the connections are gone.
            ClientLoopConnection.allocate(
                ClientLoopConnectionState(
                    index: index, streamLimit: streams,
                    unmanagedHandler: .passUnretained(handler),
                    out: .allocate(capacity: Limits.clientSendBytes)))
        }
        for connection in self.connections { try open(connection) }
        try awaitSettings()
    }

    /// What the server allows has to be known before the first request, or it would wait unseen.
    private func awaitSettings() throws(TransportError) {
        let deadline = now + Limits.clientHandshakeMilliseconds * 1_000_000
        while let connection = connections.first(where: { !$0.hasSettings }) {
            if now > deadline { throw .timedOut("the server's SETTINGS frame") }
            if connection.session == nil {
                throw .connectionClosed("before the server's SETTINGS: it may not speak h2c")
            }
            turn(waiting: deadline - now)
        }
    }

    deinit {
        for connection in connections {
            nghttp2_session_del(connection.session)
            if connection.socket >= 0 { close(connection.socket) }
            connection.out.deallocate()
            connection.deallocate()
        }
        close(epoll)
        for stream in streams { stream.deallocate() }
        requests.deallocate()
        events.deallocate()
        memory.pointee.deallocate()
        memory.deallocate()
        receiveBuffer.deallocate()
    }

    /// The process at the other end of a Unix socket; nil for a loopback port.
    public var serverProcess: Int32? {
        guard case .unix = address else { return nil }
        var peer = relay_peer()
        guard relay_peer_of(connections[0].socket, &peer) == 0, peer.pid > 0 else { return nil }
        return peer.pid
    }

    /// Streams that the server allows on each connection, of those that were asked for: the least
    /// of all connections.
    public var streamLimit: Int {
        connections.reduce(streamsPerConnection) { min($0, $1.streamLimit) }
    }

    /// Whether a slot's connection takes a request in it now. If not, `ResponseHandler.ready` says
    /// when that may have changed.
    @inline(__always)
    public func isUsable(_ slot: Int) -> Bool {
        let connection = connections[slot / streamsPerConnection]
        return connection.session != nil && !connection.isExhausted
            && slot % streamsPerConnection < connection.streamLimit
    }

    // MARK: Requests

    /// Where the path of a slot's next request is written: `pathBytes` bytes.
    @inline(__always)
    public func path(_ slot: Int) -> UnsafeMutablePointer<UInt8> { streams[slot].path }

    /// The status of a slot's answer; 0 before its fields have come.
    @inline(__always)
    public func status(_ slot: Int) -> Int { streams[slot].status }

    /// Where the body of a slot's next request is written: `bodyBytes` bytes.
    @inline(__always)
    public func body(_ slot: Int) -> UnsafeMutablePointer<UInt8> { streams[slot].body }

    /// Queues the request whose path and body were written to the slot; sent by the next `turn`.
    ///
    /// - Parameters:
    ///   - template: must live as long as the loop.
    ///   - body: a body elsewhere that lives as long as the loop; nil for the slot's own.
    /// - Returns: false when the slot's connection takes none now; see `isUsable`.
    public func submit(
        _ slot: Int, _ template: RequestTemplate, pathLength: Int, bodyLength: Int = 0,
        body: UnsafePointer<UInt8>? = nil
    ) -> Bool {
        let stream = streams[slot]
        let connection = connections[slot / streamsPerConnection]
        precondition(stream.id == 0, "a slot has one request at a time")
        precondition(pathLength <= pathBytes && (body != nil || bodyLength <= bodyBytes))
        guard isUsable(slot) else { return false }
        stream.begin(body: body, bodyLength: bodyLength)
        template.setPath(stream.path, pathLength)
        let id = ClientLoop.submit(connection, stream, template)
        if id < 0 {
            connection.isExhausted = true
            hasLost = true
            return false
        }
        stream.id = id
        connection.openStreams += 1
        connection.isTouched = true
        return true
    }

    private static func submit(
        _ connection: ClientLoopConnection,
        _ stream: ClientStream, _ template: RequestTemplate
    ) -> Int32 {
        let session = connection.session
        if stream.bodyLength == 0 {
            return nghttp2_submit_request(
                session, nil, template.fields, template.count, nil, stream.address)
        }
        var provider = nghttp2_data_provider()
        provider.source.ptr = stream.address
        provider.read_callback = { _, _, space, length, flags, source, _ in
            // SAFETY: the slot outlives the stream; see `submit`.
            let stream = ClientStream(address: source!.pointee.ptr)
            let count = min(length, stream.bodyLength - stream.bodySent)
            memcpy(space!, stream.bodyStart + stream.bodySent, count)
            stream.bodySent += count
            if stream.bodySent == stream.bodyLength {
                flags!.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
            }
            return count
        }
        return nghttp2_submit_request(
            session, nil, template.fields, template.count, &provider, stream.address)
    }

    /// Gives up a request: its stream is reset, and `finished` is called when that is sent.
    ///
    /// - Returns: false when the slot has no stream; then `finished` is not called.
    public func cancel(_ slot: Int) -> Bool {
        let connection = connections[slot / streamsPerConnection]
        guard streams[slot].id != 0, connection.session != nil else { return false }
        nghttp2_submit_rst_stream(
            connection.session, 0, streams[slot].id, UInt32(NGHTTP2_CANCEL.rawValue))
        connection.isTouched = true
        return true
    }

    // MARK: Turns

    /// Sends what was submitted, waits up to so many nanoseconds for answers, and hands them on.
    public func turn(waiting nanoseconds: Int64) {
        for connection in connections where connection.isTouched { flush(connection) }
        // What is opened here is for the caller to fill: no waiting before that.
        var nanoseconds = nanoseconds
        if hasLost {
            reopen()
            nanoseconds = 0
        }
        let count = relay_wait(
            epoll, events, Int32(Limits.clientEventsPerTurn), max(0, Int(nanoseconds)))
        now = SystemClock.monotonic.nanoseconds
        guard count > 0 else { return }
        for index in 0..<Int(count) {
            // SAFETY: connections live as long as the loop.
            let connection = ClientLoopConnection(address: events[index].data.ptr!)
            if connection.awaitsWritable { flush(connection) }
            if events[index].events != EPOLLOUT.rawValue { receive(connection) }
        }
        if hasLost { reopen() }
    }

    /// Opens the connections that were lost or have ended. One that never carried an answer is left
    /// to `reconnect`, or a server that closes at once would be asked without a pause.
    private func reopen() {
        hasLost = false
        for connection in connections {
            if connection.isExhausted {
                // Its last streams are still under way; `finish` comes back to it.
                if connection.openStreams > 0 { continue }
                lose(connection)
            }
            if connection.session == nil, connection.hasAnswered {
                again(connection)
            }
        }
        hasLost = false
    }

    private func again(_ connection: ClientLoopConnection) {
        connection.hasAnswered = false
        guard (try? open(connection)) != nil else { return }
        reconnections += 1
        connection.call { $0.ready(connection.index) }
    }

    /// Opens the connections that are down; those that cannot be opened stay down.
    ///
    /// - Returns: how many are up.
    public func reconnect() -> Int {
        reopen()
        var up = 0
        for connection in connections {
            if connection.session == nil { again(connection) }
            if connection.session != nil { up += 1 }
        }
        return up
    }
}
