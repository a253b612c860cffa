/// Looks at the server's process at the beginning of the measured part and at its end.
struct ServerWatch {
    private let process: ServerProcess?
    private var first: ServerUsage?
    private var atEndOfLoad: ServerUsage?
    private var countersBefore: [UInt8] = []
    private var hasBegun = false

    /// - Parameter isWarm: the measured part begins at once.
    init(_ process: ServerProcess?, isWarm: Bool) {
        self.process = process
        if isWarm {
            countersBefore = process?.counters() ?? []
            begin()
        }
    }

    /// The measured part begins.
    mutating func begin() {
        if hasBegun { return }
        hasBegun = true
        first = process.flatMap { ServerUsage(of: $0.id) }
        if countersBefore.isEmpty { countersBefore = process?.counters() ?? [] }
    }

    /// Nothing new is due: how busy the server was is a figure of the time until now.
    mutating func endOfLoad() {
        if atEndOfLoad == nil { atEndOfLoad = process.flatMap { ServerUsage(of: $0.id) } }
    }

    /// All answers have come; nil when the server's process cannot be seen.
    ///
    /// - Parameter requests: those that ended since `begin`, whenever they were due.
    func figures(requests: Int) -> ServerFigures? {
        guard let process, let first, let last = ServerUsage(of: process.id) else { return nil }
        return ServerFigures(
            from: first, busyUntil: atEndOfLoad ?? last, to: last, requests: requests,
            before: countersBefore, after: process.counters())
    }
}

/// What the run cost the server.
struct ServerFigures {
    /// CPU time of all processes of the server; nil when it was not seen: no CPU time passed, or
    /// other processes served in the end than in the beginning.
    var microsecondsPerRequest: Double?
    /// Processes of the server: itself and its descendants.
    let processes: Int
    let busiest: Double
    let anonymousBefore: Int
    let anonymousAfter: Int
    let contextSwitches: Int
    let minorFaults: Int
    let majorFaults: Int
    /// What relayd itself counts, before and after: JSON of its admin socket; empty if there is none.
    let countersBefore: [UInt8]
    let countersAfter: [UInt8]
    /// What it wrote meanwhile; nil if nothing, or if it is no relayd.
    var writes: ServerWrites? { ServerWrites(before: countersBefore, after: countersAfter) }

    init(
        from start: ServerUsage, busyUntil: ServerUsage, to end: ServerUsage, requests: Int,
        before: [UInt8], after: [UInt8]
    ) {
        let spent = end.cpu - start.cpu
        let isSeen = spent > 0 && requests > 0 && start.processes == end.processes
        microsecondsPerRequest = isSeen ? Double(spent) / 1_000 / Double(requests) : nil
        processes = end.processes.count
        busiest = busyUntil.busiest(since: start)
        anonymousBefore = start.anonymous
        anonymousAfter = end.anonymous
        contextSwitches = end.contextSwitches - start.contextSwitches
        minorFaults = end.minorFaults - start.minorFaults
        majorFaults = end.majorFaults - start.majorFaults
        countersBefore = before
        countersAfter = after
    }

    /// The same, with its CPU time shared among more requests than those of one generator.
    func shared(among requests: Int, insteadOf own: Int) -> ServerFigures {
        var shared = self
        shared.microsecondsPerRequest = microsecondsPerRequest.map {
            requests == 0 ? 0 : $0 * Double(own) / Double(requests)
        }
        return shared
    }
}
