import CivilTime
import HTTP2
import JSON

/// A report of `relaybench run --json`, read back whole: runs to which others can be added.
struct GeneratorReport {
    let path: String
    let workload: Workload
    let runs: [RunResult]
    /// The member `machine`, as JSON.
    let machine: [UInt8]

    /// Reads a file; what did not finish is refused, for what it lacks nobody knows.
    init(_ path: String) throws(BenchError) {
        let bytes = try TextFile.read(path)
        let saved = try SavedReport(path, bytes: bytes)
        try saved.requireWhole()
        let read: GeneratorReport?
        do throws(JSONFault) {
            read = try JSONParser().parse(bytes) { GeneratorReport(path, $0) }
        } catch {
            throw .notAReport(path, why: "\(error)")
        }
        guard let read else {
            throw .notAReport(
                path, why: "it lacks what reports are merged by: an older relaybench wrote it")
        }
        self = read
    }

    private init?(_ path: String, _ json: JSONValue) {
        guard let load = json["load"], let workload = Workload(told: load),
            let machine = json["machine"], let elements = json["runs"]?.elements
        else { return nil }
        self.path = path
        self.workload = workload
        var writer = JSONWriter()
        writer.value(machine)
        self.machine = writer.bytes
        let reasons =
            json["clientLimits"]?.elements.compactMap { $0.string.map(String.init) } ?? []
        var runs: [RunResult] = []
        for element in elements {
            guard var run = RunResult(told: element) else { return nil }
            if runs.isEmpty { run.clientLimits = reasons }
            runs.append(run)
        }
        self.runs = runs
    }
}

extension Workload {
    /// As a report tells of it.
    fileprivate init?(told json: JSONValue) {
        if let path = json["unix"]?.string {
            address = .unix(String(path))
        } else if let text = json["loopback"]?.string {
            address = .loopback(String(text))
        } else {
            return nil
        }
        guard let schedule = Schedule(told: json), let connections = json["connections"]?.integer,
            let streams = json["streams"]?.integer, let threads = json["threads"]?.integer
        else { return nil }
        self.schedule = schedule
        self.connections = Int(connections)
        self.streams = Int(streams)
        self.threads = Int(threads)
        func nanoseconds(_ name: StaticString) -> Int64 {
            (json[name]?.integer ?? 0) * 1_000_000
        }
        duration = nanoseconds("durationMilliseconds")
        warmUp = nanoseconds("warmUpMilliseconds")
        timeout = nanoseconds("timeoutMilliseconds")
        think = nanoseconds("thinkMilliseconds")
        requests = json["requests"]?.integer.map { Int($0) }
        file = json["file"]?.string.map(String.init)
        seed = UInt64(json["seed"]?.integer ?? 1)
        if let method = json["method"]?.string, let path = json["path"]?.string {
            guard
                let plan = try? InputFile.plan(
                    path: String(path), method: String(method), body: nil)
            else { return nil }
            plans = [plan]
        }
    }
}

extension Schedule {
    fileprivate init?(told json: JSONValue) {
        switch json["mode"]?.string.map(String.init) {
        case "closed": self = .closed
        case "rate":
            guard let rate = json["rate"]?.double else { return nil }
            self = .rate(rate)
        case "ramp":
            guard let from = json["from"]?.double, let to = json["to"]?.double else { return nil }
            self = .ramp(from: from, to: to)
        case "stages":
            // Rates stand in groups of three there.
            let text = json["stages"]?.string.map { String($0).filter { $0 != " " } }
            guard let text, let stages = Schedule.stages(text) else { return nil }
            self = stages
        default: return nil
        }
    }
}

extension RunResult {
    /// As a report tells of it.
    fileprivate init?(told json: JSONValue) {
        guard let started = json["started"]?.string.flatMap({ Timestamp(rfc3339: String($0)) }),
            let seconds = json["seconds"]?.double, let sending = json["sendingSeconds"]?.double,
            let client = json["client"], let spent = client["cpuMicrosecondsPerRequest"]?.double,
            let busiest = client["busiestThread"]?.double,
            let lateness = client["lateness"]?.histogram
        else { return nil }
        self.started = started
        self.seconds = seconds
        self.sending = sending
        self.busiest = busiest
        var parts: [Part] = []
        guard let scenarios = json["scenarios"]?.elements else { return nil }
        for element in scenarios {
            guard let part = Part(told: element) else { return nil }
            parts.append(part)
        }
        self.parts = parts
        intervals = json["intervals"]?.elements.map { Interval(told: $0) } ?? []
        end = .finished
        refused = Int(json["refused"]?.integer ?? 0)
        reconnections = Int(json["reconnections"]?.integer ?? 0)
        streamLimit = json["serverStreamLimit"]?.integer.map { Int($0) }
        server = json["server"].map { ServerFigures(told: $0) }
        for part in parts { all.add(part.tally) }
        clientCPU = spent * 1_000 * Double(all.requests)
        self.lateness.add(lateness)
    }
}

extension RunResult.Part {
    fileprivate init?(told json: JSONValue) {
        guard let name = json["name"]?.string.map(String.init),
            let keys = json["keys"]?.string.flatMap({ KeyChoice(String($0)) }),
            let keyCount = json["keyCount"]?.integer, let share = json["share"]?.double,
            let tally = Tally(told: json)
        else { return nil }
        self.init(name: name, keys: keys, keyCount: Int(keyCount), share: share, tally: tally)
    }
}

extension Tally {
    fileprivate convenience init?(told json: JSONValue) {
        self.init()
        guard let corrected = json["latency"]?["histogram"]?.histogram,
            let uncorrected = json["uncorrected"]?["histogram"]?.histogram,
            let statuses = json["statuses"]?.elements
        else { return nil }
        self.corrected.add(corrected)
        self.uncorrected.add(uncorrected)
        func number(_ value: JSONValue?) -> Int { Int(value?.integer ?? 0) }
        good = number(json["good"])
        bytes = number(json["bytes"])
        readWhole = number(json["readWhole"])
        walks = number(json["walks"])
        for fault in Fault.allCases { faults[fault.rawValue] = number(json["faults"]?[fault.name]) }
        for element in statuses {
            add(status: number(element["status"]), times: number(element["answers"]))
        }
        firstFailure = json["firstFailure"].flatMap { Failure(told: $0) }
    }
}

extension Failure {
    fileprivate init?(told json: JSONValue) {
        func text(_ name: StaticString) -> String { json[name]?.string.map(String.init) ?? "" }
        let name = text("fault")
        guard let fault = Fault.allCases.first(where: { "\($0.name)" == name }) else { return nil }
        self.init(
            fault: fault, at: Int64((json["second"]?.double ?? 0) * 1e9), method: text("method"),
            path: text("path"), status: json["status"]?.integer.map { Int($0) }, why: text("why"),
            body: text("body"))
    }
}

extension Interval {
    fileprivate init(told json: JSONValue) {
        let histogram =
            json["histogram"]?.histogram ?? Histogram(digits: Limits.intervalDigits)
        self.init(
            histogram, errors: Int(json["errors"]?.integer ?? 0),
            waiting: Int64((json["waiting"]?.double ?? 0) * 1_000), isEncoded: true)
    }
}

extension ServerFigures {
    fileprivate init(told json: JSONValue) {
        func number(_ name: StaticString) -> Int { Int(json[name]?.integer ?? 0) }
        func counters(_ value: JSONValue?) -> [UInt8] {
            guard let value else { return [] }
            var writer = JSONWriter()
            writer.value(value)
            return writer.bytes
        }
        microsecondsPerRequest = json["cpuMicrosecondsPerRequest"]?.double
        processes = number("processes")
        busiest = json["busiestThread"]?.double ?? 0
        anonymousBefore = number("anonymousKilobytesBefore")
        anonymousAfter = number("anonymousKilobytesAfter")
        contextSwitches = number("contextSwitches")
        minorFaults = number("minorFaults")
        majorFaults = number("majorFaults")
        countersBefore = counters(json["countersBefore"])
        countersAfter = counters(json["countersAfter"])
    }
}

extension JSONValue {
    /// What `Histogram.encoded` wrote.
    fileprivate var histogram: Histogram? {
        string.flatMap { Histogram(encoded: String($0)) }
    }
}
