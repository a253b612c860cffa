import CLinux
import Glibc
import Metrics
import Synchronization
import System

/// One thread, one epoll instance, and the connections it adopted.
///
/// A turn: wait; take in the mailbox; read from every socket that is ready; let the application
/// renew its reader; answer and send per connection; close what has to be closed. Reading comes
/// before renewing, so that a request sees every write that was acknowledged before it was sent. A
/// request that is admitted while it is read is renewed for at once: see `Loop.renew`.
public final class EventLoop: @unchecked Sendable {
    // SAFETY: `loop` is touched on the loop's thread only, the mailbox under its lock.
    let loop: Loop
    let application: Application
    let bodies: BodyBudget
    let journal: ConnectionJournal
    let epoll: Int32
    private let wake: Int32
    private let mailbox = Mutex<[@Sendable () -> Void]>([])
    /// What came out of it last.
    private var mail: [@Sendable () -> Void] = []
    private let isWakeDue = Atomic<Bool>(false)
    private let events: UnsafeMutablePointer<epoll_event>
    var acceptors: [Acceptor] = []
    private var thread: SystemThread?
    var stopDeadline: Int64?
    /// When every client is told the last stream that is still answered; nil once it was.
    var goodbyeAt: Int64?
    /// Whether the application was told that there is nothing to do.
    private var isResting = false
    let count = Atomic<Int>(0)
    private let published = PublishedCounters()
    /// What `loop` counts in: a copy, for other threads.
    private let times: RequestCounters

    /// Makes a loop whose requests `application` answers.
    ///
    /// - Parameters:
    ///   - bodies: what request bodies may take, shared with other loops.
    ///   - journal: told of connections that are cut off.
    public init(
        application: Application, bodies: BodyBudget = BodyBudget(),
        journal: ConnectionJournal = ConnectionJournal()
    ) throws(TransportError) {
        self.application = application
        self.bodies = bodies
        self.journal = journal
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        wake = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard epoll >= 0, wake >= 0 else {
            throw .system("epoll_create1 or eventfd", errno: errno)
        }
        // SAFETY: both are freed in deinit, after the thread has ended.
        loop = Loop(pointer: .allocate(capacity: 1))
        let timed = AnswerTimes(application)
        times = timed.counters
        events = .allocate(capacity: Limits.eventsPerTurn)
        loop.pointer.initialize(
            to: LoopState(epoll: epoll, application: application, owner: self, times: timed))
        watch(wake, Self.wakeMark)
    }

    deinit {
        while let connection = loop.connections { destroy(connection) }
        loop.deallocateAll()
        events.deallocate()
        Glibc.close(epoll)
        Glibc.close(wake)
    }

    /// Connections that are open or on their way here, readable from any thread.
    public var connectionCount: Int { count.load(ordering: .relaxed) }

    /// What this loop has done up to its last turn, readable from any thread.
    public var counters: LoopCounters { published.current(requests) }

    /// What this loop has answered up to its last turn, by kind of request; readable from any thread.
    public var requests: RequestValues {
        var values = RequestValues(kinds: times.kinds)
        add(to: &values)
        return values
    }

    /// Adds what this loop has answered.
    func add(to values: inout RequestValues) { times.add(to: &values) }

    // MARK: From other threads

    /// Runs `work` on the loop's thread, soon.
    public func enqueue(_ work: @escaping @Sendable () -> Void) {
        let wasEmpty = mailbox.withLock { box in
            box.append(work)
            return box.count == 1
        }
        // One eventfd write wakes the loop for all that came since it last looked.
        if wasEmpty { Wakes.wake(wake, of: self) }
    }

    /// Has the application's `woken` called, soon.
    func wakeApplication() {
        if !isWakeDue.exchange(true, ordering: .acquiringAndReleasing) {
            Wakes.wake(wake, of: self)
        }
    }

    /// Hands a connected, non-blocking socket to the loop, which closes it in the end.
    public func adopt(_ socket: Int32) {
        // At once, so that of a burst of connections each loop gets its share.
        count.add(1, ordering: .relaxed)
        enqueue { self.add(socket) }
    }

    /// Ends the loop: no new streams, those under way get until the deadline.
    public func stop(afterMilliseconds milliseconds: Int64 = Limits.drainMilliseconds) {
        enqueue { self.beginDraining(milliseconds) }
    }

    /// Starts the loop's thread.
    public func start() throws(TransportError) {
        do throws(ThreadError) {
            thread = try SystemThread { [self] in run() }
        } catch {
            throw .noThread(error)
        }
    }

    /// Waits until the loop's thread has ended.
    public func join() { thread?.join() }

    // MARK: The thread

    private func run() {
        while !isFinished {
            turn(timeout: timeout)
        }
        application.idle()
        while let connection = loop.connections { destroy(connection) }
    }

    private var isFinished: Bool {
        guard let stopDeadline else { return false }
        return loop.connections == nil || SystemClock.coarse.milliseconds >= stopDeadline
    }

    /// Nothing to time: sleep until something happens. Else look at the clocks every second. But
    /// before a long sleep the application gives back what it holds: a loop without work
    /// would keep the pages of its last commit from being reused, and the file would grow.
    private var timeout: Int32 {
        if stopDeadline != nil { return Limits.drainTurnMilliseconds }
        // The sweep has ended something.
        if loop.touched != nil { return 0 }
        if !isResting { return Limits.restMilliseconds }
        if loop.heldEnds > 0 { return Int32(Limits.heldEndMilliseconds / 4) }
        let isIdle = loop.connections == nil && !hasPausedAcceptor && !loop.owesMemory
        return isIdle ? -1 : 1_000
    }

    /// One turn of the loop.
    func turn(timeout: Int32) {
        let ready = epoll_wait(epoll, events, Int32(Limits.eventsPerTurn), timeout)
        let microseconds = SystemClock.monotonic.microseconds
        loop.nowMicroseconds = microseconds
        let now = microseconds / 1_000
        let before = loop.now
        loop.now = now
        // What the mailbox brings may have been committed since.
        loop.hasRenewed = false
        if ready == 0, !isResting {
            isResting = true
            application.idle()
        }
        for index in 0..<Int(max(ready, 0)) { receive(events[index]) }
        if stopDeadline != nil { drain(now) }
        if loop.touched != nil {
            isResting = false
            loop.renew()
            serveTouched()
            loop.counters.turns &+= 1
            loop.counters.openStreams = UInt64(loop.pool.inUse)
            published.publish(loop.counters)
        }
        if now / 1_000 != before / 1_000, loop.connections != nil, application.tick() {
            isResting = false
        }
        let period: Int64 = loop.heldEnds > 0 ? Limits.heldEndMilliseconds / 4 : 1_000
        if now / period != before / period {
            sweep(now)
            loop.giveBackMemory()
            loop.times.renew(application)
            resumeAcceptors()
        }
        if loop.hasCutOff {
            loop.hasCutOff = false
            published.publish(cutOffs: loop.counters.cutOffs)
        }
    }

    private func receive(_ event: epoll_event) {
        let mark = event.data.ptr
        if mark == Self.wakeMark {
            runMailbox()
            return wakeIfDue()
        }
        if let index = Self.acceptorIndex(mark) { return accept(index) }
        // SAFETY: epoll knows a connection until `destroy` closes its socket.
        let connection = Connection(address: mark!)
        if event.events & EPOLLOUT.rawValue != 0 { connection.becameWritable() }
        // A client that has gone may have left something to do.
        let hasGone = event.events & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
        if hasGone || event.events & EPOLLIN.rawValue != 0 { connection.receive(hasGone) }
        touch(connection)
    }

    /// Runs what other threads asked for.
    func runMailbox() {
        var value: eventfd_t = 0
        eventfd_read(wake, &value)
        // Two arrays take turns, so that neither is made anew.
        mailbox.withLock { swap(&$0, &mail) }
        for item in mail { item() }
        mail.removeAll(keepingCapacity: true)
    }

    private func wakeIfDue() {
        guard isWakeDue.exchange(false, ordering: .acquiringAndReleasing) else { return }
        application.woken()
        // What it has renewed is given back before a long sleep.
        isResting = false
    }

    /// Waits for work from other threads and runs it, and ticks: for loops without a thread.
    func waitForMailbox() {
        var descriptor = pollfd(fd: wake, events: Int16(POLLIN), revents: 0)
        if poll(&descriptor, 1, 1_000) == 0 {
            _ = application.tick()
            return
        }
        runMailbox()
        wakeIfDue()
    }

    private func serveTouched() {
        while let connection = loop.touched {
            loop.touched = connection.nextTouched
            connection.isTouched = false
            if connection.isClosing || !connection.serve() {
                destroy(connection)
            } else if connection.control.count > Limits.maxQueuedFrames {
                // An attack on memory: there is no word that it would read.
                loop.cutOff(.unread, "more than \(Limits.maxQueuedFrames) frames wait for it")
                destroy(connection)
            }
            if loop.times.isPending { loop.times.settle(loop) }
        }
    }

    /// Something was run through an exchange's token: its body goes on, or it is answered (by the
    /// application once more, if what was run has not done so).
    func resumed(_ stream: Stream) {
        let connection = stream.connection!
        // Something else was run in the same turn: it is in the queue already.
        if stream.phase == .waiting { return }
        let isArriving = stream.phase == .receiving && stream.status == 0
        if connection.isDetached {
            stream.phase = .receiving
            return
        }
        touch(connection)
        if isArriving { return connection.continueBody(stream) }
        connection.enqueue(stream)
    }

    // MARK: epoll

    /// - Returns: false with errno set when epoll will not look at the descriptor.
    @discardableResult
    func watch(_ descriptor: Int32, _ mark: UnsafeMutableRawPointer?) -> Bool {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue
        event.data.ptr = mark
        return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0
    }

    /// Marks below the first page are no pointers: nil is the eventfd, 1… the acceptors.
    private static var wakeMark: UnsafeMutableRawPointer? { nil }

    private static func acceptorIndex(_ mark: UnsafeMutableRawPointer?) -> Int? {
        let value = Int(bitPattern: mark)
        return value < 4_096 ? value - 1 : nil
    }
}
