import CLinux
import Glibc
import HTTP2
import Synchronization

/// One thread of a run: fills slots when requests are due, checks answers as they arrive, counts.
final class Worker: ResponseHandler, @unchecked Sendable {
    // SAFETY: used by its own thread from `start` to `join`, by the run's thread before and after.
    let load: Load
    let board: Board
    let number: Int
    let runners: [Runner]
    /// Milliseconds and the like of this thread in the measured part.
    var usage = ThreadUsage()
    /// By how much requests were sent late though a slot was free: the client's own fault.
    let lateness = Histogram()
    /// When the last counted answer came; nanoseconds on the monotonic clock.
    var lastAnswer: Int64 = 0

    var loop: ClientLoop!
    let flights: UnsafeMutablePointer<Flight>
    let free: UnsafeMutablePointer<Int>
    var freeCount = 0
    var parked: [Int] = []
    var underway = 0
    private let nextPaths: UnsafeMutablePointer<UInt8>?
    let weights: [Double]
    private var chance: Chance

    var pacer: Pacer
    var slotFreeSince: Int64 = 0
    var measuredFrom = Int64.max
    private var isEnding = false
    var left = Int.max

    let second = Histogram(digits: Limits.intervalDigits)
    var secondErrors = 0
    var secondIndex = 0
    var ticksWithoutServer = 0
    private var thread = pthread_t()

    /// Connects.
    init(_ load: Load, _ board: Board, number: Int) throws(TransportError) {
        self.load = load
        self.board = board
        self.number = number
        runners = load.plans.map {
            Runner(
                $0, thread: number, threads: load.threads, seed: load.seed,
                authority: load.authority, fields: load.fields)
        }
        weights = runners.map(\.plan.weight)
        pacer = Pacer(first: number, stride: load.threads)
        chance = Chance(seed: load.seed &+ UInt64(number) &* 7_919)
        let connections = load.connections(of: number)
        let slots = connections * load.streams
        // SAFETY: freed in deinit, after the loop that calls the handler is gone.
        flights = .allocate(capacity: slots)
        flights.initialize(repeating: Flight(), count: slots)
        free = .allocate(capacity: slots)
        let walks = runners.contains { $0.plan.isWalk }
        nextPaths = walks ? .allocate(capacity: slots * HTTP2.Limits.clientPathBytes) : nil
        super.init()
        loop = try ClientLoop(
            load.address, connections: connections, streams: load.streams, handler: self)
        // Taken from the end: spread the first requests over all connections.
        for slot in 0..<slots {
            let place = slot % connections * load.streams + slot / connections
            free[slots - 1 - slot] = place
        }
        freeCount = slots
    }

    deinit {
        loop = nil
        flights.deallocate()
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
        pacer.base = start
        // SAFETY: released by the thread itself.
        let context = Unmanaged.passRetained(self).toOpaque()
        let code = pthread_create(
            &thread, nil,
            { context in
                let worker = Unmanaged<Worker>.fromOpaque(context!).takeRetainedValue()
                worker.run()
                worker.board.ended.add(1, ordering: .releasing)
                return nil
            }, context)
        precondition(code == 0, "cannot start a thread: \(String(cString: strerror(code)))")
    }

    /// Waits for its end.
    func join() { pthread_join(thread, nil) }

    private func run() {
        relay_precise_timers()
        pacer.begin(load.schedule.beginning, at: pacer.base, for: load.warmUp)
        var isWarm = load.warmUp > 0
        if !isWarm { beginMeasuring() }
        var nextTick = pacer.base + Limits.tick
        var deadline = Int64.max
        while true {
            let now = ClientLoop.clock()
            if isWarm, now >= pacer.end {
                isWarm = false
                pacer.base = pacer.end
                beginMeasuring()
            }
            if now >= nextTick {
                tick(now)
                nextTick = now + Limits.tick
            }
            if !isEnding, !isWarm || board.isStopped.load(ordering: .relaxed), isOver(now) {
                isEnding = true
                pacer.stop(at: now)
                deadline = now + load.drain(board.isStopped.load(ordering: .relaxed))
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

    private func beginMeasuring() {
        pacer.begin(load.schedule, at: pacer.base, for: load.duration)
        measuredFrom = pacer.base
        left = load.requests(of: number)
        usage.begin()
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
        if pacer.isOpen, freeCount > 0, !isEnding || hasBacklog {
            until = Swift.min(until, pacer.nextDue)
        }
        return until - now
    }

    // MARK: Sending

    private func fill(_ now: Int64) {
        if pacer.isOpen {
            while freeCount > 0, pacer.nextDue <= now, pacer.nextDue < pacer.end, left > 0,
                !isEnding || hasBacklog
            {
                if measuredFrom <= pacer.nextDue {
                    lateness.record(now - Swift.max(pacer.nextDue, slotFreeSince))
                }
                if !begin(intended: pacer.nextDue, now) { continue }
                pacer.advance()
            }
        } else if !isEnding {
            while freeCount > 0, left > 0 { _ = begin(intended: now, now) }
        }
    }

    private func begin(intended: Int64, _ now: Int64) -> Bool {
        freeCount -= 1
        let slot = free[freeCount]
        let flight = flights + slot
        let index = weights.count == 1 ? 0 : pick()
        let runner = runners[index]
        let next = nextPaths.map { $0 + slot * HTTP2.Limits.clientPathBytes }
        let (path, body) = runner.make(
            flight, path: loop.path(slot), body: loop.body(slot), next: next)
        guard loop.submit(slot, runner.template, pathLength: path, bodyLength: body) else {
            parked.append(slot)
            return false
        }
        flight.pointee.phase = .underway
        flight.pointee.scenario = index
        flight.pointee.intended = intended
        flight.pointee.sent = now
        flight.pointee.isCounted = intended >= measuredFrom
        flight.pointee.seenTotal = -1
        flight.pointee.fault = nil
        flight.pointee.hasBegun = false
        flight.pointee.lastByte = 0
        underway += 1
        if measuredFrom != .max { left -= 1 }
        return true
    }

    func pick() -> Int {
        var rest = chance.fraction() * load.weightSum
        for index in weights.indices.dropLast() {
            if rest < weights[index] { return index }
            rest -= weights[index]
        }
        return weights.count - 1
    }

    // MARK: Answers

    override func field(
        _ slot: Int, _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) {
        let flight = flights + slot
        if name.count == 13, flight.pointee.total >= 0, name.elementsEqual("x-total-count".utf8) {
            flight.pointee.seenTotal = DecimalText.read(value).map { Int($0) } ?? -1
        } else if flight.pointee.isWalk, name.count == 4, let nextPaths,
            name.elementsEqual("link".utf8)
        {
            keepNext(slot, value, nextPaths + slot * HTTP2.Limits.clientPathBytes)
        }
    }

    /// Keeps the target of `Link: <…>; rel="next"`.
    private func keepNext(
        _ slot: Int, _ value: UnsafeRawBufferPointer, _ space: UnsafeMutablePointer<UInt8>
    ) {
        guard let end = value.firstIndex(of: UInt8(ascii: ">")), end > 1,
            end <= HTTP2.Limits.clientPathBytes, value[0] == UInt8(ascii: "<")
        else { return }
        for index in 1..<end { space[index - 1] = value[index] }
        flights[slot].nextLength = end - 1
        flights[slot].hasNext = true
    }

    override func data(_ slot: Int, _ bytes: UnsafeRawBufferPointer) {
        let flight = flights + slot
        if bytes.isEmpty { return }
        let runner = runners[flight.pointee.scenario]
        if !flight.pointee.hasBegun {
            flight.pointee.hasBegun = true
            if !flight.pointee.begins(bytes, with: runner.expectation.head) {
                flight.pointee.fault = .body
            }
        }
        flight.pointee.lastByte = bytes[bytes.count - 1]
        if flight.pointee.readsWhole { flight.pointee.scanner.read(bytes) }
    }

    override func finished(_ slot: Int, _ outcome: ResponseOutcome) {
        let flight = flights + slot
        if flight.pointee.phase == .underway {
            let runner = runners[flight.pointee.scenario]
            count(flight, runner, fault(flight, runner, outcome), outcome.receivedBytes)
            underway -= 1
        }
        flight.pointee.phase = .free
        if freeCount == 0 { slotFreeSince = loop.now }
        free[freeCount] = slot
        freeCount += 1
    }
}
