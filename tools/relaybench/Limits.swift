import Options

/// What relaybench counts on, each number with its unit and its reason.
enum Limits {
    // MARK: Histograms

    /// Nanoseconds that a latency can have: an hour; what is longer counts as an hour.
    static let longestLatency: Int64 = 3_600_000_000_000
    /// Decimal digits that a latency keeps: 1.23 ms and 1.24 ms differ.
    static let latencyDigits = 3
    /// Digits in an interval of the time series: its histogram is cleared each second.
    static let intervalDigits = 2
    /// Bytes that an encoded histogram may take before zlib packs it: 9 for each counter is more than any has.
    static let histogramBytes = 1 << 20
    /// Bytes ahead of the counters: HdrHistogram's V2 encoding has seven numbers there.
    static let histogramHeadBytes = 40
    /// Lines of a percentile distribution for each halving of the distance to 100 %: what
    /// HdrHistogram's own tools write.
    static let percentileTicks = 5

    // MARK: Workload

    /// Connections, streams of each, and threads at most: what a server of this kind takes, and cores.
    static let connections = 1_000
    static let streams = 256
    static let threads = 64
    /// Exponent of `zipf` without a number: YCSB's, a web cache's usual skew.
    static let zipfExponent = 0.99
    /// Keys that a scenario asks for where ids have gaps: 20 pages of the longest.
    static let probedPages = 20
    static let probedPageRecords = 1_000
    /// Records of the hot set: they fit any cache.
    static let hotRecords = 1_000
    /// Documents of a page.
    static let pageRecords = 50
    /// Documents of a page of a cursor walk: whoever wants the whole list takes long pages.
    static let walkRecords = 500
    /// Offsets that shallow pages, and pages around 90 %, lie within.
    static let pageSpan = 2_000
    /// One answer of so many is read byte by byte; the others are checked by what costs nothing:
    /// status, length, total, first id, last byte.
    static let fullCheckShare = 64
    /// Properties or windows whose filters are asked for in turn.
    static let filterKeys = 200

    /// Requests per second that can be asked for.
    static let rate = 1e8
    /// Stages of a schedule, and how long one may last.
    static let stages = 100
    static let stage = Kind.duration(1...86_400_000)
    /// Times that a request is sent again which its server refused without processing it.
    static let retries = 20
    /// Bytes of a request's path, and of all its fields: what nghttp2 takes is 64 KiB for both.
    static let pathBytes = 32 * 1024
    /// Bytes of a body that is read from a file: more than any contract takes.
    static let bodyBytes = 64 << 20
    /// Lines of a file of requests.
    static let requestLines = 1_000_000
    /// Bytes of the first failing answer that a report shows.
    static let shownBytes = 300

    // MARK: Times

    /// Nanoseconds of a run before a threshold may end it: the first answers say little.
    static let firstJudgement: Int64 = 1_000_000_000

    /// Nanoseconds between two looks at timeouts, lost connections and the end.
    static let tick: Int64 = 100_000_000
    /// Nanoseconds without any connection after which the server counts as gone.
    static let serverGone: Int64 = 2_000_000_000
    /// Nanoseconds between two looks at what the threads have done.
    static let look: Int64 = 20_000_000
    /// Milliseconds between two points of the time series.
    static let interval = 1_000
    /// Seconds between two lines of a run that is not on a terminal.
    static let lineSeconds = 5
    /// Milliseconds between two states of the live screen.
    static let redraw = 200
    /// Milliseconds that the server may take for each question before a run.
    static let probeTimeout: Int32 = 5_000

    // MARK: Whose figure it is

    /// Percent of a core that a thread may use (or wait for) before the client counts as the limit.
    static let busyPercent = 95
    /// Milliseconds of p99 by which the client itself may send late in an open loop: well above a
    /// timer's precision, below what would change a p99 that anybody promises.
    static let lateMilliseconds = 1

    // MARK: Search and comparison

    /// Steps of a search for the highest rate.
    static let searchSteps = 24
    /// The search ends when good and bad rate are so close.
    static let searchPrecision = 0.05
    /// Two-sided confidence of an interval.
    static let confidence = 0.95

    /// Share of the shortest run by which generators may begin apart, for their reports to be merged.
    static let mergedApart = 0.5

    /// Lines of a chart: as many colours as can be told apart.
    static let chartLines = 6

    /// Columns of a chart that show their values: a few pixels each.
    static let hoverColumns = 240

    /// Bytes of a report that is read again: an hour of intervals is 1 MiB.
    static let reportBytes = 64 << 20
}
