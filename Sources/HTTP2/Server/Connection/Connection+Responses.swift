import CNghttp2
import Glibc

/// Sending: from an answered exchange to HEADERS and DATA frames.
extension Connection {
    /// Says the fields of a response, and its body when it is short; a longer one waits for its turn.
    ///
    /// - Returns: whether it is a longer one.
    func submit(_ stream: Stream) -> Bool {
        precondition(stream.status != 0, "an exchange must be answered or suspended")
        stream.phase = .submitted
        self.loop.times.note(stream)
        if stream.method == .head { stream.body.isOmitted = true }
        if stream.body.retained != nil {
            self.retainedBytes += stream.body.remaining
        }
        if self.standing == .hungUp {
            release(stream)
            return false
        }
        addLength(stream)
        let isEmpty =
            stream.body.isOmitted
            || (stream.body.total == 0 && !stream.body.hasMore)
        if isEmpty { omitBody(stream) }
        placeAnswer(stream)
        if !stream.isComplete, self.standing == .open { holdEnd(stream) }
        // nginx takes HEADERS that end a stream for an answer of length 0, whatever content-length
        // says: after HEAD an empty DATA frame ends it.
        let ends = isEmpty && !stream.holdsEnd && stream.method != .head
        let isLong = stream.isLong
        if !sayFields(stream, ends: ends) { return isLong }
        if ends {
            end(stream)
        } else if isLong || self.output.has(asUrgentAs: stream.urgency) || !sendBody(stream) {
            queue(stream)
        }
        return isLong
    }

    /// Puts HEADERS into the send batch, and what does not fit them into CONTINUATION.
    ///
    /// - Returns: false when there are too many fields: the stream is reset then.
    @inline(__always)
    private func sayFields(_ stream: Stream, ends: Bool) -> Bool {
        if FieldEncoder.bound(stream) > Limits.frameRoomBytes - 2 * FrameHead.bytes {
            reset(stream, NGHTTP2_INTERNAL_ERROR)
            return false
        }
        let loop = self.loop
        let frame = loop.batch.space(Limits.frameRoomBytes)
        var length = self.encoder.encode(stream, to: frame + FrameHead.bytes)
        var flags = ends ? FrameFlag.endStream : 0
        if length > Limits.frameBytes {
            length = divide(frame, length, stream.id)
        } else {
            flags |= FrameFlag.endHeaders
        }
        let first = Swift.min(length, Limits.frameBytes)
        FrameHead(first, FrameType.headers, flags, stream.id).write(to: frame)
        loop.batch.add(FrameHead.bytes + length)
        return true
    }

    /// Puts the header of a CONTINUATION frame into a field section that is longer than a frame.
    ///
    /// - Returns: bytes behind the first header.
    @inline(never)
    private func divide(_ frame: UnsafeMutableRawPointer, _ length: Int, _ id: Int32) -> Int {
        let second = frame + FrameHead.bytes + Limits.frameBytes
        let rest = length - Limits.frameBytes
        memmove(second + FrameHead.bytes, second, rest)
        FrameHead(rest, FrameType.continuation, FrameFlag.endHeaders, id).write(to: second)
        return length + FrameHead.bytes
    }

    /// Says to those who wait for it that their bodies may come: who has not reset the stream since, nor begun
    /// to send all the same (RFC 9110 §10.1.1).
    @inline(never)
    func sayContinues() {
        var next = self.streams
        while let stream = next {
            next = stream.elder
            if !stream.awaitsContinue { continue }
            stream.awaitsContinue = false
            self.continueCount -= 1
            if stream.phase == .receiving, !stream.isComplete { sayContinue(stream) }
        }
    }

    private func sayContinue(_ stream: Stream) {
        withUnsafeTemporaryAllocation(byteCount: FieldText.fixedBytes, alignment: 8) { space in
            // SAFETY: copied before the closure returns.
            let block = space.baseAddress!
            let length = self.encoder.encode(status: 100, to: block)
            let head = FrameHead(length, FrameType.headers, FrameFlag.endHeaders, stream.id)
            self.control.add(head).copyMemory(from: block, byteCount: length)
        }
    }

    private func omitBody(_ stream: Stream) {
        if stream.body.retained != nil {
            self.retainedBytes -= stream.body.remaining
        }
        stream.body.remaining = 0
        stream.body.pieceCount = 0
        stream.body.hasMore = false
    }

    @inline(__always)
    private func addLength(_ stream: Stream) {
        if stream.body.hasMore || stream.status == 204
            || stream.status == 304
        {
            return
        }
        Exchange(stream: stream).set(.contentLength, stream.body.total)
    }

    /// Asks the application for the next portion of a body.
    static func refill(_ stream: Stream) {
        let body = stream.body
        // SAFETY: everything of the retained copy was sent.
        if let retained = body.retained { free(retained) }
        stream.body.retained = nil
        stream.body.retainedOffset = 0
        let connection = stream.connection!
        repeat {
            stream.body.hasMore = false
            connection.loop.call { $0.refill(Exchange(stream: stream)) }
        } while stream.body.remaining == 0 && stream.body.hasMore && !stream.body.isResting
        if stream.body.retained != nil { connection.retainedBytes += stream.body.remaining }
    }
}
