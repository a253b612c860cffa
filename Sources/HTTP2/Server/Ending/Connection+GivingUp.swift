import CNghttp2
import Glibc

/// The ways in which the server itself ends a connection. Each says GOAWAY with the reason and then
/// answers what was accepted (RFC 9113 §6.8).
extension Connection {
    /// Takes no further streams; those under way go on to their end, as long as it takes.
    func leave(_ farewell: Farewell) {
        if self.isLeaving || self.standing != .open { return }
        self.isLeaving = true
        self.farewell = farewell
        count(farewell)
    }

    /// Sends the GOAWAY of `leave`. Not at once, but when it is put on the wire without delay: a stream
    /// that was accepted in between would be answered and yet be named as never taken in.
    func sayFarewell() -> Bool {
        guard let farewell = self.farewell, self.standing == .open else { return true }
        greet()
        self.farewell = nil
        if farewell.isNotice {
            // After our SETTINGS in any case, and unknown to nghttp2: it takes streams as before.
            if !flush() { return false }
            let frame = farewell.frame(lastStream: .max)
            // SAFETY: copied before the closure returns.
            frame.withUnsafeBytes {
                self.loop.batch.copy($0.baseAddress!, $0.count)
            }
            return flush()
        }
        var text = farewell.text
        text.withUTF8 {
            // SAFETY: nghttp2 copies the text.
            _ = nghttp2_submit_goaway(
                self.session, 0,
                nghttp2_session_get_last_proc_stream_id(self.session),
                farewell.code.rawValue, $0.baseAddress, $0.count)
        }
        return flush()
    }

    /// Ends a connection after an error: nothing more is read, requests that are complete are
    /// answered as far as the client's windows allow, then it is closed.
    func giveUp(_ farewell: Farewell) {
        if self.standing != .open { return }
        if farewell.foreign == nil { greet() }
        self.standing = .broken
        if !self.isLeaving { count(farewell) }
        // A reason that was about to be told is told.
        let told = self.farewell.map { $0.isNotice ? farewell : $0 } ?? farewell
        self.farewell = nil
        self.endedAt = self.loop.now
        self.receiving = nil
        // SAFETY: freed with the connection.
        self.lastAnswers = LastAnswers.allocate(
            LastAnswersState(told, nghttp2_session_get_last_proc_stream_id(self.session)))
        // From now on nghttp2 sends nothing but what it has begun; its GOAWAY is held back.
        nghttp2_session_terminate_session(self.session, farewell.code.rawValue)
    }

    /// nghttp2 is about to send a frame: a GOAWAY of its own would cut off what was accepted.
    func holdBack(_ frame: SessionFrame) -> Int32 {
        guard frame.type == NGHTTP2_GOAWAY else { return 0 }
        let code = nghttp2_error_code(rawValue: frame.goAway.error_code)
        // Ours are the only ones with these codes.
        let isOurs = code == NGHTTP2_NO_ERROR || code == NGHTTP2_ENHANCE_YOUR_CALM
        if self.standing == .open, isOurs { return 0 }
        giveUp(Farewell(frame.goAway))
        return Int32(NGHTTP2_ERR_CANCEL.rawValue)
    }

    /// A response that nghttp2 no longer sends is among the last answers.
    func frameNotSent(_ frame: SessionFrame) -> Int32 {
        if frame.type == NGHTTP2_HEADERS,
            let stream = stream(frame.streamID), stream.phase == .submitted
        {
            stream.isUnsent = true
        }
        return 0
    }

    /// Says that no more comes, and waits for the client to close.
    ///
    /// - Returns: whether there is anything to wait for.
    func linger() -> Bool {
        // A client whose bytes were all read loses nothing when its socket is closed.
        if self.sawEnd || (self.standing == .open && !self.isCutOff) { return false }
        if self.standing != .lingering {
            self.standing = .lingering
            self.endedAt = self.loop.now
            shutdown(self.socket, Int32(SHUT_WR))
        }
        return true
    }

    private func count(_ farewell: Farewell) {
        guard let cause = farewell.cause else { return }
        self.isCutOff = true
        self.loop.cutOff(cause, farewell.text)
    }
}
