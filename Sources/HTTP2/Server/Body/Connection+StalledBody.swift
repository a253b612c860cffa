import CNghttp2
import Glibc

/// Request bodies that stop coming. Each has a clock of its own: the other streams of a busy
/// connection would keep it alive, and with it its part of the budget that all clients share.
extension UnsafeMutablePointer where Pointee == Connection {
    /// Counts bytes of a body. Few of them do not set its clock back, or a byte a minute would do.
    @inline(__always)
    func noteBodyProgress(_ stream: UnsafeMutablePointer<Stream>, _ count: Int) {
        stream.pointee.progressBytes += count
        if stream.pointee.progressBytes < Limits.bodyProgressBytes { return }
        restartBodyClock(stream)
    }

    /// It is the client's turn from now on.
    func restartBodyClock(_ stream: UnsafeMutablePointer<Stream>) {
        stream.pointee.progressBytes = 0
        stream.pointee.progressAt = pointee.state.pointee.now
    }

    /// Answers requests whose bodies have stopped, ends answers whose ends were held back long enough,
    /// and resets streams that were answered as long ago as a body may stop and whose clients have
    /// not ended them; says whether there were any.
    func endStalledBodies(_ now: Int64) -> Bool {
        let stall = pointee.state.pointee.bodies.stallMilliseconds
        var found = false
        var next = pointee.streams
        while let stream = next {
            next = stream.pointee.elder
            if stream.pointee.holdsEnd,
                now - stream.pointee.progressAt > Limits.heldEndMilliseconds
            {
                endAnswer(stream)
                found = true
            }
            guard stream != pointee.receiving, now - stream.pointee.progressAt > stall else {
                continue
            }
            if stream.pointee.awaitsClient {
                restartBodyClock(stream)
                refuse(stream, .bodyStalled)
                found = true
            } else if stream.pointee.awaitsEnd {
                // NO_ERROR: the answer stands, only the rest of the body is not wanted (RFC 9113 §8.1).
                restartBodyClock(stream)
                nghttp2_submit_rst_stream(
                    pointee.session, 0, stream.pointee.id, UInt32(NGHTTP2_NO_ERROR.rawValue))
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
        phase == .receiving && !isComplete && (!isStreamed || requestBodyLength == 0)
    }

    /// Whether all of the answer is out and only the client's end of the stream is missing.
    var awaitsEnd: Bool {
        phase == .submitted && !isComplete && body.remaining == 0 && !body.hasMore
    }
}
