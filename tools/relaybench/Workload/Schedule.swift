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
    /// From nothing to the rate of each stage in turn.
    case stages([Stage])

    /// A time in which the rate changes steadily from that of the stage before.
    struct Stage: Equatable, Sendable {
        /// Nanoseconds.
        let length: Int64
        /// Requests per second at its end.
        let rate: Double
    }

    /// Whether requests have intended times.
    var isOpen: Bool { self != .closed }

    /// Nanoseconds after the start at which the n-th request (from 0) is due; `.max` for never.
    ///
    /// - Parameter length: nanoseconds that the run lasts, which a ramp is stretched over.
    func due(_ n: Int, length: Int64) -> Int64 {
        switch self {
        case .closed: return 0
        case .rate(let rate): return Self.nanoseconds(Double(n) / rate)
        case .ramp(let from, let to): return Self.due(Double(n), from, to, length)
        case .stages(let stages):
            var rest = Double(n)
            var (start, rate): (Int64, Double) = (0, 0)
            for stage in stages {
                let requests = (rate + stage.rate) / 2 * Double(stage.length) / 1e9
                if rest < requests {
                    return start + Self.due(rest, rate, stage.rate, stage.length)
                }
                rest -= requests
                start += stage.length
                rate = stage.rate
            }
            return .max
        }
    }

    /// When the n-th request of a steady change is due.
    private static func due(_ n: Double, _ from: Double, _ to: Double, _ length: Int64) -> Int64 {
        // Requests until t are from·t + slope·t²/2; solved for t.
        let slope = (to - from) / (Double(length) / 1e9)
        if slope == 0 { return nanoseconds(n / from) }
        let root = from * from + 2 * slope * n
        // A falling ramp never gets so far.
        return root < 0 ? .max : nanoseconds((root.squareRoot() - from) / slope)
    }

    /// A rate of one request in a year would not fit otherwise.
    private static func nanoseconds(_ seconds: Double) -> Int64 {
        seconds < 9e9 ? Int64(seconds * 1e9) : .max
    }

    /// Reads `A:B`.
    static func ramp(_ text: String) -> Schedule? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let from = rate(parts[0]), let to = rate(parts[1]),
            from + to > 0
        else { return nil }
        return .ramp(from: from, to: to)
    }

    /// Reads `TIME:RATE[,…]`.
    static func stages(_ text: String) -> Schedule? {
        var stages: [Stage] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: ":", omittingEmptySubsequences: false)
            guard sides.count == 2, let rate = rate(sides[1]),
                let length = Limits.stage.number(String(sides[0]))
            else { return nil }
            stages.append(Stage(length: Int64(length) * 1_000_000, rate: rate))
        }
        let isAllowed = stages.count <= Limits.stages && stages.contains { $0.rate > 0 }
        return isAllowed ? .stages(stages) : nil
    }

    /// Reads requests per second, 0 among them; fractions are rates below one a second.
    static func rate(_ text: some StringProtocol) -> Double? {
        guard text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
            let rate = Double(text), rate <= Limits.rate
        else { return nil }
        return rate
    }
}

extension Schedule {
    /// How the warm-up paces: a ramp stays at its foot, stages at the end of the first.
    var beginning: Schedule {
        switch self {
        case .closed, .rate: self
        case .ramp(let from, let to): .rate(Swift.max(from, to / 100))
        case .stages(let stages):
            .rate(stages.first { $0.rate > 0 }?.rate ?? 1)
        }
    }

    /// Nanoseconds that stages last together; nil for what has no length of its own.
    var length: Int64? {
        guard case .stages(let stages) = self else { return nil }
        return stages.reduce(0) { $0 + $1.length }
    }
}

/// One thread's place in a schedule that all threads share: each takes its turn, so that the rate is
/// the total.
///
/// A schedule's parts (warm-up, measured) follow one another: what was due in the warm-up and could
/// not be sent is still due before what comes later, as it would be for whoever waits for it.
struct Pacer {
    /// A schedule for some time.
    struct Part {
        let schedule: Schedule
        /// Nanoseconds.
        let length: Int64
    }

    /// The next request's due time, nanoseconds on the monotonic clock.
    private(set) var nextDue: Int64 = 0
    /// When the last part ends.
    private(set) var end: Int64 = 0
    private var part = Part(schedule: .closed, length: 0)
    private var partBegin: Int64 = 0
    private var later: [Part] = []
    private var nextRequest = 0
    private let first: Int
    private let stride: Int

    init(first: Int, stride: Int) {
        self.first = first
        self.stride = stride
    }

    /// Whether requests have intended times.
    var isOpen: Bool { part.schedule.isOpen }

    /// Begins the first of a few parts.
    mutating func begin(_ parts: [Part], at base: Int64) {
        part = parts[0]
        later = Array(parts.dropFirst())
        partBegin = base
        end = base + parts.reduce(0) { $0 + $1.length }
        nextRequest = first
        settle()
    }

    /// Ends early: what is due later is not due any more.
    mutating func stop(at time: Int64) { end = Swift.min(end, time) }

    /// The next request was sent.
    mutating func advance() {
        nextRequest += stride
        settle()
    }

    private mutating func settle() {
        while true {
            let after = part.schedule.due(nextRequest, length: part.length)
            nextDue = after > .max - partBegin ? .max : partBegin + after
            // What would be due behind a part's end is not: the next part begins there.
            if later.isEmpty || nextDue < partBegin + part.length { return }
            partBegin += part.length
            part = later.removeFirst()
            nextRequest = first
        }
    }
}
