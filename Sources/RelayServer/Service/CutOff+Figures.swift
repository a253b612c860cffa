import HTTP2

/// What counts a cause in `/admin/stat`.
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
}
