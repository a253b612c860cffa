import HTTP2
import Options

/// From a command line to a load.
extension Load {
    /// Reads all but the plans, which the server is asked for.
    init(_ arguments: Arguments) throws(BenchError) {
        let target = try Target(arguments)
        address = target.address
        authority = target.authority
        if let key = arguments[BenchOptions.key] {
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
        let ways = [
            arguments[BenchOptions.rate] != nil, arguments[BenchOptions.ramp] != nil,
            arguments[BenchOptions.findMax] != nil,
        ].count { $0 }
        if ways > 1 { throw .usage("--rate, --ramp and --find-max exclude one another") }
        if let rate = arguments[BenchOptions.rate] { schedule = .rate(Double(rate)) }
        if let text = arguments[BenchOptions.ramp] {
            guard let ramp = Schedule.ramp(text) else {
                throw .usage("--ramp cannot be '\(text)': expected FROM:TO requests per second")
            }
            if requests != nil { throw .usage("--ramp goes with --duration, not --requests") }
            schedule = ramp
        }
    }

    /// The mode's name in reports.
    var mode: String {
        switch schedule {
        case .closed: "closed"
        case .rate: "rate"
        case .ramp: "ramp"
        }
    }
}

/// Where to send requests.
struct Target {
    let address: ServerAddress
    let authority: String
    /// The one path of `--url`; nil for scenarios.
    let path: String?

    init(_ arguments: Arguments) throws(BenchError) {
        switch (arguments[BenchOptions.socket], arguments[BenchOptions.url]) {
        case (let socket?, nil):
            address = .unix(socket)
            authority = "localhost"
            path = nil
        case (nil, let url?):
            guard let target = Target(url: url) else {
                throw .usage(
                    "--url cannot be '\(url)': expected http://127.0.0.1:PORT/path or "
                        + "unix:PATH:/path")
            }
            self = target
        case (nil, nil): throw .usage("give --socket PATH, or --url URL of another server")
        case (_?, _?): throw .usage("--socket and --url exclude one another")
        }
    }

    private init?(url: String) {
        if url.hasPrefix("http://") {
            let rest = url.dropFirst(7)
            let slash = rest.firstIndex(of: "/") ?? rest.endIndex
            let host = String(rest[..<slash])
            guard host.contains(":") else { return nil }
            address = .loopback(host)
            authority = host
            path = slash == rest.endIndex ? "/" : String(rest[slash...])
        } else if url.hasPrefix("unix:") {
            let rest = url.dropFirst(5)
            // The socket's own path has slashes: the request's begins behind the last colon.
            guard let colon = rest.firstRange(of: ":/")?.lowerBound, colon > rest.startIndex else {
                return nil
            }
            address = .unix(String(rest[..<colon]))
            authority = "localhost"
            path = String(rest[rest.index(after: colon)...])
        } else {
            return nil
        }
    }
}
