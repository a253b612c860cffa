import CNghttp2
import Glibc

/// Request bodies that are handed over in pieces.
///
/// Two windows bound what a client may send ahead. The connection's opens again at once, so that
/// an upload which waits for the disk holds up no other stream. The stream's opens only as the
/// application takes bytes: what it has no room for is held here, at most one stream window.
extension UnsafeMutablePointer where Pointee == Connection {
    func streamedDataReceived(
        _ stream: UnsafeMutablePointer<Stream>, _ bytes: UnsafeRawBufferPointer
    ) {
        nghttp2_session_consume_connection(pointee.session, bytes.count)
        noteBodyProgress(stream, bytes.count)
        stream.pointee.streamedBytes += bytes.count
        if !stream.pointee.rules.receive(bytes.count) {
            stream.pointee.phase = .malformed
            return reset(stream.pointee.id)
        }
        if stream.pointee.streamedBytes > stream.pointee.maxRequestBody {
            return refuseRest(stream, bytes.count, .bodyTooLarge)
        }
        var taken = 0
        if stream.pointee.requestBodyLength == 0 {
            taken = offer(bytes, to: stream)
            if stream.pointee.status != 0 { return dropRest(stream, bytes.count) }
            open(stream, by: taken)
        }
        if taken == bytes.count { return }
        // SAFETY: a part of what nghttp2 keeps alive through its callback.
        let rest = UnsafeRawBufferPointer(rebasing: bytes[taken...])
        if !hasRoom(forBody: rest.count) {
            return refuseRest(stream, rest.count, .bodyBudget)
        }
        hold(rest, of: stream)
    }

    /// Offers what is held again: the application may have room now.
    func continueBody(_ stream: UnsafeMutablePointer<Stream>) {
        guard stream.pointee.phase == .receiving else { return }
        let held = stream.pointee.requestBodyLength - stream.pointee.heldOffset
        if held == 0 { return }
        // SAFETY: the slot owns the bytes; nothing is added to them during the call.
        let bytes = UnsafeRawBufferPointer(
            start: stream.pointee.requestBody! + stream.pointee.heldOffset, count: held)
        let taken = offer(bytes, to: stream)
        if stream.pointee.status != 0 { return dropRest(stream, 0) }
        open(stream, by: taken)
        restartBodyClock(stream)
        stream.pointee.heldOffset += taken
        if taken < held { return }
        forgetHeld(stream, stream.pointee.requestBodyLength)
        if stream.pointee.isComplete { enqueue(stream) }
    }

    private func offer(
        _ bytes: UnsafeRawBufferPointer, to stream: UnsafeMutablePointer<Stream>
    ) -> Int {
        var taken = 0
        pointee.state.call { taken = $0.receive(Exchange(stream: stream), bytes) }
        precondition((0...bytes.count).contains(taken), "no more can be taken than was offered")
        return taken
    }

    /// Lets the client send as many bytes again.
    private func open(_ stream: UnsafeMutablePointer<Stream>, by count: Int) {
        nghttp2_session_consume_stream(pointee.session, stream.pointee.id, count)
    }

    func refuseRest(
        _ stream: UnsafeMutablePointer<Stream>, _ count: Int, _ refusal: Refusal
    ) {
        pointee.state.call { $0.refuse(Exchange(stream: stream), refusal) }
        dropRest(stream, count)
    }

    /// The body was refused: the bytes at hand, what is held and the rest of it are dropped, see
    /// `drop`.
    private func dropRest(_ stream: UnsafeMutablePointer<Stream>, _ count: Int) {
        let held = stream.pointee.requestBodyLength - stream.pointee.heldOffset
        open(stream, by: count + held)
        forgetHeld(stream, stream.pointee.requestBodyLength)
        enqueue(stream)
    }

    private func hold(_ bytes: UnsafeRawBufferPointer, of stream: UnsafeMutablePointer<Stream>) {
        let offset = stream.pointee.heldOffset
        if offset > 0 {
            // SAFETY: both ranges lie within the slot's own buffer.
            memmove(
                stream.pointee.requestBody!, stream.pointee.requestBody! + offset,
                stream.pointee.requestBodyLength - offset)
            forgetHeld(stream, offset)
        }
        let end = stream.pointee.requestBodyLength + bytes.count
        if end > stream.pointee.requestBodyCapacity {
            let capacity = Swift.max(end, 2 * stream.pointee.requestBodyCapacity)
            stream.pointee.requestBody = realloc(stream.pointee.requestBody, capacity)
            stream.pointee.requestBodyCapacity = capacity
        }
        memcpy(
            stream.pointee.requestBody! + stream.pointee.requestBodyLength, bytes.baseAddress!,
            bytes.count)
        stream.pointee.requestBodyLength = end
        holdBody(bytes.count)
    }

    private func forgetHeld(_ stream: UnsafeMutablePointer<Stream>, _ count: Int) {
        releaseBody(count)
        stream.pointee.requestBodyLength -= count
        stream.pointee.heldOffset = 0
    }
}

extension Stream {
    /// Whether a token's work has something to do with this stream.
    var awaitsApplication: Bool {
        if phase == .pending { return true }
        return isStreamed && status == 0 && (phase == .receiving || phase == .waiting)
    }
}
