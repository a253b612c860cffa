import CNghttp2

/// A frame that nghttp2 has received or is about to send, valid through its callback.
struct SessionFrame {
    private let pointer: UnsafePointer<nghttp2_frame>

    /// - Parameter frame: as a callback was given it, never nil.
    @inline(__always)
    init(_ frame: UnsafePointer<nghttp2_frame>?) { pointer = frame.unsafelyUnwrapped }

    /// The frame's header (RFC 9113 §4.1).
    @inline(__always)
    private var header: nghttp2_frame_hd { pointer.pointee.hd }

    @inline(__always)
    var type: nghttp2_frame_type { nghttp2_frame_type(UInt32(header.type)) }

    @inline(__always)
    var streamID: Int32 { header.stream_id }

    /// Bytes of the payload.
    @inline(__always)
    var length: Int { header.length }

    /// The END_STREAM flag of HEADERS and DATA.
    @inline(__always)
    var endsStream: Bool { header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0 }

    /// The ACK flag of SETTINGS and PING.
    var isAcknowledgement: Bool { header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0 }

    /// Whether HEADERS begin a request, and are no trailers.
    @inline(__always)
    var beginsRequest: Bool { pointer.pointee.headers.cat == NGHTTP2_HCAT_REQUEST }

    /// What a SETTINGS frame says.
    var settings: nghttp2_settings { pointer.pointee.settings }

    /// What a GOAWAY frame says.
    var goAway: nghttp2_goaway { pointer.pointee.goaway }

    /// What a PRIORITY_UPDATE frame says: of which stream, and the value of its `priority` field.
    var priorityUpdate: (stream: Int32, value: UnsafeRawBufferPointer) {
        // SAFETY: nghttp2 reads frames of this type itself, and its payload lives through the callback.
        let update = pointer.pointee.ext.payload.load(as: nghttp2_ext_priority_update.self)
        return (
            update.stream_id,
            UnsafeRawBufferPointer(start: update.field_value, count: update.field_value_len)
        )
    }

    /// The error code of a RST_STREAM frame.
    var resetCode: nghttp2_error_code {
        nghttp2_error_code(rawValue: pointer.pointee.rst_stream.error_code)
    }
}
