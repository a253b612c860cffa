import CLinux
import CNghttp2
import Glibc
import Synchronization

/// One thread, one epoll instance, and the connections it adopted.
///
/// A turn: wait; take in the mailbox; read from every socket that is ready; let the application
/// renew its reader; answer and send per connection; close what has to be closed. Reading comes
/// before renewing, so that a request sees every write that was acknowledged before it was sent.
public final class EventLoop: @unchecked Sendable {
    // SAFETY: `state` is touched on the loop's thread only, the mailbox under its lock.
    let state: UnsafeMutablePointer<LoopState>
    private let application: Application
    private let epoll: Int32
    private let wake: Int32
    private let mailbox = Mutex<[@Sendable () -> Void]>([])
    private let events: UnsafeMutablePointer<epoll_event>
    private var acceptors: [Acceptor] = []
    private var thread = pthread_t()
    private var stopDeadline: Int64?
    private let count = Atomic<Int>(0)

    /// Makes a loop whose requests `application` answers.
    public init(application: Application) throws(TransportError) {
        self.application = application
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        wake = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard epoll >= 0, wake >= 0 else {
            throw .system("epoll_create1 or eventfd", errno: errno)
        }
        state = .allocate(capacity: 1)
        events = .allocate(capacity: Limits.eventsPerTurn)
        state.initialize(to: LoopState(epoll: epoll, application: application, owner: self))
        watch(wake, Self.wakeMark)
    }

    deinit {
        while let connection = state.pointee.connections { destroy(connection) }
        state.pointee.deallocate()
        state.deallocate()
        events.deallocate()
        Glibc.close(epoll)
        Glibc.close(wake)
    }

    /// Open connections, readable from any thread.
    public var connectionCount: Int { count.load(ordering: .relaxed) }

    // MARK: From other threads

    /// Runs `work` on the loop's thread, soon.
    public func enqueue(_ work: @escaping @Sendable () -> Void) {
        let wasEmpty = mailbox.withLock { box in
            box.append(work)
            return box.count == 1
        }
        // One eventfd write wakes the loop for all that came since it last looked.
        if wasEmpty { eventfd_write(wake, 1) }
    }

    /// Hands a connected, non-blocking socket to the loop, which closes it in the end.
    public func adopt(_ socket: Int32) {
        enqueue { self.add(socket) }
    }

    /// Lets the loop accept connections of a listener and give them to `target`.
    func listen(_ acceptor: Acceptor) {
        enqueue {
            self.acceptors.append(acceptor)
            self.watch(acceptor.socket, UnsafeMutableRawPointer(bitPattern: self.acceptors.count))
        }
    }

    /// Ends the loop: no new streams, those under way get until the deadline.
    public func stop(afterMilliseconds milliseconds: Int64 = Limits.drainMilliseconds) {
        enqueue { self.beginDraining(milliseconds) }
    }

    /// Starts the loop's thread.
    public func start() throws(TransportError) {
        let unmanaged = Unmanaged.passRetained(self)
        let result = pthread_create(
            &thread, nil,
            { context in
                // SAFETY: retained above for the thread.
                Unmanaged<EventLoop>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, unmanaged.toOpaque())
        if result != 0 {
            unmanaged.release()
            throw .system("pthread_create", errno: result)
        }
    }

    /// Waits until the loop's thread has ended.
    public func join() { pthread_join(thread, nil) }

    // MARK: The thread

    private func run() {
        while !isFinished {
            turn(timeout: timeout)
        }
        application.idle()
        while let connection = state.pointee.connections { destroy(connection) }
        publishCount()
    }

    private var isFinished: Bool {
        guard let stopDeadline else { return false }
        return state.pointee.connections == nil || monotonicMilliseconds() >= stopDeadline
    }

    /// Nothing to time: sleep until something happens. Else look at the clocks every second.
    private var timeout: Int32 {
        if stopDeadline != nil { return 50 }
        return state.pointee.connections == nil ? -1 : 1_000
    }

    /// One turn of the loop.
    func turn(timeout: Int32) {
        let ready = epoll_wait(epoll, events, Int32(Limits.eventsPerTurn), timeout)
        let now = monotonicMilliseconds()
        let before = state.pointee.now
        state.pointee.now = now
        for index in 0..<Int(max(ready, 0)) { receive(events[index]) }
        if state.pointee.touched != nil {
            application.beginTurn()
            serveTouched()
        }
        if now / 1_000 != before / 1_000 { sweep(now) }
    }

    private func receive(_ event: epoll_event) {
        let mark = event.data.ptr
        if mark == Self.wakeMark { return runMailbox() }
        if let index = Self.acceptorIndex(mark) { return acceptors[index].accept() }
        // SAFETY: epoll knows a connection until `destroy` closes its socket.
        let connection = mark!.assumingMemoryBound(to: Connection.self)
        if event.events & ~EPOLLOUT.rawValue != 0, !connection.receive() { connection.close() }
        touch(connection)
    }

    /// Runs what other threads asked for.
    func runMailbox() {
        var value: eventfd_t = 0
        eventfd_read(wake, &value)
        let work = mailbox.withLock { box in
            let work = box
            box.removeAll(keepingCapacity: true)
            return work
        }
        for item in work { item() }
    }

    /// Waits for work from other threads and runs it: for loops without a thread.
    func waitForMailbox() {
        var descriptor = pollfd(fd: wake, events: Int16(POLLIN), revents: 0)
        poll(&descriptor, 1, -1)
        runMailbox()
    }

    private func serveTouched() {
        while let connection = state.pointee.touched {
            state.pointee.touched = connection.pointee.nextTouched
            connection.pointee.isTouched = false
            if connection.pointee.isClosing || !connection.serve() {
                destroy(connection)
            } else if nghttp2_session_get_outbound_queue_size(connection.pointee.session)
                > Limits.maxQueuedFrames
            {
                destroy(connection)
            }
        }
    }

    /// Has a connection served in this turn.
    func touch(_ connection: UnsafeMutablePointer<Connection>) {
        if connection.pointee.isTouched { return }
        connection.pointee.isTouched = true
        connection.pointee.nextTouched = state.pointee.touched
        state.pointee.touched = connection
    }

    /// A suspended exchange was answered.
    func resumed(_ stream: UnsafeMutablePointer<Stream>) {
        let connection = stream.pointee.connection!
        guard connection.pointee.session != nil else { return }
        connection.enqueue(stream)
        touch(connection)
    }

    // MARK: Connections

    private func add(_ socket: Int32) {
        if stopDeadline != nil || state.pointee.connectionCount >= Limits.maxConnections {
            Glibc.close(socket)
            return
        }
        let connection = UnsafeMutablePointer<Connection>.allocate(capacity: 1)
        connection.initialize(to: Connection(socket: socket, session: nil, state: state))
        guard let session = ServerSession.make(connection) else {
            connection.deallocate()
            Glibc.close(socket)
            return
        }
        connection.pointee.session = session
        connection.pointee.acceptedAt = state.pointee.now
        connection.pointee.progressAt = state.pointee.now
        connection.pointee.following = state.pointee.connections
        state.pointee.connections?.pointee.previous = connection
        state.pointee.connections = connection
        state.pointee.connectionCount += 1
        publishCount()
        watch(socket, UnsafeMutableRawPointer(connection))
        touch(connection)
    }

    private func destroy(_ connection: UnsafeMutablePointer<Connection>) {
        // Streams first: nghttp2 does not report those that end with their session.
        while let stream = connection.pointee.streams { connection.release(stream) }
        nghttp2_session_del(connection.pointee.session)
        Glibc.close(connection.pointee.socket)
        if let unsent = connection.pointee.unsent { free(unsent) }
        let (previous, following) = (connection.pointee.previous, connection.pointee.following)
        previous?.pointee.following = following
        if previous == nil { state.pointee.connections = following }
        following?.pointee.previous = previous
        state.pointee.connectionCount -= 1
        connection.deallocate()
        publishCount()
    }

    private func publishCount() {
        count.store(state.pointee.connectionCount, ordering: .relaxed)
    }

    /// Once a second: closes connections that keep us waiting; says goodbye when draining.
    private func sweep(_ now: Int64) {
        var next = state.pointee.connections
        while let connection = next {
            next = connection.pointee.following
            let isSilent =
                !connection.pointee.gotSettingsAck
                && now - connection.pointee.acceptedAt > Limits.handshakeMilliseconds
            let waits = connection.pointee.openStreams > 0 || connection.pointee.unsent != nil
            let isStalled =
                waits && !connection.pointee.hasPendingWork
                && now - connection.pointee.progressAt > Limits.stallMilliseconds
            if isSilent || isStalled { destroy(connection) }
        }
        if state.pointee.connections == nil { application.idle() }
    }

    private func beginDraining(_ milliseconds: Int64) {
        if stopDeadline != nil { return }
        stopDeadline = monotonicMilliseconds() + milliseconds
        for acceptor in acceptors { epoll_ctl(epoll, EPOLL_CTL_DEL, acceptor.socket, nil) }
        acceptors = []
        var next = state.pointee.connections
        while let connection = next {
            next = connection.pointee.following
            // Streams up to the last id that was taken in are finished, later ones refused:
            // want_read and want_write of the session turn 0 when they are.
            nghttp2_submit_goaway(
                connection.pointee.session, 0,
                nghttp2_session_get_last_proc_stream_id(connection.pointee.session),
                UInt32(NGHTTP2_NO_ERROR.rawValue), nil, 0)
            touch(connection)
        }
    }

    // MARK: epoll

    private func watch(_ descriptor: Int32, _ mark: UnsafeMutableRawPointer?) {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue
        event.data.ptr = mark
        epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
    }

    /// Marks below the first page are no pointers: nil is the eventfd, 1… the acceptors.
    private static var wakeMark: UnsafeMutableRawPointer? { nil }

    private static func acceptorIndex(_ mark: UnsafeMutableRawPointer?) -> Int? {
        let value = Int(bitPattern: mark)
        return value < 4_096 ? value - 1 : nil
    }
}

extension Connection {
    /// Whether a stream waits for the application: then the peer is not to blame.
    var hasPendingWork: Bool {
        var stream = streams
        while let current = stream {
            if current.pointee.phase == .pending { return true }
            stream = current.pointee.elder
        }
        return false
    }
}

/// Milliseconds on the monotonic clock.
func monotonicMilliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
}
