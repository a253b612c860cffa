import RelayContract
import RelayStore

extension StoreTransaction {
    /// Adds a fault when a reference names no record of the account.
    func check(
        _ id: UInt64?, _ resource: Resource, _ member: StaticString, _ faults: inout Faults,
        _ context: RecordContext
    ) throws(StoreError) {
        guard let id else { return }
        if try exists(resource, id, context) { return }
        faults.add(
            .unknownReference, member: member, "the account has no \(resource) \(id)")
    }
}

extension RecordAnswer {
    /// The record does not exist in this account.
    static func missing(_ resource: Resource, _ id: UInt64) -> RecordAnswer {
        RecordAnswer(Problem(.notFound, "the account has no \(resource) \(id)"))
    }

    /// If-Match names another version.
    static func failed(_ version: UInt64) -> RecordAnswer { RecordPrecondition.failed(version) }
}

extension Problem {
    /// A record cannot go while others refer to it; the detail counts them by kind.
    static func referred(to record: String, units: UInt64, orders: UInt64) -> Problem {
        let parts = [(units, "unit"), (orders, "order")]
            .filter { $0.0 > 0 }
            .map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }
        return Problem(
            .conflict,
            parts.joined(separator: " and ") + " refer to \(record): move or delete them first")
    }
}
