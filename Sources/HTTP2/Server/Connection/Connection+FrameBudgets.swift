import CNghttp2
import Glibc

/// What a client may make the server do for nothing, per second; past it ENHANCE_YOUR_CALM.
extension UnsafeMutablePointer where Pointee == Connection {
    /// Counts a frame that carries no request forward; too many of them close the connection.
    func spendControlFrame() {
        renewBudget()
        pointee.controlFrames += 1
        if pointee.controlFrames > Limits.controlFramesPerSecond { enhanceYourCalm() }
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

    private func renewBudget() {
        let second = pointee.state.pointee.now / 1_000
        if second == pointee.budgetSecond { return }
        pointee.budgetSecond = second
        pointee.controlFrames = 0
        pointee.provokedResets = 0
    }

    private func enhanceYourCalm() {
        nghttp2_session_terminate_session(
            pointee.session, UInt32(NGHTTP2_ENHANCE_YOUR_CALM.rawValue))
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
        } else if frame.pointee.hd.type == UInt8(NGHTTP2_RST_STREAM.rawValue),
            frame.pointee.rst_stream.error_code != UInt32(NGHTTP2_NO_ERROR.rawValue)
        {
            // A client that provokes resets makes us work for nothing (CVE-2025-8671).
            renewBudget()
            pointee.provokedResets += 1
            if pointee.provokedResets > Limits.provokedResetsPerSecond { enhanceYourCalm() }
        }
        return 0
    }
}
