import CivilTime

/// The figures of one run: of this program, or of several that ran at the same time.
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
    let parts: [Part]
    let intervals: [Interval]
    /// When the measured part began.
    let started: Timestamp
    /// Seconds from the beginning of the measured part to its last answer, at least its length.
    let seconds: Double
    /// Seconds from its beginning until nothing new was due: then answers were waited for.
    let sending: Double
    /// Nanoseconds of CPU that relaybench used.
    let clientCPU: Double
    /// Share of a core that the busiest of its threads used or waited for.
    let busiest: Double
    let lateness = Histogram()
    /// How it ended.
    let end: BenchReport.End
    /// Requests that were refused without being processed, and sent again.
    let refused: Int
    /// Connections that were opened again.
    let reconnections: Int
    /// Streams of a connection that the server allowed, if that was less than what was asked for.
    let streamLimit: Int?
    var server: ServerFigures?
    /// Why the client, and not the server, was the limit; empty when it was not.
    var clientLimits: [String] = []

    /// - Parameters:
    ///   - start: when the measured part began, in nanoseconds on the monotonic clock.
    ///   - started: the same on the clock of the wall.
    init(
        _ workload: Workload, _ workers: [Worker], _ board: Board, from start: Int64,
        _ started: Timestamp, _ end: BenchReport.End
    ) {
        parts = workload.plans.enumerated().map { index, plan in
            let tally = Tally()
            for worker in workers { tally.add(worker.runners[index].tally) }
            return Part(
                name: plan.name, keys: plan.keys, keyCount: plan.keyCount,
                share: 100 * plan.weight / workload.weightSum, tally: tally)
        }
        for part in parts { all.add(part.tally) }
        for worker in workers { lateness.add(worker.lateness) }
        let usage = workers.map(\.usage)
        clientCPU = usage.reduce(0) { $0 + Double($1.cpu) }
        busiest = usage.map(\.busy).max() ?? 0
        self.started = started
        self.end = end
        refused = workers.reduce(0) { $0 + $1.refused }
        reconnections = workers.reduce(0) { $0 + $1.loop.reconnections }
        let limit = workers.map(\.loop.streamLimit).min() ?? workload.streams
        streamLimit = limit < workload.streams ? limit : nil
        intervals = board.intervals
        let last = workers.map { Swift.max($0.lastAnswer, start) }.max() ?? start
        sending = Double(usage.map(\.elapsed).max() ?? 0) / 1e9
        seconds = Swift.max(sending, Double(last - start) / 1e9, 1e-9)
    }

    /// Whether it came to its measured part.
    var isMeasured: Bool { sending > 0 }

    /// Requests that ended, whatever their end, per second.
    var rate: Double { Double(all.requests) / seconds }

    /// This program's CPU time per request, in microseconds.
    var clientMicroseconds: Double {
        all.requests == 0 ? 0 : clientCPU / 1_000 / Double(all.requests)
    }

    /// Says whether the client was the limit. Then nothing here is a figure of the server.
    mutating func judge(_ workload: Workload) {
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

extension RunResult {
    /// What several generators measured at the same time, as if one had: counters and histograms are
    /// added, which is exact. Their seconds are those of the one that began first: others' count to
    /// the nearest.
    init(merging runs: [RunResult]) {
        parts = runs[0].parts.indices.map { index in
            let tally = Tally()
            for run in runs { tally.add(run.parts[index].tally) }
            let part = runs[0].parts[index]
            return Part(
                name: part.name, keys: part.keys, keyCount: part.keyCount, share: part.share,
                tally: tally)
        }
        for part in parts { all.add(part.tally) }
        for run in runs { lateness.add(run.lateness) }
        let first = runs.map(\.started.milliseconds).min()!
        started = Timestamp(milliseconds: first)
        let delays = runs.map { Double($0.started.milliseconds - first) / 1_000 }
        seconds = zip(runs, delays).map { $0.seconds + $1 }.max()!
        sending = zip(runs, delays).map { $0.sending + $1 }.max()!
        clientCPU = runs.reduce(0) { $0 + $1.clientCPU }
        busiest = runs.map(\.busiest).max()!
        end = .finished
        refused = runs.reduce(0) { $0 + $1.refused }
        reconnections = runs.reduce(0) { $0 + $1.reconnections }
        streamLimit = runs.compactMap(\.streamLimit).min()
        intervals = Self.merged(runs.map(\.intervals), zip(runs, delays).map { Int($1.rounded()) })
        // Each that saw the server saw what all cost it, and shared that among its own requests.
        server = runs.filter { $0.server != nil }
            .max { $0.serverCPU < $1.serverCPU }
            .map { $0.server!.shared(among: all.requests, insteadOf: $0.all.requests) }
    }

    private var serverCPU: Double {
        (server?.microsecondsPerRequest ?? 0) * Double(all.requests)
    }

    private static func merged(_ all: [[Interval]], _ delays: [Int]) -> [Interval] {
        let count = zip(all, delays).map { $0.count + $1 }.max() ?? 0
        return (0..<count).map { second in
            let histogram = Histogram(digits: Limits.intervalDigits)
            var errors = 0
            var waiting: Int64 = 0
            for (intervals, delay) in zip(all, delays) where second >= delay {
                guard second - delay < intervals.count else { continue }
                let interval = intervals[second - delay]
                if let part = Histogram(encoded: interval.encoded) { histogram.add(part) }
                errors += interval.errors
                waiting = max(waiting, interval.waiting)
            }
            return Interval(histogram, errors: errors, waiting: waiting, isEncoded: true)
        }
    }
}
