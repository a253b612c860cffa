import CNghttp2
import Glibc

/// nghttp2 as a client: callbacks shared by all sessions; `user_data` is the connection.
enum ClientSession {
    // SAFETY: written once, before the first session; nghttp2 only reads it afterwards.
    nonisolated(unsafe) static let callbacks = makeCallbacks()

    private static func makeCallbacks() -> OpaquePointer? {
        var callbacks: OpaquePointer?
        nghttp2_session_callbacks_new(&callbacks)
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, frame, name, nameLength, value, valueLength, _, user in
            ClientSession.connection(user).fieldReceived(
                SessionFrame(frame).streamID, ClientSession.text(name, nameLength),
                ClientSession.text(value, valueLength))
            return 0
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
            _, _, id, bytes, length, user in
            ClientSession.connection(user).dataReceived(
                id, UnsafeBufferPointer(start: bytes, count: length))  // SAFETY: read at once.
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, id, code, user in
            ClientSession.connection(user).streamClosed(id, code)
            return 0
        }
        return callbacks
    }

    /// Queues a request's frames.
    ///
    /// - Returns: the stream id, or a negative nghttp2 error.
    static func submit(
        _ session: OpaquePointer?, _ pairs: [HeaderField], _ exchange: ClientExchange
    ) -> Int32 {
        // nghttp2 copies names and values, so one buffer for the call is enough.
        let texts = pairs.map { (Array($0.name.utf8), Array($0.value.utf8)) }
        let bytes = texts.flatMap { $0.0 + $0.1 }
        // SAFETY: nghttp2 copies names and values before the closure returns.
        return bytes.withUnsafeBufferPointer { buffer in
            var fields: [nghttp2_nv] = []
            var offset = 0
            for (name, value) in texts {
                // SAFETY: nghttp2 only reads through it.
                let start = UnsafeMutablePointer(mutating: buffer.baseAddress! + offset)
                fields.append(
                    nghttp2_nv(
                        name: start, value: start + name.count, namelen: name.count,
                        valuelen: value.count, flags: 0))
                offset += name.count + value.count
            }
            if exchange.body.isEmpty {
                return nghttp2_submit_request(session, nil, fields, fields.count, nil, nil)
            }
            var provider = nghttp2_data_provider()
            // SAFETY: the connection keeps the exchange until its stream closes.
            provider.source.ptr = Unmanaged.passUnretained(exchange).toOpaque()
            provider.read_callback = { _, _, space, length, flags, source, _ in
                ClientSession.read(source!.pointee.ptr, space!, length, flags!)
            }
            return nghttp2_submit_request(session, nil, fields, fields.count, &provider, nil)
        }
    }

    private static func read(
        _ source: UnsafeMutableRawPointer?, _ space: UnsafeMutablePointer<UInt8>, _ length: Int,
        _ flags: UnsafeMutablePointer<UInt32>
    ) -> Int {
        // SAFETY: see `submit`.
        let exchange = Unmanaged<ClientExchange>.fromOpaque(source!).takeUnretainedValue()
        let count = min(length, exchange.body.count - exchange.sent)
        exchange.body.withUnsafeBufferPointer {
            _ = memcpy(space, $0.baseAddress! + exchange.sent, count)
        }
        exchange.sent += count
        if exchange.sent == exchange.body.count {
            flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
        }
        return count
    }

    private static func connection(_ user: UnsafeMutableRawPointer?) -> ClientConnection {
        // SAFETY: a connection deletes its session before it goes away.
        Unmanaged<ClientConnection>.fromOpaque(user!).takeUnretainedValue()
    }

    private static func text(_ bytes: UnsafePointer<UInt8>?, _ length: Int) -> String {
        // SAFETY: nghttp2 keeps the bytes through the callback; the String copies them.
        String(decoding: UnsafeBufferPointer(start: bytes, count: length), as: UTF8.self)
    }
}
