import CNghttp2
import Glibc

/// nghttp2 as a server: its options and callbacks, shared by all sessions of the process.
///
/// Each callback is a trampoline to one function below; `user_data` is the `Connection`.
enum ServerSession {
    // SAFETY: written once, before the first session; nghttp2 only reads them afterwards.
    nonisolated(unsafe) private static let callbacks = makeCallbacks()
    nonisolated(unsafe) private static let options = makeOptions()

    /// A new session, which has nothing to say yet.
    static func make(_ connection: Connection) -> OpaquePointer? {
        var session: OpaquePointer?
        var memory = SessionMemory.functions(connection.loop.memory)
        guard
            nghttp2_session_server_new3(
                &session, callbacks, connection.address, options, &memory) == 0
        else { return nil }
        return session
    }

    /// Has a session say our SETTINGS, which come first.
    static func greet(_ session: OpaquePointer?) {
        var settings = [
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
                value: Limits.maxConcurrentStreams),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
                value: Limits.streamWindowBytes),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
                value: UInt32(Limits.maxFieldSectionBytes)),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES.rawValue), value: 1),
        ]
        nghttp2_submit_settings(session, 0, &settings, settings.count)
        nghttp2_session_set_local_window_size(session, 0, 0, Limits.connectionWindowBytes)
    }

    private static func makeOptions() -> OpaquePointer? {
        var option: OpaquePointer?
        nghttp2_option_new(&option)
        nghttp2_option_set_no_auto_window_update(option, 1)
        // MessageRules takes its place.
        nghttp2_option_set_no_http_messaging(option, 1)
        // `spendReset` takes its place: it says why.
        nghttp2_option_set_stream_reset_rate_limit(option, UInt64(Int32.max), UInt64(Int32.max))
        nghttp2_option_set_max_outbound_ack(option, Limits.queuedAcknowledgements)
        nghttp2_option_set_builtin_recv_extension_type(
            option, UInt8(NGHTTP2_PRIORITY_UPDATE.rawValue))
        nghttp2_option_set_max_settings(option, Limits.settingsPerFrame)
        return option
    }

    private static func makeCallbacks() -> OpaquePointer? {
        var callbacks: OpaquePointer?
        nghttp2_session_callbacks_new(&callbacks)
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
            ServerSession.connection(user).beginHeaders(SessionFrame(frame))
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, frame, name, nameLength, value, valueLength, _, user in
            ServerSession.connection(user).header(
                SessionFrame(frame), name!, nameLength, value!, valueLength)
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
            ServerSession.connection(user).frameReceived(SessionFrame(frame))
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
            _, _, id, bytes, length, user in
            ServerSession.connection(user).dataReceived(id, bytes!, length)
        }
        nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks) {
            _, frame, _, user in
            // A stream that is refused: it is reset before anything of it was kept.
            ServerSession.connection(user).resetStreams.note(SessionFrame(frame).streamID)
            return 0
        }
        nghttp2_session_callbacks_set_before_frame_send_callback(callbacks) { _, frame, user in
            ServerSession.connection(user).holdBack(SessionFrame(frame))
        }
        nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks) { _, frame, _, user in
            ServerSession.connection(user).frameNotSent(SessionFrame(frame))
        }
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, user in
            ServerSession.connection(user).frameSent(SessionFrame(frame))
        }
        nghttp2_session_callbacks_set_data_source_read_length_callback(callbacks) {
            _, _, _, _, _, peerFrameBytes, user in
            ServerSession.connection(user).frameLength(Int(peerFrameBytes))
        }
        nghttp2_session_callbacks_set_send_data_callback(callbacks) {
            _, _, header, length, source, user in
            ServerSession.connection(user).sendData(header!, length, source!.pointee.ptr)
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, id, _, user in
            ServerSession.connection(user).streamClosed(id)
        }
        return callbacks
    }

    @inline(__always)
    private static func connection(
        _ user: UnsafeMutableRawPointer?
    ) -> Connection {
        // SAFETY: set in `make`; the loop frees the connection after deleting the session.
        Connection(address: user.unsafelyUnwrapped)
    }
}
