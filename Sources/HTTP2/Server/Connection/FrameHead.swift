import CNghttp2

/// A frame's header (RFC 9113 §4.1).
struct FrameHead {
    let length: Int
    let type: UInt8
    let flags: UInt8
    let stream: Int32

    @inline(__always)
    init(_ bytes: UnsafePointer<UInt8>) {
        // SAFETY: the caller has nine bytes.
        let word = UInt64(
            bigEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self))
        length = Int(word >> 40)
        type = UInt8(truncatingIfNeeded: word >> 32)
        flags = UInt8(truncatingIfNeeded: word >> 24)
        let id = UInt32(truncatingIfNeeded: word << 8) | UInt32(bytes[8])
        stream = Int32(bitPattern: id & 0x7FFF_FFFF)
    }

    /// Bytes that have to be there before the frame is looked at.
    @inline(__always)
    var neededBytes: Int {
        if type != UInt8(NGHTTP2_PRIORITY.rawValue) { return FrameWalk.headBytes }
        return FrameWalk.headBytes + min(length, FrameWalk.dependencyBytes)
    }
}

extension FrameHead {
    /// Whether what came before must have been carried out to judge this frame.
    @inline(__always)
    var dependsOnState: Bool {
        type == UInt8(NGHTTP2_DATA.rawValue) || type == UInt8(NGHTTP2_HEADERS.rawValue)
            || type == UInt8(NGHTTP2_SETTINGS.rawValue)
            || type == UInt8(NGHTTP2_PRIORITY.rawValue)
    }
}
