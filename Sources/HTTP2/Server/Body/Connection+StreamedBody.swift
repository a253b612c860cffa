import Glibc

/// Request bodies that are handed over in pieces.
///
/// Two windows bound what a client may send ahead. The connection's opens again at once, so that
/// an upload which waits for the disk holds up no other stream. The stream's opens only as the
/// application takes bytes: what it has no room for is held here, at most one stream window.
extension Connection {
    func streamedDataReceived(
        _ stream: Stream, _ bytes: UnsafeRawBufferPointer
    ) {
        noteBodyProgress(stream, bytes.count)
        stream.streamedBytes += bytes.count
        if !stream.rules.receive(bytes.count) { return reset(stream) }
        if stream.streamedBytes > stream.maxRequestBody {
            return refuseRest(stream, bytes.count, .bodyTooLarge)
        }
        var taken = 0
        if stream.requestBodyLength == 0 {
            taken = offer(bytes, to: stream)
            if stream.status != 0 { return dropRest(stream, bytes.count) }
            open(stream, by: taken)
        }
        if taken == bytes.count { return }
        // SAFETY: a part of the receive buffer.
        let rest = UnsafeRawBufferPointer(rebasing: bytes[taken...])
        if !hasRoom(forBody: rest.count) {
            return refuseRest(stream, rest.count, .bodyBudget)
        }
        hold(rest, of: stream)
    }

    /// Offers what is held again: the application may have room now.
    func continueBody(_ stream: Stream) {
        guard stream.phase == .receiving else { return }
        let held = stream.requestBodyLength - stream.heldOffset
        if held == 0 { return }
        // SAFETY: the slot owns the bytes; nothing is added to them during the call.
        let bytes = UnsafeRawBufferPointer(
            start: stream.requestBody! + stream.heldOffset, count: held)
        let taken = offer(bytes, to: stream)
        if stream.status != 0 { return dropRest(stream, 0) }
        open(stream, by: taken)
        restartBodyClock(stream)
        stream.heldOffset += taken
        if taken < held { return }
        forgetHeld(stream, stream.requestBodyLength)
        if stream.isComplete { enqueue(stream) }
    }

    private func offer(
        _ bytes: UnsafeRawBufferPointer, to stream: Stream
    ) -> Int {
        var taken = 0
        self.loop.call { taken = $0.receive(Exchange(stream: stream), bytes) }
        precondition((0...bytes.count).contains(taken), "no more can be taken than was offered")
        return taken
    }

    func refuseRest(
        _ stream: Stream, _ count: Int, _ refusal: Refusal
    ) {
        self.loop.call { $0.refuse(Exchange(stream: stream), refusal) }
        dropRest(stream, count)
    }

    /// The body was refused: the bytes at hand, what is held and the rest of it are dropped, see
    /// `drop`.
    private func dropRest(_ stream: Stream, _ count: Int) {
        let held = stream.requestBodyLength - stream.heldOffset
        open(stream, by: count + held)
        forgetHeld(stream, stream.requestBodyLength)
        enqueue(stream)
    }

    private func hold(_ bytes: UnsafeRawBufferPointer, of stream: Stream) {
        let offset = stream.heldOffset
        if offset > 0 {
            // SAFETY: both ranges lie within the slot's own buffer.
            memmove(
                stream.requestBody!, stream.requestBody! + offset,
                stream.requestBodyLength - offset)
            forgetHeld(stream, offset)
        }
        let end = stream.requestBodyLength + bytes.count
        if end > stream.requestBodyCapacity {
            let capacity = Swift.max(end, 2 * stream.requestBodyCapacity)
            stream.requestBody = realloc(stream.requestBody, capacity)
            stream.requestBodyCapacity = capacity
        }
        memcpy(
            stream.requestBody! + stream.requestBodyLength, bytes.baseAddress!,
            bytes.count)
        stream.requestBodyLength = end
        holdBody(bytes.count)
    }

    private func forgetHeld(_ stream: Stream, _ count: Int) {
        releaseBody(count)
        stream.requestBodyLength -= count
        stream.heldOffset = 0
    }
}

extension Stream {
    /// Whether a token's work has something to do with this stream.
    var awaitsApplication: Bool {
        if self.phase == .pending { return true }
        return self.isStreamed && self.status == 0
            && (self.phase == .receiving || self.phase == .waiting)
    }
}
