import RelayContract
import RelayStore

extension RecordTransaction {
    /// Adds a fault when a reference names no record of the account.
    func check(
        _ id: UInt64?, _ resource: Resource, _ member: StaticString, _ faults: inout Faults
    ) throws(StoreError) {
        guard let id else { return }
        if try exists(resource, id) { return }
        faults.add(.unknownReference, member: member, Faults.unknown(resource, id))
    }
}

extension Faults {
    /// What to say of a reference to a record that is not there.
    static func unknown(_ resource: Resource, _ id: UInt64, isUpdated: Bool = false) -> String {
        "the account has no \(resource) \(id)"
            + (isUpdated ? "; leave id out to create one" : "")
    }

    /// As above, of an id of the client's own.
    static func unknown(_ resource: Resource) -> String {
        "the account has no \(resource) with this internalId"
    }
}

extension RecordAnswer {
    /// The record does not exist in this account.
    static func missing(_ resource: Resource, _ id: UInt64) -> RecordAnswer {
        RecordAnswer(Problem(.notFound, "the account has no \(resource) \(id)"))
    }
}
