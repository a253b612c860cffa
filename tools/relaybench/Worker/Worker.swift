import CLinux
import Glibc
import HTTP2
import Synchronization
import System

/// One thread of a run: fills slots when requests are due, checks answers as they arrive, counts.
final class Worker: ResponseHandler, @unchecked Sendable {
    // SAFETY: used by its own thread from `start` to `join`, by the run's thread before and after.
    let workload: Workload
    let board: Board
    let number: Int
    let runners: [Runner]
    /// Milliseconds and the like of this thread in the measured part.
    var usage = ThreadUsage()
    /// By how much requests were sent late though a slot was free: the client's own fault.
    let lateness = Histogram()
    /// When the last counted answer came; nanoseconds on the monotonic clock.
    var lastAnswer: Int64 = 0
    /// Requests that ended in the measured part, those that were due in the warm-up among them.
    var ended = 0
    /// Requests that the server refused without processing them, and that were sent again.
    var refused = 0

    var loop: ClientLoop!
    let inFlight: UnsafeMutablePointer<InFlightRequest>
    var free: SlotQueue
    /// Slots whose request is to be sent again.
    var retries: [Int] = []
    var underway = 0
    let nextPaths: UnsafeMutablePointer<UInt8>?
    let pathBytes: Int
    let weights: [Double]
    private var chance: Chance

    var pacer: Pacer
    var measuredFrom = Int64.max
    private var isEnding = false
    var left = Int.max

    let second = Histogram(digits: Limits.intervalDigits)
    var secondErrors = 0
    var secondIndex = 0
    /// The longest that a request had waited at any tick of this second.
    var secondWaiting: Int64 = 0
    var ticks = 0
    var ticksWithoutServer = 0
    private var thread: SystemThread?

    /// Connects.
    init(_ workload: Workload, _ board: Board, number: Int) throws(TransportError) {
        self.workload = workload
        self.board = board
        self.number = number
        runners = workload.plans.map {
            Runner(
                $0, thread: number, threads: workload.threads, seed: workload.seed,
                authority: workload.authority, fields: workload.fields)
        }
        weights = runners.map(\.plan.weight)
        pacer = Pacer(first: number, stride: workload.threads)
        chance = Chance(seed: workload.seed &+ UInt64(number) &* 7_919)
        let connections = workload.connections(of: number)
        let slots = connections * workload.streams
        pathBytes = workload.pathBytes
        left = workload.requests(of: number)
        // SAFETY: freed in deinit, after the loop that calls the handler is gone.
        inFlight = .allocate(capacity: slots)
        inFlight.initialize(repeating: InFlightRequest(), count: slots)
        let walks = runners.contains { $0.plan.isWalk }
        nextPaths = walks ? .allocate(capacity: slots * pathBytes) : nil
        free = SlotQueue(connections: connections, streams: workload.streams)
        super.init()
        loop = try ClientLoop(
            workload.address, connections: connections, streams: workload.streams,
            pathBytes: pathBytes,
            handler: self)
    }

    deinit {
        loop = nil
        inFlight.deallocate()
        free.deallocate()
        nextPaths?.deallocate()
    }

    /// The server's process, as the kernel tells.
    var serverProcess: Int32? { loop.serverProcess }

    // MARK: Thread

    /// Starts the thread.
    ///
    /// - Parameter start: nanoseconds on the monotonic clock, common to all threads.
    func start(at start: Int64) {
        measuredFrom = start + workload.warmUp
        pacer.begin(workload.parts, at: start)
        do throws(ThreadError) {
            thread = try SystemThread { [self] in
                run()
                board.ended.add(1, ordering: .releasing)
            }
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// Waits for its end.
    func join() { thread?.join() }

    private func run() {
        relay_precise_timers()
        var isWarm = true
        var nextTick = SystemClock.monotonic.nanoseconds + Limits.tick
        var deadline = Int64.max
        while true {
            let now = SystemClock.monotonic.nanoseconds
            if isWarm, now >= measuredFrom {
                isWarm = false
                usage.begin()
            }
            if now >= nextTick {
                tick(now)
                nextTick = now + Limits.tick
            }
            if !isEnding, isOver(now) {
                isEnding = true
                pacer.stop(at: now)
                deadline = now + workload.drain(board.isStopped.load(ordering: .relaxed))
                usage.end()
            }
            fill(now)
            if isEnding, underway == 0, !hasBacklog { break }
            if now >= deadline || board.isServerGone.load(ordering: .relaxed) { break }
            loop.turn(waiting: wait(now, nextTick))
        }
        if !isEnding { usage.end() }
        giveUp()
    }

    private func isOver(_ now: Int64) -> Bool {
        now >= pacer.end || left == 0 || board.isStopped.load(ordering: .relaxed)
            || board.isServerGone.load(ordering: .relaxed)
    }

    /// Requests that were due before the end and are not sent yet.
    private var hasBacklog: Bool {
        pacer.isOpen && left > 0 && pacer.nextDue < pacer.end
    }

    private func wait(_ now: Int64, _ tick: Int64) -> Int64 {
        var until = Swift.min(tick, isEnding ? tick : pacer.end)
        if measuredFrom > now { until = Swift.min(until, measuredFrom) }
        if !free.isEmpty, !isEnding || hasBacklog {
            until = Swift.min(until, pacer.isOpen ? pacer.nextDue : free.nextReady)
        }
        return until - now
    }

    // MARK: Sending

    private func fill(_ now: Int64) {
        if !retries.isEmpty { sendAgain() }
        if pacer.isOpen {
            while !free.isEmpty, pacer.nextDue <= now, pacer.nextDue < pacer.end, left > 0,
                !isEnding || hasBacklog
            {
                let slot = free.take()
                if !loop.isUsable(slot) {
                    free.park(slot)
                    continue
                }
                if measuredFrom <= pacer.nextDue {
                    lateness.record(now - Swift.max(pacer.nextDue, free.freeSince))
                }
                begin(slot, intended: pacer.nextDue, now)
                pacer.advance()
            }
        } else if !isEnding {
            while !free.isEmpty, left > 0, free.nextReady <= now {
                let slot = free.take()
                if loop.isUsable(slot) {
                    begin(slot, intended: now, now)
                } else {
                    free.park(slot)
                }
            }
        }
    }

    private func begin(_ slot: Int, intended: Int64, _ now: Int64) {
        let request = inFlight + slot
        let index = weights.count == 1 ? 0 : pick()
        let runner = runners[index]
        runner.make(
            request, path: loop.path(slot), body: loop.body(slot),
            next: nextPaths.map { $0 + slot * pathBytes })
        request.pointee.phase = .underway
        request.pointee.scenario = index
        request.pointee.intended = intended
        request.pointee.sent = now
        request.pointee.isCounted = intended >= measuredFrom
        request.pointee.tries = 0
        request.pointee.expectAnswer()
        underway += 1
        if request.pointee.isCounted { left -= 1 }
        if !submit(slot) { retries.append(slot) }
    }

    func submit(_ slot: Int) -> Bool {
        let request = inFlight + slot
        let runner = runners[request.pointee.scenario]
        return loop.submit(
            slot, runner.templates[Int(request.pointee.template)],
            pathLength: Int(request.pointee.pathLength),
            bodyLength: Int(request.pointee.bodyLength), body: request.pointee.sharedBody)
    }

    // MARK: From the loop, see Worker+Answers.swift

    override func field(
        _ slot: Int, _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) {
        fieldReceived(slot, name, value)
    }
    override func data(_ slot: Int, _ bytes: UnsafeRawBufferPointer) { dataReceived(slot, bytes) }
    override func finished(_ slot: Int, _ outcome: ResponseOutcome) { ended(slot, outcome) }
    override func ready(_ connection: Int) { unpark(connection) }

    func pick() -> Int {
        var rest = chance.fraction() * workload.weightSum
        for index in weights.indices.dropLast() {
            if rest < weights[index] { return index }
            rest -= weights[index]
        }
        return weights.count - 1
    }
}
