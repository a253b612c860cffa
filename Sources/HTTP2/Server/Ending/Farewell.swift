import CNghttp2

/// The last word to a client: what a GOAWAY frame says (RFC 9113 §6.8).
struct Farewell {
    /// nil when it is the server that ends.
    let cause: CutOff?
    let code: nghttp2_error_code
    /// Debug data: why, in words.
    let text: String
    /// Whether streams are taken as before.
    let isNotice: Bool
    /// What the client speaks instead of HTTP/2.
    let foreign: ForeignProtocol?

    init(
        _ cause: CutOff?, _ code: nghttp2_error_code, _ text: String, isNotice: Bool = false,
        foreign: ForeignProtocol? = nil
    ) {
        self.cause = cause
        self.code = code
        self.text = text
        self.isNotice = isNotice
        self.foreign = foreign
    }

    /// Said ahead of `shutdown`, with the highest of all stream ids.
    static let shutdownNotice = Farewell(
        nil, NGHTTP2_NO_ERROR, "the server ends soon: open no more streams here", isNotice: true)
    static let shutdown = Farewell(
        nil, NGHTTP2_NO_ERROR, "the server ends: streams up to the last one are answered")
    static let controlFrames = Farewell(
        .controlFrames, NGHTTP2_ENHANCE_YOUR_CALM,
        "more than \(Limits.controlFramesPerSecond) frames in a second that carry no request")
    static let resets = Farewell(
        .resets, NGHTTP2_ENHANCE_YOUR_CALM,
        "too many streams were reset: \(Limits.resetBurst) at once, then "
            + "\(Limits.resetsPerSecond) in a second")
    static let refusals = Farewell(
        .resets, NGHTTP2_ENHANCE_YOUR_CALM,
        "too many streams beyond the \(Limits.maxConcurrentStreams) that may be open: "
            + "\(Limits.resetBurst) at once, then \(Limits.resetsPerSecond) in a second")
    static let provokedResets = Farewell(
        .resets, NGHTTP2_ENHANCE_YOUR_CALM,
        "more than \(Limits.provokedResetsPerSecond) streams in a second had to be reset")
    static let silent = Farewell(
        .silent, NGHTTP2_SETTINGS_TIMEOUT,
        "our SETTINGS were not acknowledged in \(Limits.handshakeMilliseconds / 1_000) s")
    static let stalled = Farewell(
        .stalled, NGHTTP2_NO_ERROR,
        "no answer could be sent for \(Limits.stallMilliseconds / 1_000) s")

    /// Said in the client's own tongue.
    init(_ foreign: ForeignProtocol) {
        self.init(
            .wrongProtocol, NGHTTP2_PROTOCOL_ERROR, "the client speaks \(foreign)",
            foreign: foreign)
    }

    /// What nghttp2 has refused to go on after.
    init(libraryError: Int) {
        switch Int32(truncatingIfNeeded: libraryError) {
        case NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue:
            self.init(
                .protocolError, NGHTTP2_PROTOCOL_ERROR,
                "no HTTP/2 preface (RFC 9113 section 3.4): use HTTP/2 with prior knowledge")
        case NGHTTP2_ERR_FLOODED.rawValue:
            self.init(
                .controlFrames, NGHTTP2_ENHANCE_YOUR_CALM,
                "too many PING or SETTINGS frames at once")
        case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue:
            self.init(
                .controlFrames, NGHTTP2_ENHANCE_YOUR_CALM,
                "more than 8 CONTINUATION frames in a field section")
        case NGHTTP2_ERR_NOMEM.rawValue, NGHTTP2_ERR_CALLBACK_FAILURE.rawValue:
            self.init(.failure, NGHTTP2_INTERNAL_ERROR, "the server is out of memory")
        default:
            self.init(
                .protocolError, NGHTTP2_PROTOCOL_ERROR,
                String(cString: nghttp2_strerror(Int32(truncatingIfNeeded: libraryError))))
        }
    }

    /// What nghttp2 was about to say itself.
    init(_ frame: nghttp2_goaway) {
        let code = nghttp2_error_code(rawValue: frame.error_code)
        var text = ""
        if frame.opaque_data_len > 0 {
            // SAFETY: nghttp2 keeps the frame through its callback.
            text = String(
                decoding: UnsafeBufferPointer(
                    start: frame.opaque_data, count: frame.opaque_data_len), as: UTF8.self)
        } else {
            switch code {
            case NGHTTP2_FRAME_SIZE_ERROR:
                text = "a frame's length does not fit its type (RFC 9113 section 4.2)"
            case NGHTTP2_COMPRESSION_ERROR:
                text = "a field section cannot be decoded (RFC 7541)"
            case NGHTTP2_FLOW_CONTROL_ERROR:
                text = "more than the connection's window was sent (RFC 9113 section 6.9.1)"
            default: text = String(cString: nghttp2_http2_strerror(frame.error_code))
            }
        }
        self.init(.protocolError, code, text)
    }

    /// A whole GOAWAY frame, or what a client is told that could not read one.
    func frame(lastStream: Int32) -> [UInt8] {
        if let foreign { return foreign.answer }
        let debug = Array(text.utf8)
        let head = FrameBytes.head(8 + debug.count, UInt8(NGHTTP2_GOAWAY.rawValue), 0, 0)
        return head + FrameBytes.word(UInt32(bitPattern: lastStream))
            + FrameBytes.word(code.rawValue) + debug
    }
}
