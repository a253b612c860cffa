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
    static let noPreface = Farewell(
        .protocolError, NGHTTP2_PROTOCOL_ERROR,
        "no HTTP/2 preface (RFC 9113 section 3.4): use HTTP/2 with prior knowledge")
    static let settings = Farewell(
        .controlFrames, NGHTTP2_ENHANCE_YOUR_CALM,
        "a SETTINGS frame has at most \(Limits.settingsPerFrame) settings")
    static let continuations = Farewell(
        .controlFrames, NGHTTP2_ENHANCE_YOUR_CALM,
        "more than \(Limits.continuations) CONTINUATION frames in a field section")
    static let undecodable = Farewell(
        .protocolError, NGHTTP2_COMPRESSION_ERROR, "a field section cannot be decoded (RFC 7541)")
    static let outOfMemory = Farewell(
        .failure, NGHTTP2_INTERNAL_ERROR, "the server is out of memory")
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

    /// A whole GOAWAY frame, or what a client is told that could not read one.
    func frame(lastStream: Int32) -> [UInt8] {
        if let foreign { return foreign.answer }
        let debug = Array(text.utf8)
        let fixedBytes = 8
        var frame = [UInt8](repeating: 0, count: FrameHead.bytes + fixedBytes)
        // SAFETY: the array has room for a header and two words.
        frame.withUnsafeMutableBytes {
            let start = $0.baseAddress!
            FrameHead(fixedBytes + debug.count, FrameType.goAway, 0, 0).write(to: start)
            let numbers = start + FrameHead.bytes
            numbers.storeBytes(of: lastStream.bigEndian, as: Int32.self)
            numbers.storeBytes(of: code.rawValue.bigEndian, toByteOffset: 4, as: UInt32.self)
        }
        return frame + debug
    }
}
