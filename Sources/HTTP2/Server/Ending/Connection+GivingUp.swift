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

    /// Ends a connection after an error: nothing more is read, requests that are complete are
    /// answered as far as the client's windows allow, then it is closed.
    func giveUp(_ farewell: Farewell) {
        if self.standing != .open { return }
        self.standing = .broken
        if !self.isLeaving { count(farewell) }
        // A reason that was about to be told is told.
        if self.farewell?.isNotice ?? true { self.farewell = farewell }
        self.endedAt = self.loop.now
        self.receiving = nil
    }

    /// Sends the GOAWAY of `leave` or `giveUp`. Not at once, but when it is put on the wire without delay: a
    /// stream that was accepted in between would be answered and yet be named as never taken in.
    ///
    /// - Returns: false when the socket is full or broken.
    func sayFarewell() -> Bool {
        guard let farewell = self.farewell else { return true }
        self.farewell = nil
        if farewell.foreign == nil { greet() }
        let last = farewell.isNotice ? Int32.max : self.lastStream
        self.control.add(farewell.frame(lastStream: last))
        if !farewell.isNotice {
            self.isGoodbyeSaid = true
            expectStrayFrames()
        }
        if self.standing != .open { endIncomplete() }
        return flush()
    }

    /// Requests that have not come whole will not be carried out: REFUSED_STREAM says that their clients
    /// may send them again (RFC 9113 §8.7). Answers that were given all the same end without them.
    private func endIncomplete() {
        var next = self.streams
        while let stream = next {
            next = stream.elder
            if stream.isComplete { continue }
            if stream.status == 0 {
                reset(stream, NGHTTP2_REFUSED_STREAM)
            } else {
                endAnswer(stream)
            }
        }
    }

    /// Whether an answer is still to be given.
    var awaitsLastAnswers: Bool {
        var next = self.streams
        while let stream = next {
            if stream.phase == .waiting || stream.awaitsApplication { return true }
            next = stream.elder
        }
        return false
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
