import HTTP2
import Options

/// The command line as data.
enum BenchOptions {
    static let socket = Option<String?>.optional(
        "socket", "PATH", .path, help: "the server's Unix socket"
    ).variable("RELAY_SOCKET")
    static let url = Option<String?>.optional(
        "url", "URL",
        help: "any h2c server instead: http://127.0.0.1:PORT/path or unix:PATH:/path")
    static let key = Option<String?>.optional(
        "key", "KEY",
        help: "API key, sent as a Bearer token; every user of this machine can see it")
    static let keyFile = Option<String?>.optional(
        "key-file", "FILE", .path, help: "a file whose first line is the API key"
    ).variable("RELAY_KEY_FILE")
    static let headers = Option<[String]>.repeated(
        "header", "FIELD", help: "a field of every request, such as 'accept: text/html'")
    static let method = Option<String?>.optional(
        "method", "METHOD",
        help: "method of the requests to --url; default: GET, or POST with a body")
    static let body = Option<String?>.optional(
        "body", "TEXT", help: "body of the requests to --url: a text, or @FILE")
    static let inputFile = Option<String?>.optional(
        "input-file", "FILE", .path,
        help:
            "requests instead of scenarios, sent in turn: METHOD PATH [BODY-FILE] lines, or the "
            + "reads of relayd's access log")
    static let mix = Option<String>.text(
        "mix", "LIST", default: "order-get",
        help: "scenarios and their shares, such as order-get=60,orders-page:zipf=20")
    static let list = Option<Bool>.flag("list", help: "explain the scenarios and end")

    static let connections = Option<Int>.number(
        "connections", "N", .integer(1...Limits.connections), default: 8,
        help: "number of connections of all threads together"
    ).letter("c")
    static let streams = Option<Int>.number(
        "streams", "N", .integer(1...Limits.streams), default: 32,
        help: "concurrent requests on each connection"
    ).letter("m")
    static let threads = Option<Int>.number(
        "threads", "N", .integer(1...Limits.threads), default: 1, help: "threads"
    ).letter("t")
    static let duration = Option<Int>.number(
        "duration", "TIME", .duration(100...86_400_000), default: 10_000,
        help: "how long to measure"
    ).letter("D")
    static let requests = Option<Int?>.optional(
        "requests", "N", .integer(1...Int.max / 2), help: "send N requests, however long it takes"
    ).letter("n")
    static let warmUp = Option<Int>.number(
        "warm-up", "TIME", .duration(0...3_600_000), default: 0,
        help: "how long to send before measuring")
    static let timeout = Option<Int>.number(
        "timeout", "TIME", .duration(10...3_600_000), default: 10_000,
        help: "a request without an answer after TIME counts as failed")
    static let seed = Option<Int>.number(
        "seed", "N", .integer(0...Int.max), default: 1,
        help: "start value of the random generator; the same seed chooses the same records")

    static let rate = Option<String?>.optional(
        "rate", "R",
        help:
            "open loop: R requests per second in total, each sent when due whatever the server does"
    )
    static let ramp = Option<String?>.optional(
        "ramp", "A:B", help: "open loop: from A requests per second to B over the duration")
    static let stages = Option<String?>.optional(
        "stages", "LIST",
        help: "open loop: from 0 to each rate in turn, TIME:RATE[,TIME:RATE]; no --duration then")
    static let think = Option<Int>.number(
        "think", "TIME", .duration(0...3_600_000), default: 0,
        help: "closed loop: a pause between an answer and the request that takes its place")
    static let findMax = Option<String?>.optional(
        "find-max", "THRESHOLD",
        help: "search the highest rate that meets THRESHOLD; each step lasts --duration")

    static let thresholds = Option<[String]>.repeated(
        "threshold", "THRESHOLD",
        help: "a condition such as 'p(99)<5ms' or 'errors<0.1%'; exit code 99 if the run misses it")
    static let abort = Option<Bool>.flag(
        "abort-on-threshold", help: "end the run as soon as a threshold is missed")
    static let repeats = Option<Int>.number(
        "repeat", "N", .integer(1...100), default: 1,
        help: "number of runs; relaybench compare needs several to tell chance from change")
    static let process = Option<Int?>.optional(
        "pid", "PID", .integer(1...Int(Int32.max)),
        help: "the server's process id; default: found through its Unix socket")
    static let adminSocket = Option<String?>.optional(
        "admin-socket", "PATH", .path,
        help: "relayd's admin socket; default: found through relayd's command line")

    static let allowLate = Option<Int>.number(
        "allow-late", "TIME", .duration(0...3_600_000), default: Limits.lateMilliseconds,
        help: "relaybench is the limit if it sends 1 % of its requests more than TIME late")
    static let allowBusy = Option<Int>.number(
        "allow-busy", "PERCENT", .integer(1...100), default: Limits.busyPercent,
        help: "relaybench is the limit if one of its threads needs PERCENT of a core; 100: never")

    static let json = Option<String?>.optional(
        "json", "FILE", .path, help: "write the report as JSON; - for standard output")
    static let hdr = Option<String?>.optional(
        "hdr", "FILE", .path, help: "write the latencies as an HdrHistogram distribution (.hgrm)")
    static let hdrLog = Option<String?>.optional(
        "hdr-log", "FILE", .path,
        help: "write a line for each second as HdrHistogram's log has it (.hlog)")
    static let openMetrics = Option<String?>.optional(
        "openmetrics", "FILE", .path,
        help: "write counters and latencies of all runs together as OpenMetrics")
    static let timeSeries = Option<String?>.optional(
        "timeseries", "FILE", .path, help: "write a line of CSV for each second")
    static let quiet = Option<Bool>.flag("quiet", help: "show nothing while running")

    static let failOver = Option<String>.text(
        "fail-over", "SHARE", default: "5%",
        help: "exit code 99 if the new report is worse by more than SHARE")
    static let html = Option<String?>.optional(
        "html", "FILE", .path, help: "the page to write; - for standard output")
    static let svg = Option<String?>.optional(
        "svg", "FILE", .path, help: "the latency distribution alone, as a picture")
    static let base = Operand(
        "BASE", .path, help: "report to compare with, as run --json wrote it")
    static let new = Operand(
        "NEW", .path, isRepeated: true, help: "reports to judge, each by itself")
    static let report = Operand("REPORT", .path, help: "report, as run --json wrote it")
    static let reports = Operand(
        "REPORT", .path, isRepeated: true,
        help: "a report of each generator, as run --json wrote it")

    static let run = Verb(
        "run", summary: "Put a server under load and measure it",
        options: [
            socket.description, url.description, key.description, keyFile.description,
            headers.description,
            method.description, body.description, inputFile.description, mix.description,
            list.description, connections.description, streams.description, threads.description,
            duration.description, requests.description, warmUp.description, rate.description,
            ramp.description, stages.description, think.description, findMax.description,
            timeout.description, seed.description,
            thresholds.description, abort.description, repeats.description, process.description,
            adminSocket.description, allowLate.description, allowBusy.description,
            json.description, hdr.description, hdrLog.description, openMetrics.description,
            timeSeries.description, quiet.description,
        ])
    static let compare = Verb(
        "compare", summary: "Compare reports with a base report, and tell change from chance",
        options: [failOver.description], operands: [base, new])
    static let merge = Verb(
        "merge", summary: "Make one report of those of generators that ran at the same time",
        options: [
            thresholds.description, json.description, hdr.description, hdrLog.description,
            openMetrics.description, timeSeries.description,
        ],
        operands: [reports])
    static let page = Verb(
        "report", summary: "Make one self-contained HTML page of a report",
        options: [html.description, svg.description], operands: [report])

    static let program = Program(
        name: "relaybench", summary: "Measures HTTP/2 servers (h2c) under load.",
        version: Version.text, verbs: [run, compare, merge, page],
        notes: [
            "Exit codes: 0 fine, 1 failed, or relaybench itself was the limit, so that thresholds",
            "cannot be judged, 2 wrong command line, 98 compare cannot tell change from chance,",
            "99 a threshold was missed (any error misses one unless a threshold allows it), or the",
            "new report is worse, 130 interrupted.",
        ])
}
