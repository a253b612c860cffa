import CLinux
import CNghttp2
import Glibc

/// Clients that end their side, or go.
///
/// What a client has sent whole and what changes something is carried out, whether it waits for the answer
/// or not: on a Unix socket as on TCP. What it has not sent whole ends with it, and so does what only
/// reads.
extension Connection {
    /// The client has closed its socket: all that it has sent was read.
    ///
    /// What only reads is not looked up: nobody would see it, and a client that asks for a hundred
    /// lists and goes would keep the loop from all others.
    func hangUp() {
        if self.standing == .hungUp { return }
        // It would report the hang-up again and again.
        epoll_ctl(self.loop.epoll, EPOLL_CTL_DEL, self.socket, nil)
        self.standing = .hungUp
        self.sawEnd = true
        self.receiving = nil
        countFreed()
        if let unsent = self.unsent {
            free(unsent)
            self.unsent = nil
        }
        var next = self.streams
        while let stream = next {
            next = stream.elder
            let isToDo = stream.phase == .waiting || stream.awaitsApplication
            if !isToDo || !stream.isComplete || stream.method.isSafe { release(stream) }
        }
    }

    /// Counts what ends with a connection, but for what its streams keep of their answers.
    func countFreed() {
        if self.unsent != nil { self.loop.freedBytes += self.unsentLength }
        self.loop.freedBytes += self.openStreams * StreamPool.slotBytes
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
                reset(stream, NGHTTP2_NO_ERROR)
            } else if stream.status == 0 {
                reset(stream, NGHTTP2_CANCEL)
            }
        }
    }
}
