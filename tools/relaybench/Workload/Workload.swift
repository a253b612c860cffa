import HTTP2

/// A load, complete: what is sent where, how much at once, how long. Shared by all threads.
struct Workload: Sendable {
    var address: ServerAddress
    var authority = "localhost"
    var fields: [HeaderField] = []
    var plans: [Plan] = []
    var connections = 1
    var streams = 1
    var threads = 1
    var schedule = Schedule.closed
    /// Nanoseconds each.
    var warmUp: Int64 = 0
    var duration: Int64 = 0
    var timeout: Int64 = 0
    /// Nanoseconds that a slot rests after its answer, in a closed loop.
    var think: Int64 = 0
    /// A threshold that is missed ends the run.
    var abortsOnThreshold = false
    /// The file that the requests come from; nil for scenarios.
    var file: String?
    /// Requests of the whole run; nil when its duration ends it.
    var requests: Int?
    var seed: UInt64 = 1
    /// Nanoseconds by which 1 % of the requests may be late, and share of a core that a thread may
    /// use, before the figures are no longer the server's.
    var allowedLateness: Int64 = 1_000_000
    var allowedBusy = 0.95

    /// Warm-up and measured part.
    var parts: [Pacer.Part] {
        [
            Pacer.Part(schedule: schedule.beginning, length: warmUp),
            Pacer.Part(schedule: schedule, length: duration),
        ]
    }

    /// Bytes of the longest path.
    var pathBytes: Int { plans.map(\.pathBytes).max() ?? HTTP2.Limits.clientPathBytes }

    /// Sum of the scenarios' shares.
    var weightSum: Double { plans.reduce(0) { $0 + $1.weight } }

    /// Connections of one thread.
    func connections(of thread: Int) -> Int {
        connections / threads + (thread < connections % threads ? 1 : 0)
    }

    /// Requests of one thread.
    func requests(of thread: Int) -> Int {
        guard let requests else { return .max }
        return requests / threads + (thread < requests % threads ? 1 : 0)
    }

    /// How long answers are waited for at the end: at Ctrl-C only a second.
    func drain(_ isStopped: Bool) -> Int64 {
        isStopped ? Swift.min(timeout, 1_000_000_000) : timeout
    }
}
