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
        let count = try view.count(list)
        guard count > 0 else { return }
        var ids: [UInt64] = []
        if list.isWide {
            let keys = try view.list(list, of: UInt128.self)
            try keys.forEach(in: keys.offsets) { (key) throws(StoreError) in
                ids.append(key.recordID)
                return ids.count < Limits.namedReferrers
            }
        } else {
            let keys = try view.list(list, of: UInt64.self)
            try keys.forEach(in: keys.offsets) { (key) throws(StoreError) in
                ids.append(key)
                return ids.count < Limits.namedReferrers
            }
        }
        var names: [String] = []
        for id in ids {
            guard let model = try transaction.load(type, resource, id)?.model else {
                throw .corrupted(list, "it names \(resource) \(id), which is missing")
            }
            names.append("\(id) \"\(name(model).prefix(Limits.referrerNameCharacters))\"")
        }
        if count > UInt64(ids.count) { names.append("…") }
        note(count, "\(resource)", names)
    }

    /// Notes the months of which a unit has energy data, if there are any.
    mutating func add(
        monthsOfUnit unit: UInt64, _ transaction: borrowing RecordTransaction
    ) throws(StoreError) {
        var count: UInt64 = 0
        var names: [String] = []
        let prefix = UniqueKey(transaction.account, .eedMonth, .eedMonth, "\(unit)/")
        try transaction.view.forEachUniqueKey(startingWith: prefix) { (text) throws(StoreError) in
            count += 1
            if names.count < Limits.namedReferrers {
                names.append(String(decoding: text.dropFirst("\(unit)/".utf8.count), as: UTF8.self))
            }
            return true
        }
        guard count > 0 else { return }
        if count > UInt64(names.count) { names.append("…") }
        note(count, "month", names, of: " of energy data")
    }

    private mutating func note(
        _ count: UInt64, _ noun: String, _ names: [String], of what: String = ""
    ) {
        // There is only one word among them that takes another ending.
        let plural = noun.hasSuffix("y") ? noun.dropLast() + "ies" : noun + "s"
        phrases.append(
            "\(count) \(count == 1 ? noun : String(plural))\(what) "
                + "(\(names.joined(separator: ", ")))")
    }

    /// The refusal of whoever wants to delete the record.
    ///
    /// - Parameter isFinal: whether nothing takes those that refer to it away.
    func problem(record: String, isFinal: Bool = false) -> Problem {
        Problem(
            .conflict,
            phrases.joined(separator: " and ") + " refer to \(record): "
                + (isFinal ? "it stays with them" : "change or delete them first"))
    }
}
