import CNghttp2
import Glibc

/// What a client may make the server do for nothing; past it ENHANCE_YOUR_CALM, after what was accepted
/// is answered.
extension Connection {
    /// Counts a frame that carries no request forward. A few for each request are nobody's flood:
    /// some clients send a PING with each.
    func spendControlFrame() {
        renewBudget()
        self.controlFrames += 1
        let opened = self.requestsOpened - self.requestsBefore
        let limit = Limits.controlFramesPerSecond + opened * Limits.controlFramesPerRequest
        enforce(Self.spent(self.controlFrames, of: limit), .controlFrames)
    }

    /// Ends a connection whose client has spent more of something than it has: at first it takes no
    /// further streams. Who goes on like this while he is being answered is read no further.
    private func enforce(_ spent: Ration.Spent, _ farewell: Farewell) {
        switch spent {
        case .within: break
        case .over: leave(farewell)
        case .twice: giveUp(farewell)
        }
    }

    private static func spent(_ count: Int, of limit: Int) -> Ration.Spent {
        if count <= limit { return .within }
        return count <= 2 * limit ? .over : .twice
    }

    /// Counts a WINDOW_UPDATE: for what we have sent it costs nothing, beyond that it is a control
    /// frame like any other.
    func spendWindowUpdate() {
        if self.windowCredit > 0 {
            self.windowCredit -= 1
        } else {
            spendControlFrame()
        }
    }

    /// Counts a frame of a stream that we have reset or not taken: its client may have sent some before it
    /// was told, beyond that they are control frames like any other.
    func spendStrayFrame() {
        if self.strayCredit > 0 {
            self.strayCredit -= 1
        } else {
            spendControlFrame()
        }
    }

    /// GOAWAY was said: requests may be on their way that it turns away, with their bodies.
    func expectStrayFrames() { self.strayCredit = Limits.strayFrameCredit }

    /// Counts a stream that its client resets (CVE-2023-44487).
    func spendReset() {
        enforce(self.resets.spend(self.loop.now), .resets)
    }

    private func renewBudget() {
        let second = self.loop.now / 1_000
        if second == self.budgetSecond { return }
        self.budgetSecond = second
        self.controlFrames = 0
        self.provokedResets = 0
        self.requestsBefore = self.requestsOpened
    }

    /// Counts bytes of bodies that leave.
    @inline(__always)
    func dataSent(_ length: Int) {
        self.workedAt = self.loop.now
        // A client may open both windows, the stream's and the connection's, for every few bytes.
        let credit = self.windowCredit + 2 + length / Limits.bytesPerWindowUpdate
        self.windowCredit = Swift.min(credit, Limits.windowUpdateCredit)
    }

    /// Counts a stream that we reset: a client that provokes that makes us work for nothing
    /// (CVE-2025-8671).
    func noteReset(_ id: Int32, _ code: nghttp2_error_code) {
        if code != NGHTTP2_STREAM_CLOSED {
            self.resetStreams.note(id)
            let credit = self.strayCredit + Limits.strayFramesPerReset
            self.strayCredit = Swift.min(credit, Limits.strayFrameCredit)
        }
        switch code {
        case NGHTTP2_NO_ERROR, NGHTTP2_CANCEL: break
        case NGHTTP2_REFUSED_STREAM:
            // Whoever has not read our SETTINGS yet cannot know how many streams may be open.
            enforce(self.refusals.spend(self.loop.now), .refusals)
        default:
            renewBudget()
            self.provokedResets += 1
            let spent = Self.spent(self.provokedResets, of: Limits.provokedResetsPerSecond)
            enforce(spent, .provokedResets)
        }
    }
}
