import CNghttp2

/// The order of a connection's answers.
///
/// What its client says comes first (RFC 9218): more urgent answers before others, and those that can
/// be used in parts in turns. What nothing is said of goes in the order of the requests, but for this:
/// a short answer passes long ones. It passes them twice. Requests that wait are answered in that order,
/// by a guess of the application at their length. And where a long answer is on its way, or one that
/// nothing is said of is about to be, nghttp2 is told that the short one is a step more urgent.
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

    /// A PRIORITY_UPDATE frame (RFC 9218 §7.1). nghttp2 has looked at its length and its own stream.
    func priorityUpdated(_ frame: SessionFrame) {
        let (id, value) = frame.priorityUpdate
        if id == 0 {
            return giveUp(
                Farewell(
                    .protocolError, NGHTTP2_PROTOCOL_ERROR,
                    "PRIORITY_UPDATE of stream 0 (RFC 9218 section 7.1)"))
        }
        if let stream = stream(id) {
            prioritize(stream, Priority(value))
        } else if id > nghttp2_session_get_last_proc_stream_id(self.session) {
            self.hasPriorities = true
            self.priorityUpdates.keep(Priority(value), for: id)
        }
    }

    private func prioritize(_ stream: Stream, _ priority: Priority) {
        self.hasPriorities = true
        stream.isPrioritized = true
        stream.priority = priority
        tell(stream, priority)
    }

    private func tell(_ stream: Stream, _ priority: Priority) {
        var told = nghttp2_extpri(
            urgency: UInt32(priority.urgency), inc: priority.isIncremental ? 1 : 0)
        nghttp2_session_change_extpri_stream_priority(self.session, stream.id, &told, 0)
    }

    /// An answer is about to be handed to nghttp2.
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
        if stream.isPrioritized { return }
        var priority = Priority()
        priority.urgency -= 1
        tell(stream, priority)
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
