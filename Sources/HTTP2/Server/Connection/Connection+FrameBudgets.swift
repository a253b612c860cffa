import CNghttp2
import Glibc

/// What a client may make the server do for nothing; past it ENHANCE_YOUR_CALM, after what was accepted
/// is answered.
extension UnsafeMutablePointer where Pointee == Connection {
    /// Counts a frame that carries no request forward. A few for each request are nobody's flood:
    /// some clients send a PING with each.
    func spendControlFrame() {
        renewBudget()
        pointee.controlFrames += 1
        let opened = requestsOpened - pointee.requestsBefore
        let limit = Limits.controlFramesPerSecond + opened * Limits.controlFramesPerRequest
        if pointee.controlFrames > limit {
            // Who goes on like this while he is being answered is read no further.
            if pointee.controlFrames > 2 * limit { return giveUp(.controlFrames) }
            leave(.controlFrames)
        }
    }

    /// Counts a WINDOW_UPDATE: for what we have sent it costs nothing, beyond that it is a control
    /// frame like any other.
    func spendWindowUpdate() {
        if pointee.windowCredit > 0 {
            pointee.windowCredit -= 1
        } else {
            spendControlFrame()
        }
    }

    /// Counts a stream that its client resets (CVE-2023-44487).
    func spendReset() {
        if !pointee.resets.spend(pointee.state.pointee.now) { leave(.resets) }
    }

    /// Requests whose HEADERS have come.
    private var requestsOpened: Int {
        (Int(pointee.skippedIDs.highest) + 1) / 2 - pointee.skippedIDs.count
    }

    private func renewBudget() {
        let second = pointee.state.pointee.now / 1_000
        if second == pointee.budgetSecond { return }
        pointee.budgetSecond = second
        pointee.controlFrames = 0
        pointee.provokedResets = 0
        pointee.requestsBefore = requestsOpened
    }

    @inline(__always)
    private func dataSent(_ length: Int) {
        pointee.workedAt = pointee.state.pointee.now
        // A client may open both windows, the stream's and the connection's, for every few bytes.
        let credit = pointee.windowCredit + 2 + length / Limits.bytesPerWindowUpdate
        pointee.windowCredit = Swift.min(credit, Limits.windowUpdateCredit)
    }

    func frameSent(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
        if frame.pointee.hd.type == UInt8(NGHTTP2_DATA.rawValue) {
            dataSent(frame.pointee.hd.length)
        } else if frame.pointee.hd.type == UInt8(NGHTTP2_RST_STREAM.rawValue) {
            resetSent(frame)
        }
        return 0
    }

    /// A client that provokes resets makes us work for nothing (CVE-2025-8671).
    private func resetSent(_ frame: UnsafePointer<nghttp2_frame>) {
        let code = nghttp2_error_code(rawValue: frame.pointee.rst_stream.error_code)
        if code != NGHTTP2_STREAM_CLOSED { pointee.resetStreams.note(frame.pointee.hd.stream_id) }
        switch code {
        case NGHTTP2_NO_ERROR, NGHTTP2_CANCEL: break
        case NGHTTP2_REFUSED_STREAM:
            // Whoever has not read our SETTINGS yet cannot know how many streams may be open.
            if !pointee.refusals.spend(pointee.state.pointee.now) { leave(.refusals) }
        default:
            renewBudget()
            pointee.provokedResets += 1
            if pointee.provokedResets > Limits.provokedResetsPerSecond { leave(.provokedResets) }
        }
    }
}
