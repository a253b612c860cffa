import CivilTime
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
        let started = Timestamp(
            milliseconds: SystemClock.wall.milliseconds + workload.warmUp / 1_000_000)
        for worker in workers { worker.start(at: start) }
        let end = wait(for: board, &watch, from: start + workload.warmUp)
        for worker in workers { worker.join() }
        screen.clear()
        var result = RunResult(
            workload, workers, board, from: start + workload.warmUp, started, end)
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
