import CNghttp2
import Glibc

/// Request bodies that stop coming. Each has a clock of its own: the other streams of a busy
/// connection would keep it alive, and with it its part of the budget that all clients share.
extension Connection {
    /// Counts bytes of a body. Few of them do not set its clock back, or a byte a minute would do.
    @inline(__always)
    func noteBodyProgress(_ stream: Stream, _ count: Int) {
        stream.progressBytes += count
        if stream.progressBytes < Limits.bodyProgressBytes { return }
        restartBodyClock(stream)
    }

    /// It is the client's turn from now on.
    func restartBodyClock(_ stream: Stream) {
        stream.progressBytes = 0
        stream.progressAt = self.loop.now
    }

    /// Answers requests whose bodies have stopped, ends answers whose ends were held back long enough,
    /// and resets streams that were answered as long ago as a body may stop and whose clients have
    /// not ended them; says whether there were any.
    func endStalledBodies(_ now: Int64) -> Bool {
        let stall = self.loop.bodies.stallMilliseconds
        var found = false
        var next = self.streams
        while let stream = next {
            next = stream.elder
            if stream.holdsEnd,
                now - stream.progressAt > Limits.heldEndMilliseconds
            {
                endAnswer(stream)
                found = true
            }
            guard stream != self.receiving, now - stream.progressAt > stall else {
                continue
            }
            if stream.awaitsClient {
                restartBodyClock(stream)
                refuse(stream, .bodyStalled)
                found = true
            } else if stream.awaitsEnd {
                // NO_ERROR: the answer stands, only the rest of the body is not wanted (RFC 9113 §8.1).
                restartBodyClock(stream)
                reset(stream, NGHTTP2_NO_ERROR)
                found = true
            }
        }
        return found
    }
}

extension Stream {
    /// Whether it is the client's turn: a body is on its way, and nothing of it waits for the
    /// application.
    var awaitsClient: Bool {
        self.phase == .receiving && !self.isComplete
            && (!self.isStreamed || self.requestBodyLength == 0)
    }

    /// Whether all of the answer is out and only the client's end of the stream is missing.
    var awaitsEnd: Bool {
        self.phase == .submitted && !self.isComplete && self.body.remaining == 0
            && !self.body.hasMore
    }
}
