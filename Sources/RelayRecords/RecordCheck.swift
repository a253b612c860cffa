import JSON
import RelayContract
import RelayStore

/// Whether the lists and texts of a store find exactly the records that they should.
///
/// `Store.check` sees to the structure of lists and documents; this sees to their meaning: every
/// record is on the lists that its links say, every text names its record, and no list holds more.
public struct RecordCheck {
    /// What is wrong, at most `Limits.checkFindings` of it; empty if all records are found.
    public private(set) var findings: [String] = []
    /// Records that were looked at.
    public private(set) var records: UInt64 = 0
    private let parser = JSONParser()
    /// How many records say that they are on a list.
    private var expected: [ListKey: UInt64] = [:]

    /// Checks a store as a view shows it. Reads and parses every record: minutes for millions.
    public init(_ view: borrowing StoreView) throws(StoreError) {
        try view.forEachDocument { (document) throws(StoreError) in
            try look(at: document, view)
            return true
        }
        try compareLists(view)
    }

    // MARK: Records

    private mutating func look(
        at document: borrowing DocumentView, _ view: borrowing StoreView
    ) throws(StoreError) {
        let key = document.key
        guard let resource = Resource(rawValue: key.resource) else {
            return note("document \(key.account)/\(key.resource)/\(key.id): no such resource")
        }
        records += 1
        guard let links = try links(of: document, resource, view) else {
            return note("\(resource) \(key.id) of account \(key.account): not to be read")
        }
        for list in links.lists {
            expected[list, default: 0] += 1
            if try !view.contains(key.id, in: list) {
                note("\(resource) \(key.id) of account \(key.account): not in \(list)")
            }
        }
        for entry in links.entries {
            expected[entry.list, default: 0] += 1
            if try !view.contains(UInt64(entry.key), in: entry.list) {
                note("\(resource) \(key.id) of account \(key.account): not in \(entry.list)")
            }
        }
        for name in links.names where try view.lookup(name) != key.id {
            note("\(resource) \(key.id) of account \(key.account): its name does not find it")
        }
    }

    /// What must find a record; nil when its document cannot be read.
    private func links(
        of document: borrowing DocumentView, _ resource: Resource, _ view: borrowing StoreView
    ) throws(StoreError) -> RecordLinks? {
        let account = document.key.account
        switch resource {
        case .customer: return model(Customer.self, document)?.links(account)
        case .property: return model(Property.self, document)?.links(account)
        case .order: return model(Order.self, document)?.links(account)
        case .unit:
            guard let unit = model(Unit.self, document),
                let owner = try view.document(Resource.property.key(account, unit.propertyId)),
                let property = model(Property.self, owner)
            else { return nil }
            return unit.links(account, of: property)
        case .eedMonth: return model(EedMonth.self, document)?.links(account)
        default: return RecordLinks()
        }
    }

    private func model<Model: ContractModel>(
        _ type: Model.Type, _ document: borrowing DocumentView
    ) -> Model? {
        // SAFETY: the map's bytes are read while the view is borrowed.
        document.json.withUnsafeBytes { Model(stored: $0, parser: parser) }
    }

    // MARK: Lists

    /// A list that holds all its records holds no others if it is of the right length.
    private mutating func compareLists(_ view: borrowing StoreView) throws(StoreError) {
        try view.forEachList { (list) throws(StoreError) in
            guard RecordList(rawValue: list.kind) != nil else { return true }
            let count = try view.count(list)
            let wanted = expected[list] ?? 0
            if count != wanted { note("\(list): \(count) entries for \(wanted) records") }
            return true
        }
    }

    private mutating func note(_ finding: String) {
        if findings.count < Limits.checkFindings { findings.append(finding) }
    }
}
