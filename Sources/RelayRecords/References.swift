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
