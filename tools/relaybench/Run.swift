import Glibc
import HTTP2
import Options
import Synchronization

/// One run of a load, from the first connection to the figures.
struct Run {
    let load: Load
    /// The server's process, if it is known.
    let server: ServerProcess?
    let screen: Screen

    /// Carries it out; Ctrl-C ends it early and still gives its figures.
    func carryOut() throws(BenchError) -> RunResult {
        let board = Board()
        var workers: [Worker] = []
        do throws(TransportError) {
            for number in 0..<load.threads {
                workers.append(try Worker(load, board, number: number))
            }
        } catch {
            throw .transport(error)
        }
        let process = server ?? workers[0].serverProcess.map { ServerProcess(id: $0) }
        let start = ClientLoop.clock()
        for worker in workers { worker.start(at: start) }
        let measuredFrom = start + load.warmUp
        var first: ServerUsage?
        var before: [UInt8] = []
        var last: ServerUsage?
        while board.ended.load(ordering: .acquiring) < load.threads {
            usleep(20_000)
            let now = ClientLoop.clock()
            if first == nil, now >= measuredFrom, let process {
                first = ServerUsage(of: process.id)
                before = process.counters()
            }
            // The last look before the end: answers that come late belong to it too.
            if last == nil, now >= measuredFrom + load.duration, let process {
                last = ServerUsage(of: process.id)
            }
            if Interrupt.isPending { board.isStopped.store(true, ordering: .relaxed) }
            screen.update(board, now - measuredFrom, load)
        }
        for worker in workers { worker.join() }
        screen.clear()
        var result = RunResult(load, workers, board, from: measuredFrom)
        if let process, let first, let end = ServerUsage(of: process.id) {
            result.server = ServerFigures(
                from: first, to: last ?? end, requests: result.all.requests,
                before: before, after: process.counters())
        }
        result.judge(load)
        return result
    }
}

/// The figures of one run.
struct RunResult {
    /// A scenario's share of it.
    struct Part {
        let name: String
        let keys: KeyChoice
        let keyCount: Int
        /// Percent of the requests that are to be of this scenario.
        let share: Double
        let tally: Tally
    }

    /// All scenarios together.
    let all = Tally()
    private(set) var parts: [Part] = []
    let intervals: [Interval]
    /// Seconds from the beginning of the measured part to its last answer, at least its length.
    let seconds: Double
    let usage: [ThreadUsage]
    let lateness = Histogram()
    let isStopped: Bool
    let isServerGone: Bool
    var server: ServerFigures?
    /// Why the client, and not the server, was the limit; empty when it was not.
    private(set) var clientLimits: [String] = []

    init(_ load: Load, _ workers: [Worker], _ board: Board, from start: Int64) {
        for (index, plan) in load.plans.enumerated() {
            let tally = Tally()
            for worker in workers { tally.add(worker.runners[index].tally) }
            parts.append(
                Part(
                    name: plan.name, keys: plan.keys, keyCount: plan.keyCount,
                    share: 100 * plan.weight / load.weightSum, tally: tally))
            all.add(tally)
        }
        for worker in workers { lateness.add(worker.lateness) }
        usage = workers.map(\.usage)
        isStopped = board.isStopped.load(ordering: .relaxed)
        isServerGone = board.isServerGone.load(ordering: .relaxed)
        intervals = board.intervals
        let last = workers.map { Swift.max($0.lastAnswer, start) }.max() ?? start
        let measured = Double(usage.map(\.elapsed).max() ?? 0) / 1e9
        seconds = Swift.max(measured, Double(last - start) / 1e9, 1e-9)
    }

    /// Requests that ended, whatever their end, per second.
    var rate: Double { Double(all.requests) / seconds }

    /// This program's CPU time per request, in microseconds.
    var clientMicroseconds: Double {
        let cpu = usage.reduce(0) { $0 + $1.cpu }
        return all.requests == 0 ? 0 : Double(cpu) / 1_000 / Double(all.requests)
    }

    /// Share of a core that the busiest thread used or waited for.
    var busiest: Double { usage.map(\.busy).max() ?? 0 }

    /// Says whether the client was the limit. Then nothing here is a figure of the server.
    fileprivate mutating func judge(_ load: Load) {
        if load.schedule.isOpen {
            let late = lateness.value(atPercentile: 99)
            if late > load.allowedLateness {
                let time = Figure.time(Double(late) / 1_000)
                clientLimits.append(
                    "1 % of the requests were sent more than \(time) late while the "
                        + "server waited for them")
            }
        }
        // A server that is as busy as we are is a limit of its own.
        let serverBusy = server?.busiest ?? 0
        if busiest >= load.allowedBusy, serverBusy < load.allowedBusy {
            clientLimits.append(
                "a thread of relaybench used or waited for \(Figure.short(busiest * 100)) % of a "
                    + "core; give it more threads (-t) or a core of its own")
        }
    }
}

/// What the run cost the server.
struct ServerFigures {
    let microsecondsPerRequest: Double
    let busiest: Double
    let anonymousBefore: Int
    let anonymousAfter: Int
    let contextSwitches: Int
    let minorFaults: Int
    let majorFaults: Int
    /// What relayd itself counts, before and after: JSON of its admin socket; empty if there is none.
    let countersBefore: [UInt8]
    let countersAfter: [UInt8]

    init(
        from start: ServerUsage, to end: ServerUsage, requests: Int, before: [UInt8],
        after: [UInt8]
    ) {
        microsecondsPerRequest =
            Double(end.cpu - start.cpu) / 1_000 / Double(Swift.max(1, requests))
        busiest = end.busiest(since: start)
        anonymousBefore = start.anonymous
        anonymousAfter = end.anonymous
        contextSwitches = end.contextSwitches - start.contextSwitches
        minorFaults = end.minorFaults - start.minorFaults
        majorFaults = end.majorFaults - start.majorFaults
        countersBefore = before
        countersAfter = after
    }
}
