import Glibc

/// Sending what the session has to say, and what the socket did not take at first.
extension Connection {
    /// Gathers what there is to say and sends it until nothing is left to send.
    ///
    /// - Returns: false when the socket is full or broken.
    func flush() -> Bool {
        let loop = self.loop
        while true {
            releaseReset()
            if gatherControl() { gatherBodies() }
            let pending = loop.batch.pending
            if pending == 0 {
                // A body that broke off has left something to say only now.
                if !self.control.isEmpty { continue }
                loop.attached.detachAll(self)
                return !self.isClosing || close()
            }
            let sent = loop.send(to: self.socket)
            if sent < 0, errno != EAGAIN, errno != EINTR {
                turnDeaf()
                return false
            }
            self.progressAt = loop.now
            self.allowance -= Swift.max(sent, 0)
            loop.counters.sentBytes &+= UInt64(Swift.max(sent, 0))
            if sent < pending {
                (self.unsent, self.unsentLength) =
                    loop.batch.remainder(after: Swift.max(sent, 0))
                self.unsentOffset = 0
                loop.batch.reset()
                loop.attached.detachAll(self)
                awaitWritable(true)
                return false
            }
            loop.batch.reset()
            // A peer that reads as fast as we send must not keep the loop from all others.
            if self.allowance < -Limits.portionBytes {
                loop.attached.detachAll(self)
                return true
            }
        }
    }

    /// Bytes that may still be gathered for the send to come, within the connection's allowance.
    var sendRoom: Int {
        Swift.min(Limits.sendBatchBytes, self.allowance) - self.loop.batch.pending
    }

    /// Sends what an earlier turn could not; true when all of it is gone.
    func sendUnsent() -> Bool {
        while self.unsentOffset < self.unsentLength {
            // SAFETY: `unsent` is owned by the connection until it is freed below.
            let sent = Glibc.send(
                self.socket, self.unsent! + self.unsentOffset,
                self.unsentLength - self.unsentOffset, Int32(MSG_NOSIGNAL))
            if sent < 0 {
                if errno == EINTR { continue }
                if errno != EAGAIN { turnDeaf() }
                return false
            }
            self.progressAt = self.loop.now
            self.workedAt = self.loop.now
            self.allowance -= sent
            self.loop.counters.sentBytes &+= UInt64(sent)
            self.unsentOffset += sent
        }
        free(self.unsent)
        self.unsent = nil
        return true
    }
}
