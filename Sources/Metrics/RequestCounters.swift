/// What one loop has answered, by kind of request and class of status: how many, how long it took, and
/// the bytes of their bodies.
///
/// The loop counts on its thread; any thread may read.
public struct RequestCounters: Sendable {
    /// Classes of a status: 2xx to 5xx.
    public static var classes: Int { 4 }

    /// Kinds of requests.
    public let kinds: Int
    private let counters: Counters

    /// Makes counters for requests of some kinds, which are numbered from 0. Their owner calls
    /// `deallocate`.
    public init(kinds: Int) {
        self.kinds = kinds
        counters = Counters(count: kinds * Self.classes * Limits.seriesSlots + 2 * kinds)
    }

    /// Where a kind and class of answers is counted.
    @inline(__always)
    public static func series(_ kind: Int, status: Int) -> Int {
        kind * classes + status / 100 - 2
    }

    /// Counts an answer and what it took.
    @inline(__always)
    public func record(_ series: Int, microseconds: Int64) {
        let value = UInt64(bitPattern: max(microseconds, 0))
        let start = series * Limits.seriesSlots
        counters.add(1, to: start + Buckets.microseconds.index(of: value))
        counters.add(value, to: start + Limits.buckets)
    }

    /// Counts bytes of a request's body and of its answer's.
    @inline(__always)
    public func addBytes(_ kind: Int, received: Int, sent: Int) {
        let start = kinds * Self.classes * Limits.seriesSlots + 2 * kind
        if received > 0 { counters.add(UInt64(received), to: start) }
        if sent > 0 { counters.add(UInt64(sent), to: start + 1) }
    }

    /// Adds what was counted to values of the same kinds.
    public func add(to values: inout RequestValues) {
        for series in values.latency.indices {
            values.latency[series].add(counters, at: series * Limits.seriesSlots)
        }
        let start = kinds * Self.classes * Limits.seriesSlots
        for kind in 0..<kinds {
            values.received[kind] += counters[start + 2 * kind]
            values.sent[kind] += counters[start + 2 * kind + 1]
        }
    }

    /// Returns the memory; nothing may be counted or read afterwards.
    public func deallocate() { counters.deallocate() }
}

/// What loops have answered together.
public struct RequestValues: Equatable, Sendable {
    /// Microseconds from the whole request to the sent answer, by `RequestCounters.series`.
    public fileprivate(set) var latency: [HistogramValues]
    /// Bytes of the requests' bodies, by kind.
    public fileprivate(set) var received: [UInt64]
    /// Bytes of the answers' bodies, by kind.
    public fileprivate(set) var sent: [UInt64]

    /// Nothing yet.
    public init(kinds: Int) {
        latency = [HistogramValues](
            repeating: HistogramValues(.microseconds), count: kinds * RequestCounters.classes)
        received = [UInt64](repeating: 0, count: kinds)
        sent = received
    }

    /// Answers of a class, 2…5, over all kinds.
    public func answers(_ statusClass: Int) -> UInt64 {
        stride(from: statusClass - 2, to: latency.count, by: RequestCounters.classes)
            .reduce(0) { $0 + latency[$1].count }
    }
}
