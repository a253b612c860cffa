import CLinux
import CNghttp2
import Glibc

/// One client's connection: its socket, its nghttp2 session and its queue of requests.
///
/// A struct in memory of its own, reached through a pointer that nghttp2 carries as `user_data`
/// and epoll as `data.ptr`; the loop that adopted it is the only one that touches it.
struct Connection {
    var socket: Int32
    /// nil for requests that are answered without a connection (see `DetachedConnection`).
    var session: OpaquePointer?
    let state: UnsafeMutablePointer<LoopState>

    /// Requests that are complete and wait for their answer, first in, first out.
    var waiting = StreamQueue()
    /// The stream whose field section is arriving.
    var receiving: UnsafeMutablePointer<Stream>?
    /// All streams of this connection, linked through `Stream.elder`.
    var streams: UnsafeMutablePointer<Stream>?
    var openStreams = 0
    /// The highest stream id seen, and lower ids that were passed over (RFC 9113 §5.1.1).
    var skippedIDs = SkippedStreamIDs()

    /// Bytes that the kernel did not take: sent before anything else.
    var unsent: UnsafeMutableRawPointer?
    var unsentOffset = 0
    var unsentLength = 0
    /// Bytes of answers that streams of this connection keep in the heap.
    var retainedBytes = 0
    /// Bytes of request bodies in memory.
    var bodyBytes = 0

    /// Bytes that may be sent before the socket is asked again: see `Limits.allowanceBytes`.
    var allowance = Limits.allowanceBytes
    var awaitsWritable = false
    /// The client has closed its side.
    var sawEnd = false
    var isTouched = false
    var isClosing = false
    var saidGoodbye = false
    var gotSettingsAck = false

    // Budgets, see Limits.
    var acceptedAt: Int64 = 0
    var progressAt: Int64 = 0
    /// When what a request waits for was last got on with: a field section or a body that arrives,
    /// DATA that leaves. A client's PING is no progress, and neither is our answer to it.
    var workedAt: Int64 = 0
    /// Where the session packs frames, and the value of `progressAt` at which its pages were given
    /// back: see `releaseFrameBuffer`.
    var frameBuffer: UnsafeMutableRawPointer?
    var releasedAt: Int64 = 0
    var budgetSecond: Int64 = 0
    var controlFrames: UInt32 = 0
    var windowCredit = 0
    var provokedResets: UInt32 = 0

    // Neighbours in the loop's list, and the next one to serve in this turn.
    var previous: UnsafeMutablePointer<Connection>?
    var following: UnsafeMutablePointer<Connection>?
    var nextTouched: UnsafeMutablePointer<Connection>?

    /// The loop, for cold paths: the hot ones use `state`.
    var loop: EventLoop { state.pointee.owner }
}

extension Connection {
    /// Gives the memory of the session's frame buffer back, once for each time of idleness. nghttp2
    /// reads nothing from it while it has nothing to write.
    mutating func releaseFrameBuffer() {
        guard let frameBuffer, releasedAt != progressAt, openStreams == 0, unsent == nil,
            nghttp2_session_want_write(session) == 0
        else { return }
        FrameBuffers.release(frameBuffer)
        releasedAt = progressAt
    }
}

extension UnsafeMutablePointer where Pointee == Connection {
    /// Reads what has arrived and feeds it to the session; requests that became complete are in
    /// `waiting` afterwards.
    ///
    /// - Returns: false when the connection is to be closed.
    func receive() -> Bool {
        let state = pointee.state
        for _ in 0..<Limits.readsPerTurn {
            let count = recv(pointee.socket, state.pointee.receiveBuffer, Limits.receiveBytes, 0)
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            if count == 0 {
                // The client sends no more, but may wait for what it asked for.
                pointee.sawEnd = true
                watchSocket()
                return true
            }
            pointee.progressAt = state.pointee.now
            state.pointee.counters.receivedBytes &+= UInt64(count)
            // SAFETY: the buffer is the loop's; nghttp2 is done with it when it returns.
            let bytes = state.pointee.receiveBuffer.assumingMemoryBound(to: UInt8.self)
            if nghttp2_session_mem_recv(pointee.session, bytes, count) < 0 { return false }
            if pointee.receiving != nil { pointee.workedAt = state.pointee.now }
            if pointee.isClosing { return false }
            // A short read means that the socket is empty: no second call to be told so.
            if count < Limits.receiveBytes { return true }
        }
        return true
    }

    /// Answers what waits and sends it, in rounds that fit one send each.
    ///
    /// What the store's map is asked for is sent or copied before this returns, so that no
    /// pointer into the map outlives the turn. While the socket is full nothing is answered: a
    /// peer that does not read keeps its requests, not our memory.
    ///
    /// - Returns: false when the connection is to be closed.
    func serve() -> Bool {
        if pointee.unsent != nil, !sendUnsent() { return !pointee.isClosing }
        repeat {
            if pointee.allowance > 0 { answerWaiting() }
            if !flush() { return !pointee.isClosing }
            if pointee.allowance < Limits.leastAllowanceBytes {
                pointee.allowance = 0
                awaitWritable(true)
                return true
            }
        } while !pointee.waiting.isEmpty
        // Only here, so that a connection whose socket fills up again and again tells epoll once.
        awaitWritable(false)
        if pointee.sawEnd, pointee.openStreams == 0 { return false }
        return nghttp2_session_want_read(pointee.session) != 0
            || nghttp2_session_want_write(pointee.session) != 0
    }

    /// Answers waiting requests until one send's worth of bytes is ready.
    private func answerWaiting() {
        let state = pointee.state
        // Lookups miss the cache twice, where to look and what is there: start both for the
        // requests ahead while this one is answered.
        var far = pointee.waiting.first
        var near = far
        for _ in 0..<Limits.prefetchDistance { far = foresee(far) }
        for _ in 0..<Limits.prefetchDistance {
            far = foresee(far)
            near = prefetch(near)
        }
        var answered = 0
        var bytes = 0
        let limit = Swift.min(Limits.sendBatchBytes, pointee.allowance)
        while bytes < limit, answered < Limits.answersPerRound,
            let stream = pointee.waiting.popFirst()
        {
            far = foresee(far)
            near = prefetch(near)
            stream.pointee.phase = .receiving
            if stream.pointee.status == 0 {
                state.call { $0.answer(Exchange(stream: stream)) }
            }
            if stream.pointee.phase != .pending { submit(stream) }
            bytes += stream.pointee.body.remaining
            answered += 1
        }
    }

    @inline(__always)
    private func foresee(_ stream: UnsafeMutablePointer<Stream>?) -> UnsafeMutablePointer<Stream>? {
        guard let stream else { return nil }
        pointee.state.call { $0.foresee(Exchange(stream: stream)) }
        return stream.pointee.next
    }

    @inline(__always)
    private func prefetch(_ stream: UnsafeMutablePointer<Stream>?) -> UnsafeMutablePointer<Stream>?
    {
        guard let stream else { return nil }
        pointee.state.call { $0.prefetch(Exchange(stream: stream)) }
        return stream.pointee.next
    }

    /// Pulls frames out of the session and sends them until nothing is left to send.
    ///
    /// - Returns: false when the socket is full or broken.
    func flush() -> Bool {
        let state = pointee.state
        while true {
            while state.pointee.batch.isOpen {
                var data: UnsafePointer<UInt8>?
                let length = nghttp2_session_mem_send(pointee.session, &data)
                if length < 0 { return close() }
                if length == 0 { break }
                state.pointee.batch.copy(data!, length)
            }
            let pending = state.pointee.batch.pending
            if pending == 0 {
                state.pointee.detachAll(self)
                return !pointee.isClosing || close()
            }
            let sent = state.pointee.batch.send(to: pointee.socket)
            if sent < 0, errno != EAGAIN, errno != EINTR { return close() }
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
    private func sendUnsent() -> Bool {
        while pointee.unsentOffset < pointee.unsentLength {
            // SAFETY: `unsent` is owned by the connection until it is freed below.
            let sent = Glibc.send(
                pointee.socket, pointee.unsent! + pointee.unsentOffset,
                pointee.unsentLength - pointee.unsentOffset, Int32(MSG_NOSIGNAL))
            if sent < 0 {
                if errno == EINTR { continue }
                return errno == EAGAIN ? false : close()
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

    /// Marks the connection to be closed at the end of the turn.
    ///
    /// - Returns: false, for use in a `return`.
    @discardableResult
    func close() -> Bool {
        pointee.state.pointee.batch.reset()
        pointee.state.pointee.dropAttached()
        pointee.isClosing = true
        return false
    }

    /// The socket is writable: its peer has read most of what was sent.
    func becameWritable() { pointee.allowance = Limits.allowanceBytes }

    private func awaitWritable(_ awaits: Bool) {
        if awaits == pointee.awaitsWritable { return }
        pointee.awaitsWritable = awaits
        watchSocket()
    }

    /// Tells epoll what the connection waits for.
    private func watchSocket() {
        var event = epoll_event()
        event.events =
            (pointee.sawEnd ? 0 : EPOLLIN.rawValue)
            | (pointee.awaitsWritable ? EPOLLOUT.rawValue : 0)
        // SAFETY: epoll forgets the connection when its socket is closed, before it is freed.
        event.data.ptr = UnsafeMutableRawPointer(self)
        epoll_ctl(pointee.state.pointee.epoll, EPOLL_CTL_MOD, pointee.socket, &event)
    }
}
