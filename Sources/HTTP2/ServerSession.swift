import CNghttp2
import Glibc

/// nghttp2 as a server: its options and callbacks, shared by all sessions of the process.
///
/// Each callback is a trampoline to one function below; `user_data` is the `Connection`.
enum ServerSession {
    // SAFETY: written once, before the first session; nghttp2 only reads them afterwards.
    nonisolated(unsafe) private static let callbacks = makeCallbacks()
    nonisolated(unsafe) private static let options = makeOptions()

    /// A new session whose SETTINGS frame waits to be sent.
    static func make(_ connection: UnsafeMutablePointer<Connection>) -> OpaquePointer? {
        var session: OpaquePointer?
        guard nghttp2_session_server_new2(&session, callbacks, connection, options) == 0 else {
            return nil
        }
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
        return session
    }

    private static func makeOptions() -> OpaquePointer? {
        var option: OpaquePointer?
        nghttp2_option_new(&option)
        nghttp2_option_set_no_auto_window_update(option, 1)
        nghttp2_option_set_stream_reset_rate_limit(
            option, Limits.resetBurst, Limits.resetsPerSecond)
        nghttp2_option_set_max_settings(option, 32)
        return option
    }

    private static func makeCallbacks() -> OpaquePointer? {
        var callbacks: OpaquePointer?
        nghttp2_session_callbacks_new(&callbacks)
        nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, user in
            ServerSession.connection(user).beginFrame(header!)
        }
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
            ServerSession.connection(user).beginHeaders(frame!)
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, frame, name, nameLength, value, valueLength, _, user in
            ServerSession.connection(user).header(frame!, name!, nameLength, value!, valueLength)
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
            ServerSession.connection(user).frameReceived(frame!)
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
            _, _, id, bytes, length, user in
            ServerSession.connection(user).dataReceived(id, bytes!, length)
        }
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, user in
            ServerSession.connection(user).frameSent(frame!)
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
    ) -> UnsafeMutablePointer<Connection> {
        // SAFETY: set in `make`; the loop frees the connection after deleting the session.
        user.unsafelyUnwrapped.assumingMemoryBound(to: Connection.self)
    }
}

/// Receiving: from frames to complete requests.
extension UnsafeMutablePointer where Pointee == Connection {
    fileprivate func beginFrame(_ header: UnsafePointer<nghttp2_frame_hd>) -> Int32 {
        guard header.pointee.type == UInt8(NGHTTP2_HEADERS.rawValue) else { return 0 }
        if header.pointee.stream_id & 1 == 1, !pointee.skippedIDs.note(header.pointee.stream_id) {
            nghttp2_session_terminate_session(
                pointee.session, UInt32(NGHTTP2_PROTOCOL_ERROR.rawValue))
        }
        return 0
    }

    fileprivate func beginHeaders(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
        guard frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST else {
            pointee.receiving = nil
            return 0
        }
        let stream = pointee.state.pointee.pool.acquire()
        stream.pointee.id = frame.pointee.hd.stream_id
        stream.pointee.connection = self
        stream.pointee.phase = .receiving
        stream.pointee.elder = pointee.streams
        pointee.streams?.pointee.younger = stream
        pointee.streams = stream
        pointee.openStreams += 1
        pointee.receiving = stream
        nghttp2_session_set_stream_user_data(pointee.session, frame.pointee.hd.stream_id, stream)
        return 0
    }

    fileprivate func header(
        _ frame: UnsafePointer<nghttp2_frame>, _ name: UnsafePointer<UInt8>, _ nameLength: Int,
        _ value: UnsafePointer<UInt8>, _ valueLength: Int
    ) -> Int32 {
        guard let stream = pointee.receiving else { return 0 }
        stream.pointee.fieldCount += 1
        stream.pointee.fieldSectionBytes += nameLength + valueLength + 32
        if stream.pointee.fieldSectionBytes > Limits.maxFieldSectionBytes
            || stream.pointee.fieldCount > Limits.maxFields
        {
            stream.pointee.refusal = .fieldsTooLarge
            // Far past the limit nobody reads the answer: have nghttp2 reset the stream.
            return stream.pointee.fieldSectionBytes > 4 * Limits.maxFieldSectionBytes
                ? Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) : 0
        }
        if nameLength == 7, name[0] == 0x3A, name[1] == 0x6D {  // :method
            stream.pointee.method = Method(
                UnsafeRawBufferPointer(start: value, count: valueLength))
        } else if let field = RequestField.named(name, nameLength) {
            _ = stream.keep(field, value, valueLength)
        }
        return 0
    }

    fileprivate func frameReceived(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
        let header = frame.pointee.hd
        let ends = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
        switch UInt32(header.type) {
        case NGHTTP2_HEADERS.rawValue:
            if let stream = pointee.receiving, stream.pointee.id == header.stream_id {
                pointee.receiving = nil
                fieldsReceived(stream, ends)
            } else if ends, let stream = stream(header.stream_id) {
                requestComplete(stream)
            }
        case NGHTTP2_DATA.rawValue:
            if ends, let stream = stream(header.stream_id) {
                requestComplete(stream)
            } else if header.length == 0 {
                spendControlFrame()
            }
        case NGHTTP2_SETTINGS.rawValue:
            if header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0 {
                pointee.gotSettingsAck = true
            }
            spendControlFrame()
        case NGHTTP2_PING.rawValue, NGHTTP2_PRIORITY.rawValue:
            spendControlFrame()
        default: break
        }
        return 0
    }

    private func fieldsReceived(_ stream: UnsafeMutablePointer<Stream>, _ ends: Bool) {
        if ends { return requestComplete(stream) }
        let application = pointee.state.pointee.application
        let exchange = Exchange(stream: stream)
        application._withUnsafeGuaranteedRef {
            if let refusal = stream.pointee.refusal {
                $0.refuse(exchange, refusal)
            } else {
                $0.admit(exchange)
            }
        }
        if stream.pointee.status != 0 { enqueue(stream) }
    }

    private func requestComplete(_ stream: UnsafeMutablePointer<Stream>) {
        stream.pointee.isComplete = true
        guard stream.pointee.phase == .receiving else { return }
        if let refusal = stream.pointee.refusal {
            pointee.state.pointee.application._withUnsafeGuaranteedRef {
                $0.refuse(Exchange(stream: stream), refusal)
            }
        }
        enqueue(stream)
    }

    @inline(__always)
    func enqueue(_ stream: UnsafeMutablePointer<Stream>) {
        stream.pointee.phase = .waiting
        pointee.waiting.append(stream)
    }

    fileprivate func dataReceived(
        _ id: Int32, _ bytes: UnsafePointer<UInt8>, _ length: Int
    ) -> Int32 {
        // The bytes are copied or dropped here: either way the peer may send as many again.
        nghttp2_session_consume(pointee.session, id, length)
        guard let stream = stream(id), stream.pointee.phase == .receiving else { return 0 }
        if pointee.bodyBytes + length > Limits.bodyBytesPerConnection {
            refuse(stream, .bodyBudget)
        } else if stream.appendBody(bytes, length) {
            pointee.bodyBytes += length
        } else {
            refuse(stream, .bodyTooLarge)
        }
        return 0
    }

    private func refuse(_ stream: UnsafeMutablePointer<Stream>, _ refusal: Refusal) {
        pointee.state.pointee.application._withUnsafeGuaranteedRef {
            $0.refuse(Exchange(stream: stream), refusal)
        }
        enqueue(stream)
    }

    private func stream(_ id: Int32) -> UnsafeMutablePointer<Stream>? {
        nghttp2_session_get_stream_user_data(pointee.session, id)?
            .assumingMemoryBound(to: Stream.self)
    }

    fileprivate func streamClosed(_ id: Int32) -> Int32 {
        // Never anything but 0: a failure here leaks in this nghttp2 (CVE-2023-35945).
        if let stream = stream(id) { release(stream) }
        return 0
    }

    /// Ends a stream: its slot and all it owned are free again.
    func release(_ stream: UnsafeMutablePointer<Stream>) {
        if stream.pointee.phase == .waiting { pointee.waiting.remove(stream) }
        if pointee.receiving == stream { pointee.receiving = nil }
        if stream.pointee.body.retained != nil {
            pointee.retainedBytes -= stream.pointee.body.remaining
        }
        pointee.bodyBytes -= stream.pointee.requestBodyLength
        let (elder, younger) = (stream.pointee.elder, stream.pointee.younger)
        elder?.pointee.younger = younger
        if let younger { younger.pointee.elder = elder } else { pointee.streams = elder }
        pointee.openStreams -= 1
        pointee.state.pointee.pool.release(stream)
    }

    /// Counts a frame that carries no request forward; too many of them close the connection.
    private func spendControlFrame() {
        renewBudget()
        pointee.controlFrames += 1
        if pointee.controlFrames > Limits.controlFramesPerSecond { enhanceYourCalm() }
    }

    private func renewBudget() {
        let second = pointee.state.pointee.now / 1_000
        if second == pointee.budgetSecond { return }
        pointee.budgetSecond = second
        pointee.controlFrames = 0
        pointee.provokedResets = 0
    }

    private func enhanceYourCalm() {
        nghttp2_session_terminate_session(
            pointee.session, UInt32(NGHTTP2_ENHANCE_YOUR_CALM.rawValue))
    }

    fileprivate func frameSent(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
        if frame.pointee.hd.type == UInt8(NGHTTP2_RST_STREAM.rawValue),
            frame.pointee.rst_stream.error_code != UInt32(NGHTTP2_NO_ERROR.rawValue)
        {
            // A client that provokes resets makes us work for nothing (CVE-2025-8671).
            renewBudget()
            pointee.provokedResets += 1
            if pointee.provokedResets > Limits.provokedResetsPerSecond { enhanceYourCalm() }
        } else if frame.pointee.hd.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0,
            let stream = stream(frame.pointee.hd.stream_id), !stream.pointee.isComplete
        {
            // Answered before the body came: tell the client to stop sending (RFC 9113 §8.1).
            nghttp2_submit_rst_stream(
                pointee.session, 0, frame.pointee.hd.stream_id, UInt32(NGHTTP2_NO_ERROR.rawValue))
        }
        return 0
    }
}
