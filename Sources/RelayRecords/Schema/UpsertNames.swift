import RelayContract
import RelayStore

/// The three ways in which an upsert can name the record that it updates.
struct UpsertNames {
    var id: UInt64?
    var externalID: String?
    var internalID: String?
}

extension RecordTransaction {
    /// Finds the record that an upsert updates: by id, else by externalId, else by internalId.
    ///
    /// A fault is added when an id is unknown, or when one of the other names belongs to another
    /// record than the one that was found.
    ///
    /// - Returns: the record's id, nil when a new record is to be made.
    func resolve(
        _ names: UpsertNames, _ resource: Resource, _ faults: inout Faults
    ) throws(StoreError) -> UInt64? {
        if let id = names.id {
            if try !exists(resource, id) {
                faults.add(
                    .unknownReference, member: "id",
                    Faults.unknown(resource, id, isUpdated: true))
                return nil
            }
        }
        let byExternal = try find(.externalID, resource, names.externalID)
        let byInternal = try find(.internalID, resource, names.internalID)
        let target = names.id ?? byExternal ?? byInternal
        if let byExternal, byExternal != target {
            faults.add(
                .notUnique, member: "externalId",
                "\(resource) \(byExternal) has this externalId already")
        }
        if let byInternal, byInternal != target {
            faults.add(
                .notUnique, member: "internalId",
                "\(resource) \(byInternal) has this internalId already")
        }
        return target
    }
}

/// What the elements of one batch name, so that none is named twice. Names are kept as their
/// bytes, as in a unique index.
struct UpsertBatch {
    private var ids: Set<UInt64> = []
    private var externalIDs: Set<[UInt8]> = []
    private var internalIDs: Set<[UInt8]> = []

    /// Makes room for the names of as many elements.
    init(_ count: Int) {
        ids.reserveCapacity(count)
        externalIDs.reserveCapacity(count)
        internalIDs.reserveCapacity(count)
    }

    /// Notes an element; one that an earlier element named already is a fault.
    mutating func admit(_ names: UpsertNames, target: UInt64?, _ faults: inout Faults) {
        if let target, !ids.insert(target).inserted {
            faults.add(
                .notUnique, "an earlier element of the batch names the same record, \(target)")
        }
        if let text = names.externalID, !externalIDs.insert(Array(text.utf8)).inserted {
            faults.add(
                .notUnique, member: "externalId", "an earlier element has the same externalId")
        }
        if let text = names.internalID, !internalIDs.insert(Array(text.utf8)).inserted {
            faults.add(
                .notUnique, member: "internalId", "an earlier element has the same internalId")
        }
    }
}
