import CLinux
import CNghttp2
import Glibc

/// Clients that end their side, or go.
///
/// What a client has sent whole is carried out, whether it waits for the answer or not: on a Unix socket
/// as on TCP. What it has not sent whole ends with it.
extension UnsafeMutablePointer where Pointee == Connection {
    /// The client has closed its socket: all that it has sent was read.
    func hangUp() {
        if pointee.standing == .hungUp { return }
        // It would report the hang-up again and again.
        epoll_ctl(pointee.state.pointee.epoll, EPOLL_CTL_DEL, pointee.socket, nil)
        pointee.standing = .hungUp
        pointee.sawEnd = true
        pointee.receiving = nil
        if let unsent = pointee.unsent {
            free(unsent)
            pointee.unsent = nil
        }
        var next = pointee.streams
        while let stream = next {
            next = stream.pointee.elder
            let isToDo = stream.pointee.phase == .waiting || stream.pointee.awaitsApplication
            if !isToDo || !stream.pointee.isComplete { release(stream) }
        }
    }

    /// Carries out what waits; the answers go nowhere.
    ///
    /// - Returns: false when nothing is left to do.
    func serveHungUp() -> Bool {
        while !pointee.waiting.isEmpty {
            pointee.allowance = Limits.allowanceBytes
            answerWaiting()
            pointee.state.pointee.dropAttached()
        }
        return pointee.streams != nil
    }

    /// The client takes nothing any more: what it had sent before is read, and then it has gone.
    func turnDeaf() {
        pointee.state.pointee.batch.reset()
        pointee.state.pointee.dropAttached()
        if pointee.standing == .hungUp { return }
        var reads = 0
        while reads < Limits.readsOfDeaf, pointee.standing == .open, !pointee.sawEnd,
            read() == .more
        {
            reads += 1
        }
        hangUp()
    }

    /// After the client's end: requests that have not come whole are ended, and so are the streams
    /// whose answers are out.
    func endIncompleteStreams() {
        var next = pointee.streams
        while let stream = next {
            next = stream.pointee.elder
            if stream.pointee.isComplete { continue }
            if stream.pointee.awaitsEnd {
                nghttp2_submit_rst_stream(
                    pointee.session, 0, stream.pointee.id, UInt32(NGHTTP2_NO_ERROR.rawValue))
            } else if stream.pointee.status == 0 {
                stream.pointee.phase = .malformed
                nghttp2_submit_rst_stream(
                    pointee.session, 0, stream.pointee.id, UInt32(NGHTTP2_CANCEL.rawValue))
            }
        }
    }
}
