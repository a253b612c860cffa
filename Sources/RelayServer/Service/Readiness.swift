import JSON
import RelayContract
import RelayStore

/// What `/livez` and `/readyz` answer.
enum Readiness {
    /// 200, with this body.
    case ready([UInt8])
    /// What is wrong.
    case notReady(Problem)

    /// `/livez`: whoever answers is alive.
    static let alive: [UInt8] = .object { $0.member("status", constant: "alive") }

    /// `/readyz`: whether requests are served, and what is known to be wrong with the store.
    init(_ store: Store, _ state: ServiceState) {
        if state.isReady {
            let damaged = store.damage.count
            let failedReads = state.health.failedReads
            let failing = state.health.failingWrites
            let refused = state.replication?.writesRefused
            self = .ready(
                .object { json in
                    json.member("status", constant: "ready")
                    if damaged > 0 { json.member("damagedDocuments", damaged) }
                    if failedReads > 0 { json.member("failedReads", failedReads) }
                    if let failing { json.member("failingWrites", "\(failing)") }
                    if let refused { json.member("writesRefused", refused) }
                })
        } else if let error = state.health.fatalError {
            self = .notReady(Problem(error))
        } else if let why = state.replication?.whyNotReady {
            self = .notReady(Problem(.unavailable, why))
        } else {
            self = .notReady(Problem(.unavailable, "relayd is starting or shutting down"))
        }
    }
}

extension [UInt8] {
    /// A JSON object made for one answer.
    static func object(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        members(&writer)
        writer.endObject()
        return writer.bytes
    }
}
