import CivilTime
import HTTP2
import Logs
import RelayContract

/// Tells of the answers of one loop in the log, as far as that was asked for, and keeps the slowest.
///
/// Where nothing is slow and nothing was asked for it is not called at all: see `threshold`.
final class RequestObserver: Sendable {
    private let log: Log
    private let accessEvery: Int
    private let slowMicroseconds: Int64
    /// Answers until the next one that is told of. Used on the loop's thread.
    nonisolated(unsafe) private var untilNext: Int
    /// The slowest answers of late.
    let slowest = SlowestRequests()

    init(_ observation: Observation = Observation(), log: Log = .none) {
        self.log = log
        accessEvery = observation.accessEvery
        untilNext = accessEvery
        slowMicroseconds = observation.slowMilliseconds.map { Int64($0) * 1_000 } ?? .max
    }

    /// Microseconds from which on an answer is to be looked at.
    var threshold: Int64 { accessEvery > 0 ? 0 : min(slowMicroseconds, slowest.threshold) }

    /// Looks at an answer that took so many microseconds.
    ///
    /// - Parameter key: id and account of the request's key; nil when it has none that is known.
    func observe(
        _ exchange: Exchange, microseconds: Int64, key: () -> (id: UInt64, account: UInt32)?
    ) {
        let isAccess = isAccessTold
        // Who waits for changes is served well when it takes long.
        let waits = exchange.kind == RequestKind.of(.getChanges)
        let isSlow = !waits && microseconds >= slowMicroseconds
        let isAmongSlowest = !waits && microseconds >= slowest.threshold
        if !isAccess, !isSlow, !isAmongSlowest { return }
        let request = ObservedRequest(exchange, microseconds, key())
        if isAmongSlowest { slowest.add(request) }
        if !isAccess, !isSlow { return }
        let fields = request.fields(traceID: TraceParent.traceID(exchange.field(.traceparent)))
        if isAccess { log.write(.info, "access", nil, fields) }
        if isSlow { log.write(.warning, "slow", nil, fields + request.phases) }
    }

    private var isAccessTold: Bool {
        if accessEvery == 0 { return false }
        untilNext -= 1
        if untilNext > 0 { return false }
        untilNext = accessEvery
        return true
    }
}
