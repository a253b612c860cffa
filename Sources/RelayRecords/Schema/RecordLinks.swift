import CivilTime
import RelayContract
import RelayStore

/// What finds a record: the lists that it is on and the texts that name it.
///
/// Said once for each kind of record, below; what a change has to add and to remove follows from
/// the links before and after it.
struct RecordLinks: Sendable {
    /// Lists that hold the record's id.
    var lists: [ListKey] = []
    /// Lists that hold another key for it.
    var entries: [ListEntry] = []
    /// Texts that put it on a list.
    var terms: [ListTerm] = []
    var names: [UniqueKey] = []

    /// Makes them those of the record as changed at another time.
    mutating func restamp(_ updated: Timestamp) {
        for index in entries.indices where entries[index].isByUpdate {
            entries[index].key = UInt128(
                updated.listKey, UInt64(truncatingIfNeeded: entries[index].key))
        }
    }

    /// Leaves what a store of a format has.
    mutating func keep(upTo format: UInt32) { keep { $0 <= format } }

    /// Leaves what a store of a format lacks.
    mutating func keep(behind format: UInt32) { keep { $0 > format } }

    /// Leaves what came with some formats.
    private mutating func keep(_ isKept: (UInt32) -> Bool) {
        func isLeft(_ list: ListKey) -> Bool {
            RecordList(rawValue: list.kind).map { isKept($0.format) } ?? true
        }
        lists.removeAll { !isLeft($0) }
        entries.removeAll { !isLeft($0.list) }
        terms.removeAll { !isKept($0.kind.list.format) }
    }
}

/// A key on a list.
struct ListEntry: Hashable, Sendable {
    var list: ListKey
    var key: UInt128

    /// The key of a record on a list by change.
    init(_ list: RecordList, _ account: UInt32, _ updated: Timestamp, _ id: UInt64) {
        self.init(list: list.key(account), key: UInt128(updated.listKey, id))
    }

    /// A key on a list.
    init(list: ListKey, key: UInt128) {
        self.list = list
        self.key = key
    }

    /// Whether the list is one by change, which sorts by the time of that.
    fileprivate var isByUpdate: Bool {
        switch RecordList(rawValue: list.kind) {
        case .ordersByUpdate, .propertiesByUpdate, .unitsByUpdate, .documentsByUpdate: true
        default: false
        }
    }

    /// The document, where the list has a covering index.
    var covered: DocumentKey? {
        guard let kind = RecordList(rawValue: list.kind), kind.isCovering else { return nil }
        return kind.resource.key(list.account, key.recordID)
    }

    /// What the list sorts by, if it has keys of 128 bits.
    var order: UInt64 { UInt64(truncatingIfNeeded: key >> 64) }
}

extension StoreView {
    /// Whether a list has an entry, and where it has a covering index, one there.
    func holds(_ entry: ListEntry) throws(StoreError) -> Bool {
        if let document = entry.covered,
            try coveringEntry(of: document, in: entry.list, by: entry.order) == nil
        {
            return false
        }
        if entry.list.isWide { return try list(entry.list, of: UInt128.self).contains(entry.key) }
        return try list(entry.list, of: UInt64.self).contains(UInt64(entry.key))
    }
}

extension StoreTransaction {
    /// Puts a record whose document was written into the covering indexes that its links name.
    mutating func putCoveringEntries(_ links: RecordLinks) throws(StoreError) {
        for entry in links.entries {
            guard let document = entry.covered else { continue }
            try putCoveringEntry(of: document, in: entry.list, by: entry.order)
        }
    }

    /// Moves a record from what found it before to what finds it from now on.
    ///
    /// - Parameter keepsTexts: whether there may be records that have a text and are not on its list yet.
    mutating func relink(
        _ id: UInt64, from old: RecordLinks, to new: RecordLinks, keepsTexts: Bool = false
    ) throws(StoreError) {
        precondition(Resource.isStorable(id), "a record has an id that a key can hold")
        for list in old.lists.without(new.lists) { try remove(id, from: list) }
        for list in new.lists.without(old.lists) { try insert(id, into: list) }
        try move(old.entries.without(new.entries), to: new.entries.without(old.entries))
        for term in old.terms.without(new.terms) {
            let entry = try entry(of: term, id)
            try remove(entry)
            if !keepsTexts { try forget(term, entry) }
        }
        for term in new.terms.without(old.terms) { try insert(try entry(of: term, id)) }
        for name in old.names.without(new.names) { try removeUnique(name) }
        for name in new.names.without(old.names) { try setUnique(name, to: id) }
    }

    /// Takes a record's entries off their lists and puts others on theirs. Where one list has one of
    /// each, as that by change always has, it is changed once.
    private mutating func move(_ old: [ListEntry], to new: [ListEntry]) throws(StoreError) {
        var left = new
        for entry in old {
            if let place = left.firstIndex(where: { $0.list == entry.list }) {
                try move(entry, to: left.remove(at: place).key)
            } else {
                try remove(entry)
            }
        }
        for entry in left { try insert(entry) }
    }
}

extension Array where Element: Hashable {
    /// Those that another array lacks. A large order has thousands, of which a change moves few; most
    /// others have all of theirs at the same places.
    fileprivate func without(_ others: [Element]) -> [Element] {
        var moved: [Element] = []
        for place in indices where place >= others.count || self[place] != others[place] {
            moved.append(self[place])
        }
        if moved.isEmpty { return [] }
        if others.count <= Limits.comparedEntries {
            moved.removeAll { others.contains($0) }
        } else {
            let others = Set(others)
            moved.removeAll { others.contains($0) }
        }
        return moved
    }
}

extension [ListEntry] {
    /// Adds what leads from parts of a record to the record.
    mutating func add(
        _ parts: [UInt64], of record: UInt64, on list: RecordList, _ account: UInt32
    ) {
        // A dump may name a part twice; a list has it once.
        var last: UInt64?
        for part in parts.sorted() where part != last {
            append(ListEntry(list: list.key(account), key: UInt128(part, record)))
            last = part
        }
    }
}

extension Customer {
    /// All customers; its externalId and internalId.
    func links(_ account: UInt32) -> RecordLinks {
        RecordLinks(
            lists: [RecordList.customers.key(account)],
            names: UniqueKey.names(
                account, .customer, externalID: externalId, internalID: internalId))
    }
}

extension Property {
    /// All properties, also by change, its customer's; its externalId and internalId.
    func links(_ account: UInt32) -> RecordLinks {
        RecordLinks(
            lists: [
                RecordList.properties.key(account),
                RecordList.propertiesOfCustomer.key(account, customerId),
            ],
            entries: [updateEntry(account)],
            names: UniqueKey.names(
                account, .property, externalID: externalId.map { String($0) },
                internalID: internalId))
    }

    /// Its place by change.
    func updateEntry(_ account: UInt32) -> ListEntry {
        ListEntry(.propertiesByUpdate, account, updatedAt, id)
    }
}

extension Unit {
    /// All units, also by change, its property's and its customer's, which is the property's; with
    /// an mscNumber also those that have one, and this one.
    func links(_ account: UInt32, of property: Property) -> RecordLinks {
        var lists = [
            RecordList.units.key(account),
            RecordList.unitsOfProperty.key(account, property.id),
            RecordList.unitsOfCustomer.key(account, property.customerId),
        ]
        if unitMscNumber != nil {
            lists.append(RecordList.unitsWithMscNumber.key(account))
            lists.append(
                RecordList.unitsWithMscNumberOfCustomer.key(account, property.customerId))
        }
        return RecordLinks(
            lists: lists, entries: [updateEntry(account)], terms: mscNumberTerm(account))
    }

    /// Its place by change.
    func updateEntry(_ account: UInt32) -> ListEntry {
        ListEntry(.unitsByUpdate, account, updatedAt, id)
    }
}

extension Unit {
    /// What finds it by its mscNumber.
    func mscNumberTerm(_ account: UInt32) -> [ListTerm] {
        guard let unitMscNumber else { return [] }
        return [ListTerm(account: account, kind: .unitMscNumber, text: unitMscNumber)]
    }
}

extension Document {
    /// All documents, also by change, its property's, its customer's; its attachments.
    func links(_ account: UInt32) -> RecordLinks {
        var links = RecordLinks(
            lists: [
                RecordList.documents.key(account),
                RecordList.documentsOfProperty.key(account, propertyId),
                RecordList.documentsOfCustomer.key(account, customerId),
            ])
        links.entries = [updateEntry(account)]
        links.entries.add(attachments.map(\.id), of: id, on: .documentsByAttachment, account)
        return links
    }

    /// Its place by change.
    func updateEntry(_ account: UInt32) -> ListEntry {
        ListEntry(.documentsByUpdate, account, updatedAt, id)
    }
}

extension UniqueKey {
    /// A text that names a record.
    init(_ account: UInt32, _ index: UniqueIndex, _ resource: Resource, _ text: String) {
        self.init(
            account: account, resource: resource.rawValue, kind: index.rawValue,
            text: Array(text.utf8))
    }

    fileprivate static func names(
        _ account: UInt32, _ resource: Resource, externalID: String?, internalID: String?
    ) -> [UniqueKey] {
        var names: [UniqueKey] = []
        if let externalID {
            names.append(UniqueKey(account, .externalID, resource, externalID))
        }
        if let internalID {
            names.append(UniqueKey(account, .internalID, resource, internalID))
        }
        return names
    }
}
