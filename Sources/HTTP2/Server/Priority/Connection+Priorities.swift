import CNghttp2

/// The order of a connection's answers.
///
/// What its client says comes first (RFC 9218): more urgent answers before others, and those that can
/// be used in parts in turns. What nothing is said of goes in the order of the requests, but for this:
/// a short answer passes long ones. It passes them twice. Requests that wait are answered in that order,
/// by a guess of the application at their length. And where a long answer is on its way, or one that
/// nothing is said of is about to be, the short one is a step more urgent in the `OutputQueue`.
extension Connection {
    /// The fields of a request are there: notes what they, or an earlier PRIORITY_UPDATE frame, say.
    func takePriority(_ stream: Stream) {
        // A frame goes before the field, whichever is newer (RFC 9218 §8).
        if let updated = self.priorityUpdates.take(stream.id) {
            prioritize(stream, updated)
        } else if let field = stream.field(.priority) {
            prioritize(stream, Priority(field))
        }
    }

    /// A PRIORITY_UPDATE frame (RFC 9218 §7.1).
    func priorityUpdateReceived(_ head: FrameHead, _ payload: UnsafePointer<UInt8>) {
        spendControlFrame()
        if head.stream != 0 { return failStream(head) }
        let idBytes = 4
        if head.length < idBytes { return failLength(head) }
        let id = FrameNumber.read31(payload)
        if id & 1 == 0 {
            fail(
                NGHTTP2_PROTOCOL_ERROR,
                "PRIORITY_UPDATE of stream \(id), which is no request (RFC 9218 section 7.1)")
            return
        }
        // SAFETY: the payload's bytes, which are read during the call.
        let value = UnsafeRawBufferPointer(start: payload + idBytes, count: head.length - idBytes)
        if let stream = stream(id) {
            prioritize(stream, Priority(value))
        } else if isIdle(id) {
            self.hasPriorities = true
            self.priorityUpdates.keep(Priority(value), for: id)
        }
    }

    private func prioritize(_ stream: Stream, _ priority: Priority) {
        self.hasPriorities = true
        stream.isPrioritized = true
        stream.priority = priority
        let isQueued = stream.isQueued
        if isQueued { self.output.remove(stream) }
        stream.urgency = priority.urgency
        if isQueued { self.output.insert(stream) }
    }

    /// An answer is about to be sent.
    @inline(__always)
    func placeAnswer(_ stream: Stream) {
        if stream.body.remaining > Limits.shortAnswerBytes || stream.body.hasMore {
            stream.isLong = true
            self.longAnswers += 1
        } else if self.longAnswers > 0 || self.awaitsLong {
            placeShortAnswer(stream)
        }
    }

    private func placeShortAnswer(_ stream: Stream) {
        if !stream.isPrioritized { stream.urgency = Priority().urgency - 1 }
    }

    /// Puts the requests that wait into the order in which they are to be answered.
    ///
    /// - Returns: whether that may be another one than before.
    @discardableResult
    func sortWaiting() -> Bool {
        let found = foreseeLengths()
        self.awaitsLong = found.long
        if !found.short && !self.hasPriorities { return false }
        self.waiting.sort { stream in
            2 * Int(stream.priority.urgency) + (stream.foreseenLength == .long ? 1 : 0)
        }
        return true
    }

    /// Has the application guess the lengths of all answers; says whether there are short ones and long.
    private func foreseeLengths() -> (short: Bool, long: Bool) {
        var found = (short: false, long: false)
        var next = self.waiting.first
        while let stream = next {
            next = stream.next
            if stream.foreseenLength == .unknown {
                var isLong = false
                self.loop.call { isLong = $0.mayBeLong(Exchange(stream: stream)) }
                stream.foreseenLength = isLong ? .long : .short
            }
            if stream.foreseenLength == .long { found.long = true } else { found.short = true }
        }
        return found
    }
}

/// What the application guesses of an answer's length.
enum ForeseenLength: UInt8 {
    case unknown, short, long
}
