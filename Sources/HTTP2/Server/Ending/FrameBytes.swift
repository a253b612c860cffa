import CNghttp2

/// Frames that are written without a session.
enum FrameBytes {
    static func word(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    /// A frame's header (RFC 9113 §4.1).
    static func head(_ length: Int, _ type: UInt8, _ flags: UInt8, _ stream: Int32) -> [UInt8] {
        word(UInt32(length)).dropFirst() + [type, flags] + word(UInt32(bitPattern: stream))
    }

    static func reset(_ stream: Int32, _ code: nghttp2_error_code) -> [UInt8] {
        head(4, UInt8(NGHTTP2_RST_STREAM.rawValue), 0, stream) + word(code.rawValue)
    }
}
