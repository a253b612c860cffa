/// Why an answer does not count as a success.
enum Fault: Int, CaseIterable, Sendable {
    /// Another status code than expected.
    case status
    /// Not as many bytes as content-length said, or as expected.
    case length
    /// Not the document that was asked for, or no JSON.
    case body
    /// Too many or too few documents, or their ids do not ascend.
    case documents
    /// X-Total-Count is not what the list has.
    case total
    /// The server reset the stream.
    case reset
    /// The server refused it without processing it, each time it was sent.
    case refused
    /// The connection was lost.
    case connection
    /// No answer in time.
    case timeout
    /// Due, but never sent: all slots waited for the server until the run was over.
    case unsent

    /// As reports name it.
    var name: StaticString {
        switch self {
        case .status: "status"
        case .length: "length"
        case .body: "body"
        case .documents: "documents"
        case .total: "total"
        case .reset: "reset"
        case .refused: "refused"
        case .connection: "connection"
        case .timeout: "timeout"
        case .unsent: "unsent"
        }
    }
}

/// What one thread, or all of them, counted of one scenario. Errors are in the histograms too:
/// leaving out what failed would flatter whoever fails fast, and hide whoever times out.
final class Tally {
    /// From the intended time to the end of the answer; in a closed loop the same as `uncorrected`.
    let corrected = Histogram()
    /// From the actual sending.
    let uncorrected = Histogram()
    /// Answers that were as they must be.
    var good = 0
    /// Bytes of bodies.
    var bytes = 0
    /// Answers that were read byte by byte.
    var readWhole = 0
    /// Walks that reached the end of their list.
    var walks = 0
    /// Errors by kind, in the order of `Fault`.
    var faults = InlineArray<10, Int>(repeating: 0)

    /// Answers by status code; at 0 the requests without one.
    private(set) var statuses = [Int](repeating: 0, count: 600)
    /// The first of the errors.
    var firstFailure: Failure?

    /// All errors.
    var errors: Int { Fault.allCases.reduce(0) { $0 + faults[$1.rawValue] } }
    /// All requests.
    var requests: Int { good + errors }

    /// Counts one end of a request, at so many nanoseconds from either time.
    @inline(__always)
    func record(_ fault: Fault?, sinceDue: Int64, sinceSent: Int64) {
        corrected.record(sinceDue)
        uncorrected.record(sinceSent)
        if let fault { faults[fault.rawValue] += 1 } else { good += 1 }
    }

    /// Counts an answer's status.
    @inline(__always)
    func record(status: Int) { statuses[status < statuses.count ? status : 0] += 1 }

    /// Counts answers of a status, as they were told.
    func add(status: Int, times: Int) {
        if statuses.indices.contains(status) { statuses[status] += times }
    }

    /// Counts a request that was due and never sent: there is no time since its sending.
    func recordUnsent(sinceDue: Int64) {
        corrected.record(sinceDue)
        faults[Fault.unsent.rawValue] += 1
    }

    /// Adds what another thread counted.
    func add(_ other: Tally) {
        corrected.add(other.corrected)
        uncorrected.add(other.uncorrected)
        good += other.good
        bytes += other.bytes
        readWhole += other.readWhole
        walks += other.walks
        for fault in Fault.allCases { faults[fault.rawValue] += other.faults[fault.rawValue] }
        for (status, times) in other.statuses.enumerated() where times > 0 {
            statuses[status] += times
        }
        if let failure = other.firstFailure, failure.at < firstFailure?.at ?? .max {
            firstFailure = failure
        }
    }
}

/// A request that failed, for a report: what one looks for first.
struct Failure: Sendable {
    let fault: Fault
    /// Nanoseconds since the measured part began.
    let at: Int64
    let method: String
    let path: String
    /// Nil when no answer came.
    let status: Int?
    /// What was seen and what was expected; may be empty.
    let why: String
    /// The beginning of the answer's body, of answers with a wrong status.
    let body: String
}

/// What a second of the run was like.
struct Interval: Sendable {
    let requests: Int
    let errors: Int
    /// Nanoseconds; nothing where no answer came.
    let p50: Int64
    let p99: Int64
    let max: Int64
    /// Nanoseconds that the oldest request without an answer had been due for, at most.
    let waiting: Int64
    /// All latencies, see `Histogram.encoded`; empty where that was not asked for.
    let encoded: String

    init(_ histogram: Histogram, errors: Int, waiting: Int64, isEncoded: Bool) {
        requests = histogram.count
        self.errors = errors
        p50 = histogram.value(atPercentile: 50)
        p99 = histogram.value(atPercentile: 99)
        max = histogram.max
        self.waiting = waiting
        encoded = isEncoded ? histogram.encoded : ""
    }
}
