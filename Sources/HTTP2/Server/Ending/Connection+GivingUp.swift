import CNghttp2
import Glibc

/// The ways in which the server itself ends a connection. Each says GOAWAY with the reason and then
/// answers what was accepted (RFC 9113 §6.8).
extension UnsafeMutablePointer where Pointee == Connection {
    /// Takes no further streams; those under way go on to their end, as long as it takes.
    func leave(_ farewell: Farewell) {
        if pointee.isLeaving || pointee.standing != .open { return }
        pointee.isLeaving = true
        pointee.farewell = farewell
        count(farewell)
    }

    /// Sends the GOAWAY of `leave`. Not at once, but when it is put on the wire without delay: a stream
    /// that was accepted in between would be answered and yet be named as never taken in.
    func sayFarewell() -> Bool {
        guard let farewell = pointee.farewell, pointee.standing == .open else { return true }
        pointee.farewell = nil
        if farewell.isNotice {
            // After our SETTINGS in any case, and unknown to nghttp2: it takes streams as before.
            if !flush() { return false }
            let frame = farewell.frame(lastStream: .max)
            // SAFETY: copied before the closure returns.
            frame.withUnsafeBytes {
                pointee.state.pointee.batch.copy($0.baseAddress!, $0.count)
            }
            return flush()
        }
        var text = farewell.text
        text.withUTF8 {
            // SAFETY: nghttp2 copies the text.
            _ = nghttp2_submit_goaway(
                pointee.session, 0,
                nghttp2_session_get_last_proc_stream_id(pointee.session),
                farewell.code.rawValue, $0.baseAddress, $0.count)
        }
        return flush()
    }

    /// Ends a connection after an error: nothing more is read, requests that are complete are
    /// answered as far as the client's windows allow, then it is closed.
    func giveUp(_ farewell: Farewell) {
        if pointee.standing != .open { return }
        pointee.standing = .broken
        if !pointee.isLeaving { count(farewell) }
        // A reason that was about to be told is told.
        let told = pointee.farewell.map { $0.isNotice ? farewell : $0 } ?? farewell
        pointee.farewell = nil
        pointee.endedAt = pointee.state.pointee.now
        pointee.receiving = nil
        // SAFETY: freed with the connection.
        let last = UnsafeMutablePointer<LastAnswers>.allocate(capacity: 1)
        last.initialize(
            to: LastAnswers(
                told, nghttp2_session_get_last_proc_stream_id(pointee.session)))
        pointee.lastAnswers = last
        // From now on nghttp2 sends nothing but what it has begun; its GOAWAY is held back.
        nghttp2_session_terminate_session(pointee.session, farewell.code.rawValue)
    }

    /// nghttp2 is about to send a frame: a GOAWAY of its own would cut off what was accepted.
    func holdBack(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
        guard frame.pointee.hd.type == UInt8(NGHTTP2_GOAWAY.rawValue) else { return 0 }
        let code = nghttp2_error_code(rawValue: frame.pointee.goaway.error_code)
        // Ours are the only ones with these codes.
        let isOurs = code == NGHTTP2_NO_ERROR || code == NGHTTP2_ENHANCE_YOUR_CALM
        if pointee.standing == .open, isOurs { return 0 }
        giveUp(Farewell(frame.pointee.goaway))
        return Int32(NGHTTP2_ERR_CANCEL.rawValue)
    }

    /// A response that nghttp2 no longer sends is among the last answers.
    func frameNotSent(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
        if frame.pointee.hd.type == UInt8(NGHTTP2_HEADERS.rawValue),
            let stream = stream(frame.pointee.hd.stream_id), stream.pointee.phase == .submitted
        {
            stream.pointee.isUnsent = true
        }
        return 0
    }

    /// Says that no more comes, and waits for the client to close.
    ///
    /// - Returns: whether there is anything to wait for.
    func linger() -> Bool {
        // A client whose bytes were all read loses nothing when its socket is closed.
        if pointee.sawEnd || (pointee.standing == .open && !pointee.isCutOff) { return false }
        if pointee.standing != .lingering {
            pointee.standing = .lingering
            pointee.endedAt = pointee.state.pointee.now
            shutdown(pointee.socket, Int32(SHUT_WR))
        }
        return true
    }

    private func count(_ farewell: Farewell) {
        guard let cause = farewell.cause else { return }
        pointee.isCutOff = true
        pointee.state.pointee.cutOff(cause)
    }
}
