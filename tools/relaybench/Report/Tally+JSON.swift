import JSON

extension Tally {
    /// Writes the members of a tally into an object that is open.
    func write(_ writer: inout JSONWriter, seconds: Double) {
        writer.member("requests", requests)
        writer.member("good", good)
        writer.member("errors", errors)
        writer.name("faults")
        writer.beginObject()
        for fault in Fault.allCases where faults[fault.rawValue] > 0 {
            writer.member(fault.name, faults[fault.rawValue])
        }
        writer.endObject()
        writer.name("statuses")
        writer.beginArray()
        for (status, times) in statuses.enumerated() where times > 0 && status > 0 {
            writer.beginObject()
            writer.member("status", status)
            writer.member("answers", times)
            writer.endObject()
        }
        writer.endArray()
        if let firstFailure { write(firstFailure, &writer) }
        writer.member("requestsPerSecond", Double(requests) / seconds)
        writer.member("bytes", bytes)
        writer.member("readWhole", readWhole)
        if walks > 0 { writer.member("walks", walks) }
        writer.name("latency")
        corrected.write(&writer)
        writer.name("uncorrected")
        uncorrected.write(&writer)
    }
}

extension Tally {
    private func write(_ failure: Failure, _ writer: inout JSONWriter) {
        writer.name("firstFailure")
        writer.beginObject()
        writer.member("fault", constant: failure.fault.name)
        writer.member("second", Double(failure.at) / 1e9)
        writer.member("method", failure.method)
        writer.member("path", failure.path)
        if let status = failure.status { writer.member("status", status) }
        if !failure.why.isEmpty { writer.member("why", failure.why) }
        if !failure.body.isEmpty { writer.member("body", failure.body) }
        writer.endObject()
    }
}

extension Histogram {
    /// The percentiles that reports show.
    static let reported: [(name: StaticString, percent: Double)] = [
        ("p50", 50), ("p75", 75), ("p90", 90), ("p95", 95), ("p99", 99), ("p999", 99.9),
        ("p9999", 99.99),
    ]

    /// Writes the figures in microseconds.
    fileprivate func write(_ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("count", count)
        writer.member("min", Double(min) / 1_000)
        writer.member("mean", mean / 1_000)
        writer.member("deviation", deviation / 1_000)
        for (name, percent) in Self.reported {
            writer.member(name, Double(value(atPercentile: percent)) / 1_000)
        }
        writer.member("max", Double(max) / 1_000)
        writer.name("distribution")
        writer.beginArray()
        for step in steps() {
            writer.beginArray()
            writer.value(step.percentile)
            writer.value(Double(step.value) / 1_000)
            writer.endArray()
        }
        writer.endArray()
        writer.member("histogram", encoded)
        writer.endObject()
    }
}

extension ServerFigures {
    /// Writes the member `server`.
    func write(_ writer: inout JSONWriter) {
        writer.name("server")
        writer.beginObject()
        if let microsecondsPerRequest {
            writer.member("cpuMicrosecondsPerRequest", microsecondsPerRequest)
        }
        writer.member("processes", processes)
        writer.member("busiestThread", busiest)
        writer.member("anonymousKilobytesBefore", anonymousBefore)
        writer.member("anonymousKilobytesAfter", anonymousAfter)
        writer.member("contextSwitches", contextSwitches)
        writer.member("minorFaults", minorFaults)
        writer.member("majorFaults", majorFaults)
        Self.write("countersBefore", countersBefore, &writer)
        Self.write("countersAfter", countersAfter, &writer)
        writer.endObject()
    }

    /// What the server said goes into the report only if it is JSON: the report always is.
    private static func write(
        _ name: StaticString, _ counters: [UInt8], _ writer: inout JSONWriter
    ) {
        if counters.isEmpty { return }
        let parser = JSONParser()
        _ = try? parser.parse(counters) { value in
            writer.name(name)
            writer.value(value)
        }
    }
}
