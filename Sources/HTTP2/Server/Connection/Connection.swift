import CLinux
import CNghttp2
import Glibc

/// One client's connection: its socket, its nghttp2 session and its queue of requests.
///
/// A struct in memory of its own, reached through a pointer that nghttp2 carries as `user_data`
/// and epoll as `data.ptr`; the loop that adopted it is the only one that touches it.
struct Connection {
    var socket: Int32
    /// nil for requests that are answered without a connection (see `DetachedLoop`).
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
    var resetStreams = ResetStreams()
    /// What the client's SETTINGS_INITIAL_WINDOW_SIZE is, and the widest window that a stream had
    /// before its last SETTINGS frame.
    var peerWindow = 65_535
    var widestWindow: Int?

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
    var gotSettingsAck = false
    /// Where the input stands between two reads.
    var walk = FrameWalk()

    // The end, see `GivingUp`.
    var standing = Standing.open
    /// No further streams are taken.
    var isLeaving = false
    /// It is we who end it, for the client's fault.
    var isCutOff = false
    /// What is to be said when the socket takes it at once.
    var farewell: Farewell?
    var lastAnswers: UnsafeMutablePointer<LastAnswers>?
    var endedAt: Int64 = 0

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
    var controlFrames = 0
    var requestsBefore = 0
    var windowCredit = 0
    var provokedResets = 0
    var resets = Ration(
        burst: Int64(Limits.resetBurst), perSecond: Int64(Limits.resetsPerSecond))
    var refusals = Ration(
        burst: Int64(Limits.resetBurst), perSecond: Int64(Limits.resetsPerSecond))

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
    /// - Parameter hasGone: the client has closed its socket: the end comes after what it sent.
    func receive(_ hasGone: Bool) {
        if pointee.standing == .hungUp { return }
        for _ in 0..<Limits.readsPerTurn {
            switch read() {
            case .more: continue
            // A short read means that the socket is empty: no second call to be told so.
            case .all: if !hasGone { return }
            case .nothing: return hasGone ? hangUp() : ()
            case .end:
                if hasGone { return hangUp() }
                // The client sends no more, but may wait for what it asked for.
                pointee.sawEnd = true
                return watchSocket()
            case .failure: return hangUp()
            }
        }
    }

    /// What one read has brought.
    enum ReadResult {
        case more, all, nothing, end, failure
    }

    /// Reads once.
    func read() -> ReadResult {
        let state = pointee.state
        let count = recv(pointee.socket, state.pointee.receiveBuffer, Limits.receiveBytes, 0)
        if count < 0 { return errno == EAGAIN || errno == EINTR ? .nothing : .failure }
        if count == 0 { return .end }
        pointee.progressAt = state.pointee.now
        state.pointee.counters.receivedBytes &+= UInt64(count)
        if pointee.standing == .open {
            // SAFETY: the buffer is the loop's; nghttp2 is done with it when it returns.
            feed(state.pointee.receiveBuffer.assumingMemoryBound(to: UInt8.self), count)
            if pointee.receiving != nil { pointee.workedAt = state.pointee.now }
        }
        return count < Limits.receiveBytes ? .all : .more
    }

    /// Answers what waits and sends it, in rounds that fit one send each.
    ///
    /// What the store's map is asked for is sent or copied before this returns, so that no
    /// pointer into the map outlives the turn. While the socket is full nothing is answered: a
    /// peer that does not read keeps its requests, not our memory.
    ///
    /// - Returns: false when the connection is to be closed.
    func serve() -> Bool {
        if pointee.standing == .hungUp { return serveHungUp() }
        if pointee.unsent != nil, !sendUnsent() { return goesOn }
        if pointee.farewell != nil, !sayFarewell() { return goesOn }
        repeat {
            if pointee.allowance > 0 { answerWaiting() }
            if !flush() { return goesOn }
            if pointee.allowance < Limits.leastAllowanceBytes {
                pointee.allowance = 0
                awaitWritable(true)
                return true
            }
        } while !pointee.waiting.isEmpty
        // Only here, so that a connection whose socket fills up again and again tells epoll once.
        awaitWritable(false)
        if pointee.sawEnd {
            endIncompleteStreams()
            if !flush() { return goesOn }
            if pointee.openStreams == 0 { return false }
        }
        if pointee.standing != .open { return awaitsLastAnswers || linger() }
        return nghttp2_session_want_read(pointee.session) != 0
            || nghttp2_session_want_write(pointee.session) != 0 || linger()
    }

    /// Whether there is something left to do after a send that did not take all.
    private var goesOn: Bool {
        pointee.standing == .hungUp ? serveHungUp() : !pointee.isClosing
    }

    /// Answers waiting requests until one send's worth of bytes is ready.
    func answerWaiting() {
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

    func awaitWritable(_ awaits: Bool) {
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
