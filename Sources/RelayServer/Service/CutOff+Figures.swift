import HTTP2

/// What counts a cause: a member of `/admin/stat`, and a label of a metric.
extension CutOff {
    /// The member's name.
    var figure: StaticString {
        switch self {
        case .protocolError: "cutOffProtocolError"
        case .controlFrames: "cutOffControlFrames"
        case .resets: "cutOffResets"
        case .unread: "cutOffUnread"
        case .silent: "cutOffSilent"
        case .stalled: "cutOffStalled"
        case .failure: "cutOffFailure"
        case .wrongProtocol: "cutOffWrongProtocol"
        }
    }

    /// The label's value.
    var reason: String {
        switch self {
        case .protocolError: "protocol_error"
        case .controlFrames: "control_frames"
        case .wrongProtocol: "wrong_protocol"
        case .resets, .unread, .silent, .stalled, .failure: "\(self)"
        }
    }
}
