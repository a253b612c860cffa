import CNghttp2
import Glibc

/// nghttp2 as a client with many requests under way: options and callbacks shared by all sessions.
/// Each callback is a trampoline; `user_data` is the `ClientLoopConnection`.
enum ClientLoopSession {
    // SAFETY: written once, before the first session; nghttp2 only reads them afterwards.
    nonisolated(unsafe) private static let callbacks = makeCallbacks()
    nonisolated(unsafe) private static let options = makeOptions()

    /// A new session whose SETTINGS frame waits to be sent.
    static func make(
        _ connection: ClientLoopConnection,
        _ memory: UnsafeMutablePointer<SessionMemory>
    ) -> OpaquePointer? {
        var session: OpaquePointer?
        var functions = SessionMemory.functions(memory)
        guard
            nghttp2_session_client_new3(
                &session, callbacks, connection.address, options, &functions) == 0
        else { return nil }
        var settings = [
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
                value: UInt32(Limits.clientWindowBytes)),
        ]
        nghttp2_submit_settings(session, 0, &settings, settings.count)
        nghttp2_session_set_local_window_size(session, 0, 0, Limits.clientWindowBytes)
        return session
    }

    private static func makeOptions() -> OpaquePointer? {
        var option: OpaquePointer?
        nghttp2_option_new(&option)
        // Whoever measures checks status and length himself.
        nghttp2_option_set_no_http_messaging(option, 1)
        // The loop itself counts the streams that are open: nothing waits inside nghttp2.
        nghttp2_option_set_peer_max_concurrent_streams(option, UInt32(Int32.max))
        return option
    }

    private static func makeCallbacks() -> OpaquePointer? {
        var callbacks: OpaquePointer?
        nghttp2_session_callbacks_new(&callbacks)
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
            let connection = ClientLoopSession.connection(user)
            connection.receiving = connection.stream(SessionFrame(frame).streamID)
            return 0
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, _, name, nameLength, value, valueLength, _, user in
            ClientLoopSession.connection(user).field(name!, nameLength, value!, valueLength)
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
            let type = SessionFrame(frame).type
            if type == NGHTTP2_GOAWAY {
                ClientLoopSession.connection(user).isExhausted = true
            } else if type == NGHTTP2_SETTINGS {
                ClientLoopSession.connection(user).settingsReceived()
            }
            return 0
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
            _, _, id, bytes, length, user in
            ClientLoopSession.connection(user).data(id, bytes!, length)
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, id, code, user in
            ClientLoopSession.connection(user).closed(id, code)
            return 0
        }
        return callbacks
    }

    @inline(__always)
    private static func connection(
        _ user: UnsafeMutableRawPointer?
    ) -> ClientLoopConnection {
        // SAFETY: set in `make`; the loop deletes the session before it frees the connection.
        ClientLoopConnection(address: user.unsafelyUnwrapped)
    }
}

/// From frames to answers.
extension ClientLoopConnection {
    @inline(__always)
    func stream(_ id: Int32) -> ClientStream? {
        // SAFETY: `submit` sets it to a slot, and slots live as long as the loop.
        nghttp2_session_get_stream_user_data(self.session, id)
            .map { ClientStream(address: $0) }
    }

    @inline(__always)
    fileprivate func field(
        _ name: UnsafePointer<UInt8>, _ nameLength: Int, _ value: UnsafePointer<UInt8>,
        _ valueLength: Int
    ) {
        guard let stream = self.receiving else { return }
        // SAFETY: nghttp2 keeps name and value through the callback.
        let text = UnsafeRawBufferPointer(start: value, count: valueLength)
        if nameLength == 7, name[0] == 0x3A {  // :status, the only pseudo field of an answer
            stream.status = DecimalText.read(text).map { Int($0) } ?? 0
        } else if nameLength == 14, memcmp(name, "content-length", 14) == 0 {
            stream.declaredBytes = DecimalText.read(text).map { Int($0) } ?? -1
        } else {
            let name = UnsafeRawBufferPointer(start: name, count: nameLength)
            self.call { $0.field(stream.slot, name, text) }
        }
    }

    @inline(__always)
    fileprivate func data(_ id: Int32, _ bytes: UnsafePointer<UInt8>, _ length: Int) {
        guard let stream = stream(id) else { return }
        stream.receivedBytes += length
        // SAFETY: nghttp2 keeps the bytes through the callback.
        let bytes = UnsafeRawBufferPointer(start: bytes, count: length)
        self.call { $0.data(stream.slot, bytes) }
    }

    @inline(__always)
    fileprivate func closed(_ id: Int32, _ code: UInt32) {
        guard let stream = stream(id) else { return }
        if self.receiving == stream { self.receiving = nil }
        if code == 0, stream.status != 0 {
            self.hasAnswered = true
            return finish(stream, nil)
        }
        // Not processed, so it may be sent again (RFC 9113 §8.7): nghttp2 says the same of streams
        // above the last one of a GOAWAY.
        finish(stream, code == NGHTTP2_REFUSED_STREAM.rawValue ? .refused : .reset)
    }

    fileprivate func settingsReceived() {
        let id = NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS
        let allowed = Int(nghttp2_session_get_remote_settings(self.session, id))
        let isMore = allowed > self.streamLimit
        self.streamLimit = allowed
        self.hasSettings = true
        if isMore { self.call { $0.ready(self.index) } }
    }

    /// Frees a slot and tells the handler.
    func finish(
        _ stream: ClientStream, _ failure: ResponseOutcome.Failure?
    ) {
        stream.id = 0
        self.openStreams -= 1
        let outcome = stream.outcome(failure)
        self.call { $0.finished(stream.slot, outcome) }
    }
}
