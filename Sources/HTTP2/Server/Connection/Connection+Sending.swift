import CNghttp2
import Glibc

/// Sending what the session has to say, and what the socket did not take at first.
extension UnsafeMutablePointer where Pointee == Connection {
    /// Pulls frames out of the session and sends them until nothing is left to send.
    ///
    /// - Returns: false when the socket is full or broken.
    func flush() -> Bool {
        let state = pointee.state
        while true {
            while state.pointee.batch.isOpen {
                var data: UnsafePointer<UInt8>?
                let length = nghttp2_session_mem_send(pointee.session, &data)
                if length < 0 {
                    state.pointee.cutOff(.failure)
                    return close()
                }
                if length == 0 { break }
                state.pointee.batch.copy(data!, length)
            }
            if let last = pointee.lastAnswers, state.pointee.batch.pending == 0 {
                gatherLastAnswers(last)
            }
            let pending = state.pointee.batch.pending
            if pending == 0 {
                state.pointee.detachAll(self)
                return !pointee.isClosing || close()
            }
            let sent = state.pointee.batch.send(to: pointee.socket)
            if sent < 0, errno != EAGAIN, errno != EINTR {
                turnDeaf()
                return false
            }
            pointee.progressAt = state.pointee.now
            pointee.allowance -= Swift.max(sent, 0)
            state.pointee.counters.sentBytes &+= UInt64(Swift.max(sent, 0))
            if sent < pending {
                (pointee.unsent, pointee.unsentLength) =
                    state.pointee.batch.remainder(after: Swift.max(sent, 0))
                pointee.unsentOffset = 0
                state.pointee.batch.reset()
                state.pointee.detachAll(self)
                awaitWritable(true)
                return false
            }
            state.pointee.batch.reset()
            // A peer that reads as fast as we send must not keep the loop from all others.
            if pointee.allowance < -Limits.portionBytes {
                state.pointee.detachAll(self)
                return true
            }
        }
    }

    /// Sends what an earlier turn could not; true when all of it is gone.
    func sendUnsent() -> Bool {
        while pointee.unsentOffset < pointee.unsentLength {
            // SAFETY: `unsent` is owned by the connection until it is freed below.
            let sent = Glibc.send(
                pointee.socket, pointee.unsent! + pointee.unsentOffset,
                pointee.unsentLength - pointee.unsentOffset, Int32(MSG_NOSIGNAL))
            if sent < 0 {
                if errno == EINTR { continue }
                if errno != EAGAIN { turnDeaf() }
                return false
            }
            pointee.progressAt = pointee.state.pointee.now
            pointee.workedAt = pointee.state.pointee.now
            pointee.allowance -= sent
            pointee.state.pointee.counters.sentBytes &+= UInt64(sent)
            pointee.unsentOffset += sent
        }
        free(pointee.unsent)
        pointee.unsent = nil
        return true
    }
}
