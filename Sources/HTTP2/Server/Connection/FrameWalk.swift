/// Where a connection's input stands: how much of a frame is still to come, and what has come of the
/// next frame's header.
///
/// nghttp2 drops some frames without a word (DATA and HEADERS on closed streams, PRIORITY), and
/// RFC 9113 has rules for them. So each frame's header is looked at before nghttp2 gets it, and it gets
/// headers whole.
struct FrameWalk {
    /// Bytes of a frame's header, and of what is looked at of a PRIORITY frame's payload.
    static let headBytes = 9
    static let dependencyBytes = 4
    private static let prefaceBytes = 24

    /// Bytes of the preface or of a payload that are still to come.
    var left = prefaceBytes
    /// The beginning of a header whose end has not come.
    var stash = InlineArray<13, UInt8>(repeating: 0)
    var stashed = 0
}
