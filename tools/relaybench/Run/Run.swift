import Glibc
import HTTP2
import Options
import Synchronization
import System

/// One run of a load, from the first connection to the figures.
struct Run {
    let workload: Workload
    /// The server's process, if it is known.
    let server: ServerProcess?
    let screen: Screen
    /// Those that may end the run, with `Workload.abortsOnThreshold`.
    var thresholds: [Threshold] = []

    /// Carries it out; Ctrl-C ends it early and still gives its figures.
    func carryOut() throws(BenchError) -> RunResult {
        let board = Board(threads: workload.threads)
        var workers: [Worker] = []
        do throws(TransportError) {
            for number in 0..<workload.threads {
                workers.append(try Worker(workload, board, number: number))
            }
        } catch {
            throw .transport(error)
        }
        let process = server ?? workers[0].serverProcess.flatMap { ServerProcess(serving: $0) }
        // The first look is at the very beginning of the measured part, or what a short run costs
        // would be lost: nothing is asked of the server between that and the first request.
        var watch = ServerWatch(process, isWarm: workload.warmUp == 0)
        let start = SystemClock.monotonic.nanoseconds
        for worker in workers { worker.start(at: start) }
        let end = wait(for: board, &watch, from: start + workload.warmUp)
        for worker in workers { worker.join() }
        screen.clear()
        var result = RunResult(workload, workers, board, from: start + workload.warmUp, end)
        result.server = watch.figures(requests: workers.reduce(0) { $0 + $1.ended })
        result.judge(workload)
        return result
    }

    /// Waits for the threads.
    ///
    /// - Returns: how the run ended.
    private func wait(
        for board: Board, _ watch: inout ServerWatch, from measured: Int64
    ) -> BenchReport.End {
        var end = BenchReport.End.finished
        var nextJudgement = measured + Limits.firstJudgement
        while board.ended.load(ordering: .acquiring) < workload.threads {
            var now = SystemClock.monotonic.nanoseconds
            var pause = Limits.look
            // Not late for the beginning and the end of the measured part.
            for time in [measured, measured + workload.duration] where time > now {
                pause = min(pause, time - now)
            }
            usleep(UInt32(pause / 1_000))
            now = SystemClock.monotonic.nanoseconds
            if now >= measured { watch.begin() }
            if now >= measured + workload.duration { watch.endOfLoad() }
            if Interrupt.isPending, end == .finished {
                end = .interrupted
                board.isStopped.store(true, ordering: .relaxed)
            }
            if workload.abortsOnThreshold, now >= nextJudgement, end == .finished {
                nextJudgement = now + Limits.firstJudgement / 4
                if isHopeless(board, Double(now - measured) / 1e9) {
                    end = .aborted
                    board.isStopped.store(true, ordering: .relaxed)
                }
            }
            screen.update(board, now - measured, workload)
        }
        return board.isServerGone.load(ordering: .relaxed) ? .failed : end
    }

    /// Whether a threshold is missed by what was counted so far.
    private func isHopeless(_ board: Board, _ seconds: Double) -> Bool {
        let tallies = board.soFar()
        guard !tallies.isEmpty else { return false }
        let all = Tally()
        for tally in tallies { all.add(tally) }
        return thresholds.contains { threshold in
            // The server's own figures are read when the run is over.
            if threshold.metric == .serverCPU { return false }
            let index = workload.plans.firstIndex { $0.name == threshold.scenario }
            let tally = index.map { tallies[$0] } ?? all
            return threshold.verdict(threshold.figure(tally, seconds: seconds)) == false
        }
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
    /// Seconds from its beginning until nothing new was due: then answers were waited for.
    let sending: Double
    let usage: [ThreadUsage]
    let lateness = Histogram()
    /// How it ended.
    let end: BenchReport.End
    /// Whether it came to its measured part.
    let isMeasured: Bool
    /// Requests that were refused without being processed, and sent again.
    let refused: Int
    /// Connections that were opened again.
    let reconnections: Int
    /// Streams of a connection that the server allowed, if that was less than what was asked for.
    let streamLimit: Int?
    var server: ServerFigures?
    /// Why the client, and not the server, was the limit; empty when it was not.
    private(set) var clientLimits: [String] = []

    init(
        _ workload: Workload, _ workers: [Worker], _ board: Board, from start: Int64,
        _ end: BenchReport.End
    ) {
        for (index, plan) in workload.plans.enumerated() {
            let tally = Tally()
            for worker in workers { tally.add(worker.runners[index].tally) }
            parts.append(
                Part(
                    name: plan.name, keys: plan.keys, keyCount: plan.keyCount,
                    share: 100 * plan.weight / workload.weightSum, tally: tally))
            all.add(tally)
        }
        for worker in workers { lateness.add(worker.lateness) }
        usage = workers.map(\.usage)
        self.end = end
        refused = workers.reduce(0) { $0 + $1.refused }
        reconnections = workers.reduce(0) { $0 + $1.loop.reconnections }
        let limit = workers.map(\.loop.streamLimit).min() ?? workload.streams
        streamLimit = limit < workload.streams ? limit : nil
        intervals = board.intervals
        let last = workers.map { Swift.max($0.lastAnswer, start) }.max() ?? start
        sending = Double(usage.map(\.elapsed).max() ?? 0) / 1e9
        isMeasured = sending > 0
        seconds = Swift.max(sending, Double(last - start) / 1e9, 1e-9)
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
    fileprivate mutating func judge(_ workload: Workload) {
        if workload.schedule.isOpen {
            let late = lateness.value(atPercentile: 99)
            if late > workload.allowedLateness {
                let time = Figure.time(Double(late) / 1_000)
                clientLimits.append(
                    "1 % of the requests were sent more than \(time) late while the "
                        + "server waited for them")
            }
        }
        // A server that is as busy as we are is a limit of its own.
        let serverBusy = server?.busiest ?? 0
        if busiest >= workload.allowedBusy, serverBusy < workload.allowedBusy {
            clientLimits.append(
                "a thread of relaybench used or waited for \(Figure.short(busiest * 100)) % of a "
                    + "core; give it more threads (-t) or a core of its own")
        }
    }
}
