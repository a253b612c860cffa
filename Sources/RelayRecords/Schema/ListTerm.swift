import RelayContract
import RelayStore

/// A text that many records may share, and the list on which those that have it are.
///
/// Lists are named and sorted by numbers. So a text is given a number once, when it first occurs,
/// and keeps it: no two texts share one, which a hash could not promise.
struct ListTerm: Hashable {
    enum Kind: UInt8 {
        // Raw values are those of the unique indexes that hold the numbers: part of the bytes on disk.
        case orderType = 21
        case orderInternalID = 22
        case unitMscNumber = 23

        /// The kind of list on which those that have such a text are.
        var list: RecordList {
            switch self {
            case .orderType: .ordersOfType
            case .orderInternalID: .ordersByInternalID
            case .unitMscNumber: .unitsOfMscNumber
            }
        }

        /// The kind of record that has such a text.
        var resource: Resource { list.resource }
    }

    let account: UInt32
    let kind: Kind
    let text: String

    /// What the text's number is looked up by. Compared as bytes, as all names are.
    var name: UniqueKey {
        UniqueKey(
            account: account, resource: kind.resource.rawValue, kind: kind.rawValue,
            text: Array(text.utf8))
    }

    /// What a record enters when its text has this number.
    func entry(_ number: UInt64, _ id: UInt64) -> ListEntry {
        switch kind {
        case .orderType, .unitMscNumber:
            ListEntry(list: kind.list.key(account, number), key: UInt128(id))
        case .orderInternalID:
            ListEntry(list: kind.list.key(account), key: UInt128(number, id))
        }
    }

    static func == (left: ListTerm, right: ListTerm) -> Bool {
        left.account == right.account && left.kind == right.kind
            && left.text.hasBytes(of: right.text)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        for byte in text.utf8 { hasher.combine(byte) }
    }
}

extension StoreTransaction {
    /// The entry of a record for its text, which gets a number if it has none.
    mutating func entry(of term: ListTerm, _ id: UInt64) throws(StoreError) -> ListEntry {
        let name = term.name
        if let number = try view.record(named: name) { return term.entry(number, id) }
        let number = try nextID(account: term.account, resource: Resource.term.rawValue)
        try setUnique(name, to: number)
        return term.entry(number, id)
    }

    /// Forgets an internalId with its number, if the record that has left the list was the last one that had
    /// it: nearly each is another one, and a store would keep every text that it ever had. Texts of other kinds
    /// come back, and keep their number.
    mutating func forget(_ term: ListTerm, _ entry: ListEntry) throws(StoreError) {
        guard term.kind == .orderInternalID else { return }
        let isShared: Bool
        do {
            let list = try view.list(entry.list, of: UInt128.self)
            let first = try list.rank(of: UInt128(entry.order, 0))
            isShared = try list.rank(of: UInt128(entry.order + 1, 0)) > first
        }
        if !isShared { try removeUnique(term.name) }
    }

    /// Puts a record on a list; `putCoveringEntries` follows once there is a document.
    mutating func insert(_ entry: ListEntry) throws(StoreError) {
        if entry.list.isWide {
            try insert(entry.key, into: entry.list)
        } else {
            try insert(UInt64(entry.key), into: entry.list)
        }
    }

    /// Gives a record another key on its list; `putCoveringEntries` follows as above.
    mutating func move(_ entry: ListEntry, to key: UInt128) throws(StoreError) {
        try removeCovering(entry)
        if entry.list.isWide {
            try move(entry.key, to: key, in: entry.list)
        } else {
            try move(UInt64(entry.key), to: UInt64(key), in: entry.list)
        }
    }

    /// Takes a record off a list, and out of its covering index.
    mutating func remove(_ entry: ListEntry) throws(StoreError) {
        try removeCovering(entry)
        if entry.list.isWide {
            try remove(entry.key, from: entry.list)
        } else {
            try remove(UInt64(entry.key), from: entry.list)
        }
    }

    private mutating func removeCovering(_ entry: ListEntry) throws(StoreError) {
        guard let document = entry.covered else { return }
        try deleteCoveringEntry(of: document, in: entry.list, by: entry.order)
    }
}
