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

    func frameSent(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
        if frame.pointee.hd.type == UInt8(NGHTTP2_RST_STREAM.rawValue),
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
