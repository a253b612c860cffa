import CNghttp2

/// DATA: whose turn it is, and how much the windows let through (RFC 9113 §5.2 and §6.9).
extension Connection {
    /// Moves what is said of the connection into the send batch.
    ///
    /// - Returns: whether all of it is there: no answer may overtake it.
    func gatherControl() -> Bool {
        if self.continueCount > 0 { sayContinues() }
        return self.control.isEmpty || self.control.move(to: &self.loop.batch)
    }

    /// Moves as many DATA frames into the send batch as it has room for and the windows let through.
    func gatherBodies() {
        while let stream = self.output.first, sendBody(stream) {}
    }

    /// Lets a body wait for its turn.
    func queue(_ stream: Stream) {
        if !stream.isQueued, stream.awaits == .nothing { self.output.insert(stream) }
    }

    /// What a body has waited for has come.
    func goOn(_ stream: Stream, _ awaited: Awaited) {
        guard stream.phase == .submitted, stream.awaits == awaited else { return }
        stream.awaits = .nothing
        queue(stream)
    }

    /// Sends of a body what may be sent now.
    ///
    /// - Returns: false when neither this one nor another of its urgency can go on: the batch is full, or the
    ///   connection's window is used up.
    func sendBody(_ stream: Stream) -> Bool {
        let loop = self.loop
        while true {
            if !loop.batch.isOpen { return false }
            if stream.body.remaining == 0, stream.body.hasMore, !stream.body.isResting {
                if stream.window <= 0 { return rest(stream, .window) }
                if self.window <= 0 { return false }
                // The socket takes no more of it now: the next portion is asked for when it does.
                if stream.body.isFitted, sendRoom < Limits.leastAllowanceBytes { return false }
                Self.refill(stream)
            }
            if stream.body.isBroken {
                reset(stream, NGHTTP2_INTERNAL_ERROR)
                return true
            }
            let remaining = stream.body.remaining
            let mayEnd = !stream.body.hasMore && !stream.holdsEnd
            if remaining == 0, !mayEnd { return rest(stream, .more) }
            // A client may have taken back more of a window than was left of it (RFC 9113 §6.9.2).
            let windows = Swift.max(0, Swift.min(self.window, stream.window))
            let length = Swift.min(remaining, self.frameLimit, windows)
            if length == 0, remaining > 0 {
                return stream.window <= 0 ? rest(stream, .window) : false
            }
            if !loop.batch.hasRoom(forData: length, of: stream) { return false }
            let ends = length == remaining && mayEnd
            sayData(stream, length, ends: ends)
            if ends {
                end(stream)
                return true
            }
            if stream.priority.isIncremental, stream.isQueued {
                // To the end of the line.
                self.output.remove(stream)
                self.output.insert(stream)
                return true
            }
        }
    }

    /// Puts a DATA frame into the send batch.
    ///
    /// - Parameter length: bytes of it, at most those of either window; 0 for the end alone.
    @inline(__always)
    private func sayData(_ stream: Stream, _ length: Int, ends: Bool) {
        let loop = self.loop
        let flags = ends ? FrameFlag.endStream : 0
        FrameHead(length, FrameType.data, flags, stream.id)
            .write(to: loop.batch.space(FrameHead.bytes))
        loop.batch.add(FrameHead.bytes)
        if length > 0 { loop.attached.gather(stream, length, into: &loop.batch) }
        self.window -= length
        stream.window -= length
        dataSent(length)
    }

    /// Takes a body out of its turn until what it waits for has come.
    ///
    /// - Returns: true: others may go on.
    private func rest(_ stream: Stream, _ awaited: Awaited) -> Bool {
        if stream.isQueued { self.output.remove(stream) }
        stream.awaits = awaited
        return true
    }

    /// END_STREAM was said: the stream is over when its client has ended it too.
    func end(_ stream: Stream) {
        if stream.isQueued { self.output.remove(stream) }
        stream.hasEnded = true
        if stream.isComplete { release(stream) }
    }
}
