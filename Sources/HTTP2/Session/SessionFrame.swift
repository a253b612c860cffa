import CNghttp2

/// A frame that a client's nghttp2 has received, valid through its callback.
struct SessionFrame {
    private let pointer: UnsafePointer<nghttp2_frame>

    /// - Parameter frame: as a callback was given it, never nil.
    @inline(__always)
    init(_ frame: UnsafePointer<nghttp2_frame>?) { pointer = frame.unsafelyUnwrapped }

    /// What kind of frame it is (RFC 9113 §6).
    @inline(__always)
    var type: nghttp2_frame_type { nghttp2_frame_type(UInt32(pointer.pointee.hd.type)) }

    @inline(__always)
    var streamID: Int32 { pointer.pointee.hd.stream_id }
}
