import HTTP2
import Options

/// From a command line to a load.
extension Workload {
    /// Reads all but the plans, which the server is asked for.
    init(_ arguments: Arguments) throws(BenchError) {
        let target = try Target(arguments)
        address = target.address
        authority = target.authority
        if let key = try Self.key(arguments) {
            fields = [HeaderField("authorization", "Bearer \(key)")]
        }
        connections = arguments[BenchOptions.connections]
        streams = arguments[BenchOptions.streams]
        threads = arguments[BenchOptions.threads]
        if threads > connections {
            throw .usage("-t \(threads) needs at least as many connections: give -c \(threads)")
        }
        seed = UInt64(arguments[BenchOptions.seed])
        warmUp = Int64(arguments[BenchOptions.warmUp]) * 1_000_000
        timeout = Int64(arguments[BenchOptions.timeout]) * 1_000_000
        requests = arguments[BenchOptions.requests]
        allowedLateness = Int64(arguments[BenchOptions.allowLate]) * 1_000_000
        let busy = arguments[BenchOptions.allowBusy]
        allowedBusy = busy == 100 ? .infinity : Double(busy) / 100
        // With a number of requests the time only bounds what never ends.
        duration =
            requests == nil
            ? Int64(arguments[BenchOptions.duration]) * 1_000_000 : 86_400_000_000_000
        think = Int64(arguments[BenchOptions.think]) * 1_000_000
        abortsOnThreshold = arguments[BenchOptions.abort]
        file = arguments[BenchOptions.inputFile]
        let given = arguments[BenchOptions.method] ?? arguments[BenchOptions.body]
        if file != nil, given != nil {
            throw .usage("--method and --body exclude --input-file, which has its own")
        }
        for text in arguments[BenchOptions.headers] { fields.append(try Self.header(text)) }
        try readSchedule(arguments)
    }

    /// The key that is typed, else the first line of the file that holds one; nil for none.
    private static func key(_ arguments: Arguments) throws(BenchError) -> String? {
        let isTyped = arguments.origin(of: BenchOptions.keyFile) == .commandLine
        if let key = arguments[BenchOptions.key] {
            if isTyped { throw .usage("--key and --key-file exclude one another") }
            return key
        }
        guard let path = arguments[BenchOptions.keyFile] else { return nil }
        let text = String(decoding: try TextFile.read(path), as: UTF8.self)
        let line = text.prefix { !$0.isNewline }
        // What could not be in a field's value would be found by the server, or not at all.
        guard !line.isEmpty, line.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .usage("the first line of \(path) is no API key")
        }
        return String(line)
    }

    private mutating func readSchedule(_ arguments: Arguments) throws(BenchError) {
        let ways = [
            arguments[BenchOptions.rate] != nil, arguments[BenchOptions.ramp] != nil,
            arguments[BenchOptions.stages] != nil, arguments[BenchOptions.findMax] != nil,
        ].count { $0 }
        if ways > 1 {
            throw .usage("--rate, --ramp, --stages and --find-max exclude one another")
        }
        if let text = arguments[BenchOptions.rate] {
            guard let rate = Schedule.rate(text), rate > 0 else {
                throw .usage(
                    "--rate cannot be '\(text)': expected requests per second above 0, "
                        + "such as 500 or 0.2")
            }
            schedule = .rate(rate)
        }
        if let text = arguments[BenchOptions.ramp] {
            guard let ramp = Schedule.ramp(text) else {
                throw .usage("--ramp cannot be '\(text)': expected FROM:TO requests per second")
            }
            schedule = ramp
        }
        if let text = arguments[BenchOptions.stages] {
            guard let stages = Schedule.stages(text), let length = stages.length else {
                throw .usage(
                    "--stages cannot be '\(text)': expected TIME:RATE[,TIME:RATE…] with a rate "
                        + "above 0, such as 30s:1000,5m:1000,30s:0")
            }
            schedule = stages
            duration = length
        }
        if requests != nil, schedule.length != nil || mode == "ramp" {
            throw .usage("--ramp and --stages have a length: they do not go with --requests")
        }
        if think > 0, ways > 0 {
            throw .usage("--think goes with the closed loop: in an open one the rate says when")
        }
        if abortsOnThreshold, arguments[BenchOptions.thresholds].isEmpty {
            throw .usage("--abort-on-threshold goes with --threshold")
        }
    }

    /// Reads `Name: value`; HTTP/2 has names in lower case.
    private static func header(_ text: String) throws(BenchError) -> HeaderField {
        let name = text.prefix { $0 != ":" }
        let isName = name.utf8.allSatisfy { byte in
            (0x21...0x7E).contains(byte) && !#"()<>@,;:\"/[]?={}"#.utf8.contains(byte)
        }
        let value = text.dropFirst(name.count + 1).drop { $0 == " " || $0 == "\t" }
        let isValue = value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
        guard !name.isEmpty, name.count < text.count, isName, isValue else {
            throw .usage("--header cannot be '\(text)': expected NAME: VALUE")
        }
        if ["connection", "transfer-encoding", "host", "content-length"].contains(name.lowercased())
        {
            throw .usage(
                "--header cannot be '\(text)': HTTP/2 forbids this field, or relaybench sets it "
                    + "itself"
            )
        }
        return HeaderField(name.lowercased(), String(value))
    }

    /// The mode's name in reports.
    var mode: String {
        switch schedule {
        case .closed: "closed"
        case .rate: "rate"
        case .ramp: "ramp"
        case .stages: "stages"
        }
    }
}
