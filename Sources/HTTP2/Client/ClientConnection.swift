import CNghttp2
import Glibc

/// A client's connection: many requests at once over one socket, driven by the calling thread.
///
/// Not Sendable: one thread uses it. `send` queues a request, `run` does the I/O until it is
/// answered. Flow control is nghttp2's own, with large windows.
public final class ClientConnection {
    private let socket: Int32
    private var session: OpaquePointer?
    private var exchanges: [Int32: ClientExchange] = [:]
    private var finished: [Int32: Result<ClientResponse, TransportError>] = [:]
    // SAFETY: freed in deinit, where nothing else can use it any more.
    private let buffer = UnsafeMutableRawPointer.allocate(
        byteCount: Limits.clientBufferBytes, alignment: 64)

    /// Connects to a Unix socket.
    public convenience init(unix path: String) throws(TransportError) {
        try self.init(socket: UnixSocket.connect(path))
        greet()
    }

    /// Connects to a loopback address such as `127.0.0.1:8080`.
    public convenience init(loopback address: String) throws(TransportError) {
        try self.init(socket: LoopbackSocket.connect(address))
        greet()
    }

    /// Takes over a connected, blocking socket.
    public init(socket: Int32) throws(TransportError) {
        self.socket = socket
        // SAFETY: the session is deleted in deinit, so `self` outlives its user_data.
        let user = Unmanaged.passUnretained(self).toOpaque()
        guard nghttp2_session_client_new(&session, ClientSession.callbacks, user) == 0 else {
            throw .system("nghttp2_session_client_new", errno: ENOMEM)
        }
        var settings = [
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
                value: UInt32(Limits.clientReadAheadBytes)),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0),
        ]
        nghttp2_submit_settings(session, 0, &settings, settings.count)
        nghttp2_session_set_local_window_size(session, 0, 0, Limits.clientReadAheadBytes)
    }

    /// Exchanges SETTINGS, so that the server does not take the time before the first request for a client
    /// that says nothing. A server that does not answer is left to the first request.
    private func greet() {
        do throws(TransportError) {
            try flush()
            // What is to be written then is the acknowledgement.
            while nghttp2_session_want_write(session) == 0 {
                try receive(timeout: Limits.clientGreetingMilliseconds)
            }
            try flush()
        } catch {
            // The same failure, or the server's reason, is met again by whoever asks for something.
        }
    }

    deinit {
        nghttp2_session_del(session)
        close(socket)
        buffer.deallocate()
    }

    /// Queues a request.
    ///
    /// - Returns: its stream id, for `run(until:)`.
    public func send(_ request: ClientRequest) throws(TransportError) -> Int32 {
        let exchange = ClientExchange(body: request.body)
        let pairs =
            [
                HeaderField(":method", request.method), HeaderField(":scheme", "http"),
                HeaderField(":authority", request.authority), HeaderField(":path", request.path),
            ] + request.fields
        let id = ClientSession.submit(session, pairs, exchange)
        if id < 0 { throw .connectionClosed("no further request can be sent (\(id))") }
        exchanges[id] = exchange
        return id
    }

    /// Sends and receives until a request is answered.
    ///
    /// - Parameter timeout: milliseconds without a byte from the peer.
    public func run(
        until id: Int32, timeout: Int32 = Limits.clientAnswerMilliseconds
    ) throws(TransportError) -> ClientResponse {
        // A peer that has closed takes nothing more, but its last answers are still to be read.
        var refusal: TransportError?
        while finished[id] == nil {
            do throws(TransportError) {
                if refusal == nil { try flush() }
            } catch {
                refusal = error
            }
            // The end of a body that was answered early ends its stream: then nothing may come.
            if finished[id] != nil { break }
            do throws(TransportError) {
                try receive(timeout: timeout)
            } catch {
                throw refusal ?? error
            }
        }
        return try finished.removeValue(forKey: id)!.get()
    }

    /// Sends a request and waits for its answer.
    public func perform(
        _ request: ClientRequest, timeout: Int32 = Limits.clientAnswerMilliseconds
    ) throws(TransportError) -> ClientResponse {
        try run(until: send(request), timeout: timeout)
    }

    /// Sends what is queued, without waiting for an answer.
    public func flush() throws(TransportError) {
        while true {
            var bytes: UnsafePointer<UInt8>?
            var length = nghttp2_session_mem_send(session, &bytes)
            if length < 0 { throw .connectionClosed("nghttp2 error \(length)") }
            if length == 0 { return }
            // SAFETY: nghttp2 keeps `bytes` until the next call on the session.
            var start = UnsafeRawPointer(bytes!)
            while length > 0 {
                let sent = Glibc.send(socket, start, length, Int32(MSG_NOSIGNAL))
                if sent < 0 {
                    if errno == EINTR { continue }
                    throw .connectionClosed(String(cString: strerror(errno)))
                }
                start += sent
                length -= sent
            }
        }
    }

    /// Sends what is queued until all of a request's body has gone, as fast as the peer lets it, and does not
    /// wait for the answer: for who does something else for long after that. A peer that
    /// has answered earlier wants no more of it.
    ///
    /// - Parameter timeout: milliseconds without a byte from the peer.
    public func flush(bodyOf id: Int32, timeout: Int32) throws(TransportError) {
        try flush()
        while let exchange = exchanges[id], exchange.sent < exchange.body.count {
            try receive(timeout: timeout)
            try flush()
        }
    }

    private func receive(timeout: Int32) throws(TransportError) {
        var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        let ready = poll(&descriptor, 1, timeout)
        if ready == 0 { throw .timedOut("the answer") }
        let count = recv(socket, buffer, Limits.clientBufferBytes, 0)
        if count < 0, errno == EINTR || errno == EAGAIN { return }
        if count <= 0 { throw .connectionClosed("by the server") }
        // SAFETY: the first `count` bytes were just received.
        let bytes = buffer.assumingMemoryBound(to: UInt8.self)
        let result = nghttp2_session_mem_recv(session, bytes, count)
        if result < 0 { throw .connectionClosed("protocol error \(result)") }
        if nghttp2_session_want_read(session) == 0, nghttp2_session_want_write(session) == 0 {
            for id in exchanges.keys { streamClosed(id, UInt32(NGHTTP2_REFUSED_STREAM.rawValue)) }
        }
    }

    // MARK: From the session

    func fieldReceived(_ id: Int32, _ name: String, _ value: String) {
        guard let exchange = exchanges[id] else { return }
        if name == ":status" {
            exchange.response.status = Int(value) ?? 0
        } else {
            exchange.response.fields.append(HeaderField(name, value))
        }
    }

    func dataReceived(_ id: Int32, _ bytes: UnsafeBufferPointer<UInt8>) {
        exchanges[id]?.response.body.append(contentsOf: bytes)
    }

    func streamClosed(_ id: Int32, _ code: UInt32) {
        guard let exchange = exchanges.removeValue(forKey: id) else { return }
        let isComplete = exchange.response.status != 0 && code == 0
        finished[id] =
            isComplete
            ? .success(exchange.response)
            : .failure(.connectionClosed("stream \(id) was reset with code \(code)"))
    }
}

/// A request that is under way.
final class ClientExchange {
    var response = ClientResponse()
    let body: [UInt8]
    var sent = 0

    init(body: [UInt8]) { self.body = body }
}
