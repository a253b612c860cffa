import Metrics

/// The figures for Prometheus and what speaks its language: all runs together.
extension BenchReport {
    /// OpenMetrics 1.0.
    var openMetrics: [UInt8] {
        var text = Exposition(.openMetrics)
        let parts = partsOfAllRuns
        for (name, tally) in parts {
            text.counter(
                "relaybench_requests", "Requests that came to an end, errors among them.",
                UInt64(tally.requests), [("scenario", name)])
        }
        for (name, tally) in parts {
            for fault in Fault.allCases {
                text.counter(
                    "relaybench_errors", "Requests that failed.",
                    UInt64(tally.faults[fault.rawValue]),
                    [("scenario", name), ("fault", "\(fault.name)")])
            }
        }
        for (name, tally) in parts {
            for (status, times) in tally.statuses.enumerated() where times > 0 && status > 0 {
                text.counter(
                    "relaybench_answers", "Answers by status code.", UInt64(times),
                    [("scenario", name), ("status", "\(status)")])
            }
        }
        for (name, tally) in parts {
            text.counter(
                "relaybench_body_bytes", "Bytes of the answers' bodies.", UInt64(tally.bytes),
                [("scenario", name)])
        }
        for (name, tally) in parts {
            text.histogram(
                "relaybench_latency_seconds",
                "From the time at which a request was due to the end of its answer.",
                tally.corrected.microseconds, [("scenario", name)])
        }
        text.gauge(
            "relaybench_seconds", "Length of the measured parts.",
            UInt64(1_000 * runs.reduce(0) { $0 + $1.seconds }), in: .milliseconds)
        text.gauge(
            "relaybench_client_was_limit", "1 if these are no figures of the server.",
            clientLimits.isEmpty ? 0 : 1)
        text.gauge(
            "relaybench_missed_thresholds", "Thresholds that were missed.",
            UInt64(judgements.count { $0.holds == false }))
        return text.bytes
    }

    private var partsOfAllRuns: [(name: String, tally: Tally)] {
        guard let first = runs.first else { return [] }
        return first.parts.indices.map { index in
            let tally = Tally()
            for run in runs { tally.add(run.parts[index].tally) }
            return (first.parts[index].name, tally)
        }
    }
}

extension Histogram {
    /// In buckets that double, of microseconds.
    fileprivate var microseconds: HistogramValues {
        let buckets = Buckets.microseconds
        var counts = [UInt64](repeating: 0, count: HistogramValues(buckets).counts.count)
        for (value, times) in used {
            // A value belongs to the bucket that holds all of its counter.
            let microseconds = UInt64(highestEquivalent(value) + 999) / 1_000
            counts[buckets.index(of: microseconds)] += UInt64(times)
        }
        return HistogramValues(
            buckets, counts: counts, sum: UInt64(mean * Double(count) / 1_000))
    }
}
