import CNghttp2

/// Answers that come before their requests' ends: a body is refused while it is on its way.
///
/// RFC 9113 §8.1 lets a server answer so, end the stream, and then ask for no more by a
/// RST_STREAM frame with NO_ERROR. But some clients (curl before 8) forget a whole answer that such a
/// frame follows. A proxy sends one, whatever we do, as soon as our answer has ended and its
/// client's request has not: nghttpx, Envoy and nginx. So the end of the answer is held back until
/// the request ends too, and the rest of the body is let in for a while instead of being reset.
extension Connection {
    /// Has the answer that is about to be submitted go out without its END_STREAM flag. A client that
    /// asked whether it should send its body waits for that flag, and gets it.
    func holdEnd(_ stream: Stream) {
        if stream.field(.expect) != nil { return }
        stream.holdsEnd = true
        self.loop.heldEnds += 1
        restartBodyClock(stream)
    }

    /// Ends an answer whose end was held back; no other.
    func endAnswer(_ stream: Stream) {
        if !stream.holdsEnd { return }
        stream.holdsEnd = false
        self.loop.heldEnds -= 1
        // One that has not begun to be sent ends by itself then.
        goOn(stream, .more)
    }

    /// Drops body bytes of a request that was answered without them.
    func drop(_ length: Int, of stream: Stream) {
        stream.droppedBytes += length
        if !stream.rules.receive(length) { return reset(stream) }
        // Well before the reset, which would overtake it.
        if stream.droppedBytes > Limits.droppedBodyBytes / 2 { endAnswer(stream) }
        if stream.droppedBytes > Limits.droppedBodyBytes {
            reset(stream, NGHTTP2_NO_ERROR)
        }
    }
}
