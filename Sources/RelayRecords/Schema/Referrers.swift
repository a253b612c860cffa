import RelayContract
import RelayStore

/// The records that refer to one that is to go: how many there are, and the first of them by name.
struct Referrers {
    /// What a client is told of each kind: `3 units (1 "WE 01", 2 "WE 02", …)`.
    private var phrases: [String] = []

    var isEmpty: Bool { phrases.isEmpty }

    /// Notes the records of one kind, if there are any.
    mutating func add<Model: ContractModel>(
        _ type: Model.Type, _ resource: Resource, on list: ListKey, named name: (Model) -> String,
        _ transaction: borrowing RecordTransaction
    ) throws(StoreError) {
        let view = transaction.view
        let keys = try view.list(list, of: UInt64.self)
        guard keys.count > 0 else { return }
        var ids: [UInt64] = []
        try keys.forEach(in: keys.offsets) { (key) throws(StoreError) in
            // The low bits of a list's key are the id.
            ids.append(key & (1 << RelayStore.Limits.idBits - 1))
            return ids.count < Limits.namedReferrers
        }
        var names: [String] = []
        for id in ids {
            guard let model = try transaction.load(type, resource, id)?.model else {
                throw .corrupted(list, "it names \(resource) \(id), which is missing")
            }
            names.append("\(id) \"\(name(model).prefix(Limits.referrerNameCharacters))\"")
        }
        if keys.count > UInt64(ids.count) { names.append("…") }
        phrases.append(
            "\(keys.count) \(resource)\(keys.count == 1 ? "" : "s") (\(names.joined(separator: ", ")))"
        )
    }

    /// The refusal of whoever wants to delete the record.
    func problem(record: String) -> Problem {
        Problem(
            .conflict,
            phrases.joined(separator: " and ") + " refer to \(record): change or delete them first")
    }
}
