import Glibc

/// When requests are due. In a closed loop whenever a slot is free; in an open loop at fixed times,
/// whatever the server does: what it delays is measured and not left out.
enum Schedule: Equatable, Sendable {
    /// As many as there are slots, always.
    case closed
    /// Requests per second, all threads and connections together.
    case rate(Double)
    /// A rate that changes steadily from one to the other over the run.
    case ramp(from: Double, to: Double)

    /// Whether requests have intended times.
    var isOpen: Bool { self != .closed }

    /// Nanoseconds after the start at which the n-th request (from 0) is due.
    ///
    /// - Parameter length: nanoseconds that the run lasts, which a ramp is stretched over.
    func due(_ n: Int, length: Int64) -> Int64 {
        switch self {
        case .closed: return 0
        case .rate(let rate): return Int64(Double(n) * 1e9 / rate)
        case .ramp(let from, let to):
            // Requests until t are from·t + slope·t²/2; solved for t.
            let slope = (to - from) / (Double(length) / 1e9)
            if slope == 0 { return Int64(Double(n) * 1e9 / from) }
            let root = from * from + 2 * slope * Double(n)
            // A falling ramp never gets so far.
            if root < 0 { return .max }
            return Int64((root.squareRoot() - from) / slope * 1e9)
        }
    }

    /// Reads `A:B`.
    static func ramp(_ text: String) -> Schedule? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let from = Double(parts[0]), let to = Double(parts[1]),
            from >= 0, to >= 0, from + to > 0, from.isFinite, to.isFinite
        else { return nil }
        return .ramp(from: from, to: to)
    }
}

extension Schedule {
    /// How the warm-up paces: a ramp stays at its foot.
    var beginning: Schedule {
        guard case .ramp(let from, let to) = self else { return self }
        return .rate(Swift.max(from, to / 100))
    }
}

/// One thread's place in a schedule that all threads share: each takes its turn, so that the rate is
/// the total.
struct Pacer {
    /// When the part (warm-up or measured) began, and the next request's due time: nanoseconds on
    /// the monotonic clock.
    var base: Int64 = 0
    private(set) var nextDue: Int64 = 0
    private var schedule = Schedule.closed
    private var length: Int64 = 0
    private var shortened: Int64 = 0
    private var nextRequest = 0
    private let first: Int
    private let stride: Int

    init(first: Int, stride: Int) {
        self.first = first
        self.stride = stride
    }

    /// The part's end.
    var end: Int64 { base + shortened }
    /// Whether requests have intended times.
    var isOpen: Bool { schedule.isOpen }

    /// Begins a part.
    mutating func begin(_ schedule: Schedule, at base: Int64, for length: Int64) {
        self.schedule = schedule
        self.base = base
        self.length = length
        shortened = length
        nextRequest = first
        nextDue = due()
    }

    /// Ends the part early: what is due later is not due any more.
    mutating func stop(at time: Int64) { shortened = Swift.min(end, time) - base }

    /// The next request was sent.
    mutating func advance() {
        nextRequest += stride
        nextDue = due()
    }

    private func due() -> Int64 {
        let after = schedule.due(nextRequest, length: length)
        return after == .max ? .max : base + after
    }
}
