import CLinux
import Glibc

/// One client's connection: its socket, what has come of its frames, and its queues of requests and answers.
///
/// epoll carries the handle as `data.ptr`; the loop that adopted the connection is the only one that
/// touches it.
struct Connection: Handle {
    let pointer: UnsafeMutablePointer<ConnectionState>

    /// Reads what has arrived; requests that became complete are in `waiting` afterwards.
    ///
    /// - Parameter hasGone: the client has closed its socket: the end comes after what it sent.
    func receive(_ hasGone: Bool) {
        if self.standing == .hungUp { return }
        for _ in 0..<Limits.readsPerTurn {
            switch read() {
            case .more: continue
            // A short read means that the socket is empty: no second call to be told so.
            case .all: if !hasGone { return }
            case .nothing: return hasGone ? hangUp() : ()
            case .end:
                if hasGone { return hangUp() }
                // The client sends no more, but may wait for what it asked for.
                self.sawEnd = true
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
        let loop = self.loop
        let count = recv(self.socket, loop.receiveBuffer, Limits.receiveBytes, 0)
        if count < 0 { return errno == EAGAIN || errno == EINTR ? .nothing : .failure }
        if count == 0 { return .end }
        loop.hasRenewed = false
        self.progressAt = loop.now
        loop.counters.receivedBytes &+= UInt64(count)
        if self.standing == .open {
            // SAFETY: the buffer is the loop's; what is kept of it is copied.
            feed(loop.receiveBuffer.assumingMemoryBound(to: UInt8.self), count)
            if self.receiving != nil { self.workedAt = loop.now }
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
        if self.standing == .hungUp { return serveHungUp() }
        if self.unsent != nil, !sendUnsent() { return goesOn }
        if self.farewell != nil, !sayFarewell() { return goesOn }
        repeat {
            if self.allowance > 0, gatherControl() { answerWaiting() }
            if !flush() { return goesOn }
            if self.allowance < Limits.leastAllowanceBytes {
                self.allowance = 0
                awaitWritable(true)
                return true
            }
        } while !self.waiting.isEmpty
        // What broke off in this turn may have been too much.
        if self.farewell != nil, !sayFarewell() { return goesOn }
        // Only here, so that a connection whose socket fills up again and again tells epoll once.
        awaitWritable(false)
        if self.sawEnd {
            endIncompleteStreams()
            if !flush() { return goesOn }
            if self.openStreams == 0 { return false }
        }
        if self.standing != .open { return awaitsLastAnswers || linger() }
        return self.openStreams > 0 || !isOver || linger()
    }

    /// Whether no further stream comes: after our GOAWAY none is taken, and behind its own a client has no more
    /// to say than what has begun to come.
    private var isOver: Bool {
        self.isGoodbyeSaid || self.gotGoAway && self.input.isBetweenFrames
    }

    /// Whether there is something left to do after a send that did not take all.
    private var goesOn: Bool {
        self.standing == .hungUp ? serveHungUp() : !self.isClosing
    }

    /// Answers waiting requests until one send's worth of bytes is ready.
    func answerWaiting() {
        let loop = self.loop
        // What a client that has gone had sent before was read in the middle of the turn.
        loop.renew()
        var isSorted = self.hasPriorities
        if isSorted { sortWaiting() }
        var (far, near) = lookAhead()
        var answered = 0
        var bytes = 0
        let limit = Swift.min(Limits.sendBatchBytes, self.allowance)
        while bytes < limit, answered < Limits.answersPerRound, loop.batch.isOpen,
            let stream = self.waiting.popFirst()
        {
            far = foresee(far)
            near = prefetch(near)
            stream.phase = .receiving
            if stream.status == 0 {
                loop.call { $0.answer(Exchange(stream: stream)) }
            }
            bytes += stream.body.remaining
            answered += 1
            if stream.phase == .pending { continue }
            // Its slot is free afterwards, if all of it could be sent.
            let isLong = submit(stream)
            if isLong, !isSorted, !self.waiting.isEmpty {
                isSorted = true
                if sortWaiting() { (far, near) = lookAhead() }
            }
        }
    }

    /// Lookups miss the cache twice, where to look and what is there: starts both for the requests
    /// ahead while one is answered.
    private func lookAhead() -> (far: Stream?, near: Stream?) {
        var far = self.waiting.first
        var near = far
        for _ in 0..<Limits.prefetchDistance { far = foresee(far) }
        for _ in 0..<Limits.prefetchDistance {
            far = foresee(far)
            near = prefetch(near)
        }
        return (far, near)
    }

    @inline(__always)
    private func foresee(_ stream: Stream?) -> Stream? {
        guard let stream else { return nil }
        self.loop.call { $0.foresee(Exchange(stream: stream)) }
        return stream.next
    }

    @inline(__always)
    private func prefetch(_ stream: Stream?) -> Stream? {
        guard let stream else { return nil }
        self.loop.call { $0.prefetch(Exchange(stream: stream)) }
        return stream.next
    }

    /// Marks the connection to be closed at the end of the turn.
    ///
    /// - Returns: false, for use in a `return`.
    @discardableResult
    func close() -> Bool {
        self.loop.batch.reset()
        self.loop.attached.drop()
        self.isClosing = true
        return false
    }

    /// The socket is writable: its peer has read most of what was sent.
    func becameWritable() { self.allowance = Limits.allowanceBytes }

    func awaitWritable(_ awaits: Bool) {
        if awaits == self.awaitsWritable { return }
        self.awaitsWritable = awaits
        watchSocket()
    }

    /// Tells epoll what the connection waits for.
    private func watchSocket() {
        var event = epoll_event()
        event.events =
            (self.sawEnd ? 0 : EPOLLIN.rawValue)
            | (self.awaitsWritable ? EPOLLOUT.rawValue : 0)
        // SAFETY: epoll forgets the connection when its socket is closed, before it is freed.
        event.data.ptr = address
        epoll_ctl(self.loop.epoll, EPOLL_CTL_MOD, self.socket, &event)
    }
}
