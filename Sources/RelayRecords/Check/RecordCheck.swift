import JSON
import RelayContract
import RelayStore

/// Whether the lists and texts of a store find exactly the records that they should.
///
/// `Store.check` sees to the structure of lists and documents; this sees to their meaning: every
/// record is on the lists that its links say, every text names its record, no list holds more and
/// no text names another, and every record that is referred to exists.
public struct RecordCheck {
    /// What is wrong, at most `Limits.checkFindings` of it; empty if all records are found.
    public private(set) var findings: [String] = []
    /// Records that were looked at.
    public private(set) var records: UInt64 = 0
    private let parser = JSONParser()
    /// How many records say that they are on a list.
    private var expected: [ListKey: UInt64] = [:]
    /// How many records say that a text of a kind names them.
    private var expectedNames: [LookupKey.Family: UInt64] = [:]

    /// What must find a record, and which others it needs.
    private struct Ties {
        var links: RecordLinks
        var references: [DocumentKey] = []
    }

    /// Checks a store as a view shows it. Reads and parses every record: minutes for millions.
    public init(_ view: borrowing StoreView) throws(StoreError) {
        try view.forEachDocument { (document) throws(StoreError) in
            try look(at: document, view)
            return true
        }
        try compareLists(view)
        try compareNames(view)
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
        guard let ties = try ties(of: document, resource, view) else {
            return note("\(resource) \(key.id) of account \(key.account): not to be read")
        }
        let links = ties.links
        for other in ties.references where try view.document(other) == nil {
            let kind = Resource(rawValue: other.resource).map { "\($0)" } ?? "record"
            note(
                "\(resource) \(key.id) of account \(key.account): there is no \(kind) \(other.id), "
                    + "to which it refers")
        }
        for list in links.lists {
            expected[list, default: 0] += 1
            if try !view.contains(key.id, in: list) {
                note("\(resource) \(key.id) of account \(key.account): not in \(list)")
            }
        }
        for entry in links.entries {
            expected[entry.list, default: 0] += 1
            if try !view.holds(entry) {
                note("\(resource) \(key.id) of account \(key.account): not in \(entry.list)")
            }
        }
        for term in links.terms {
            let number = try view.lookup(term.name)
            let entry = number.map { term.entry($0, key.id) }
            if let entry { expected[entry.list, default: 0] += 1 }
            if let entry, try view.holds(entry) { continue }
            note("\(resource) \(key.id) of account \(key.account): not found by \(term.kind)")
        }
        for name in links.names {
            expectedNames[name.family, default: 0] += 1
            if try view.lookup(name) != key.id {
                note("\(resource) \(key.id) of account \(key.account): its name does not find it")
            }
        }
    }

    /// What ties a record to others; nil when its document cannot be read.
    private func ties(
        of document: borrowing DocumentView, _ resource: Resource, _ view: borrowing StoreView
    ) throws(StoreError) -> Ties? {
        let account = document.key.account
        switch resource {
        case .customer:
            return model(Customer.self, document).map { Ties(links: $0.links(account)) }
        case .property:
            return model(Property.self, document).map { property in
                Ties(
                    links: property.links(account),
                    references: [Resource.customer.key(account, property.customerId)])
            }
        case .order:
            return model(Order.self, document).map { order in
                let property = order.propertyId.map { Resource.property.key(account, $0) }
                let customer = order.customerId.map { Resource.customer.key(account, $0) }
                return Ties(
                    links: order.links(account),
                    references: [property, customer].compactMap { $0 })
            }
        case .document:
            return model(Document.self, document).map { record in
                Ties(
                    links: record.links(account),
                    references: [
                        Resource.property.key(account, record.propertyId),
                        Resource.customer.key(account, record.customerId),
                    ])
            }
        case .unit:
            guard let unit = model(Unit.self, document),
                let owner = try view.document(Resource.property.key(account, unit.propertyId)),
                let property = model(Property.self, owner)
            else { return nil }
            return Ties(links: unit.links(account, of: property))
        case .appointment:
            return model(Appointment.self, document).map { Ties(links: $0.links(account)) }
        case .eedMonth:
            return model(EedMonth.self, document).map { Ties(links: $0.links(account)) }
        default: return Ties(links: RecordLinks())
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

    /// Texts that name all their records name no others if there are as many.
    private mutating func compareNames(_ view: borrowing StoreView) throws(StoreError) {
        var found: [LookupKey.Family: UInt64] = [:]
        try view.forEachLookup { (key, _) throws(StoreError) in
            found[key.family, default: 0] += 1
            return true
        }
        for family in found.keys.sorted(by: { ($0.account, $0.kind) < ($1.account, $1.kind) }) {
            // Texts of other kinds name no records.
            guard [.externalID, .internalID].contains(RecordLookup(rawValue: family.kind))
            else { continue }
            let (count, wanted) = (found[family] ?? 0, expectedNames[family] ?? 0)
            if count != wanted {
                let kind = Resource(rawValue: family.resource).map { "\($0)" } ?? "record"
                note(
                    "account \(family.account): \(count) texts name a \(kind), \(wanted) are "
                        + "borne by one")
            }
        }
    }

    private mutating func note(_ finding: String) {
        if findings.count < Limits.checkFindings { findings.append(finding) }
    }
}
