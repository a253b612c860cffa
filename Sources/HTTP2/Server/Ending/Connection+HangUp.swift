import CLinux
import CNghttp2
import Glibc

/// Clients that end their side, or go.
///
/// What a client has sent whole is carried out, whether it waits for the answer or not: on a Unix socket
/// as on TCP. What it has not sent whole ends with it.
extension Connection {
    /// The client has closed its socket: all that it has sent was read.
    func hangUp() {
        if self.standing == .hungUp { return }
        // It would report the hang-up again and again.
        epoll_ctl(self.loop.epoll, EPOLL_CTL_DEL, self.socket, nil)
        self.standing = .hungUp
        self.sawEnd = true
        self.receiving = nil
        if let unsent = self.unsent {
            free(unsent)
            self.unsent = nil
        }
        var next = self.streams
        while let stream = next {
            next = stream.elder
            let isToDo = stream.phase == .waiting || stream.awaitsApplication
            if !isToDo || !stream.isComplete || stream.endsWithClient { release(stream) }
        }
    }

    /// Carries out what waits; the answers go nowhere.
    ///
    /// - Returns: false when nothing is left to do.
    func serveHungUp() -> Bool {
        while !self.waiting.isEmpty {
            self.allowance = Limits.allowanceBytes
            answerWaiting()
            self.loop.attached.drop()
        }
        return self.streams != nil
    }

    /// The client takes nothing any more: what it had sent before is read, and then it has gone.
    func turnDeaf() {
        self.loop.batch.reset()
        self.loop.attached.drop()
        if self.standing == .hungUp { return }
        var reads = 0
        while reads < Limits.readsOfDeaf, self.standing == .open, !self.sawEnd,
            read() == .more
        {
            reads += 1
        }
        hangUp()
    }

    /// After the client's end: requests that have not come whole are ended, and so are the streams
    /// whose answers are out.
    func endIncompleteStreams() {
        var next = self.streams
        while let stream = next {
            next = stream.elder
            if stream.isComplete { continue }
            if stream.awaitsEnd {
                nghttp2_submit_rst_stream(
                    self.session, 0, stream.id, UInt32(NGHTTP2_NO_ERROR.rawValue))
            } else if stream.status == 0 {
                stream.phase = .malformed
                nghttp2_submit_rst_stream(
                    self.session, 0, stream.id, UInt32(NGHTTP2_CANCEL.rawValue))
            }
        }
    }
}
