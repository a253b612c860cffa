/// Why the server has given a connection up before its client did; counted by `LoopCounters.cutOffs`.
public enum CutOff: Int, CaseIterable, Sendable {
    /// The client broke a rule whose breach is a connection error (RFC 9113 §5.4.1).
    case protocolError
    /// Frames that carry no request forward, more of them than `Limits` allows.
    case controlFrames
    /// Streams that the client reset, or had reset or refused.
    case resets
    /// Frames were queued for a client that does not read.
    case unread
    /// No preface, or no acknowledgement of our SETTINGS, in time.
    case silent
    /// Bytes waited to be sent, or a body to be received, and nothing came forward.
    case stalled
    /// There was no memory for what a client had sent.
    case failure
    /// The client spoke HTTP/1 or TLS.
    case wrongProtocol

    /// As logs and metrics name it.
    public var reason: StaticString {
        switch self {
        case .protocolError: "protocol_error"
        case .controlFrames: "control_frames"
        case .resets: "resets"
        case .unread: "unread"
        case .silent: "silent"
        case .stalled: "stalled"
        case .failure: "failure"
        case .wrongProtocol: "wrong_protocol"
        }
    }
}
