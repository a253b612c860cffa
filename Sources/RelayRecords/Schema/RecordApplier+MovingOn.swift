import JSON
import RelayContract
import RelayStore

/// From a store of an older format to the newest: lists that it lacks are filled from its documents.
extension RecordApplier {
    /// Moves a store on, if it is one of an older format. For whoever serves it: a list that is not
    /// there yet would be read as empty.
    public func moveOn(_ store: Store) throws(StoreError) {
        guard try store.makeReader().view.formatVersion() < RelayStore.Limits.formatVersion
        else { return }
        try store.write { (transaction) throws(StoreError) in try moveOn(&transaction) }
    }

    /// Moves the store on in a transaction, before that changes anything.
    func moveOn(_ transaction: inout StoreTransaction) throws(StoreError) {
        if try transaction.hasNewestFormat() { return }
        let format = try transaction.view.formatVersion()
        let lacksLists = RecordList.allCases.contains { $0.format > format }
        var next = lacksLists ? DocumentKey(rawValue: 0) : nil
        while let from = next {
            var links = GatheredLinks(format: format)
            next = try links.gather(transaction.view, from: from, parser)
            try links.enter(&transaction)
        }
        try transaction.setNewestFormat()
    }
}

/// Links of some records that a store of an older format lacks.
private struct GatheredLinks {
    /// The store's.
    let format: UInt32
    private var entries: [ListEntry] = []
    private var terms: [(term: ListTerm, id: UInt64)] = []

    init(format: UInt32) { self.format = format }

    /// Gathers as much as may be in memory.
    ///
    /// - Returns: where to go on; nil at the end.
    mutating func gather(
        _ view: borrowing StoreView, from first: DocumentKey, _ parser: JSONParser
    ) throws(StoreError) -> DocumentKey? {
        var next: DocumentKey?
        try view.forEachDocument(from: first) { (document) throws(StoreError) in
            let key = document.key
            guard let resource = Resource(rawValue: key.resource),
                lacksLinks(of: resource),
                // One that is damaged is reported where it is read; it keeps nobody from the others.
                let model = document.model(parser, view)
            else { return true }
            add(model, key.account, key.id)
            if entries.count + terms.count < Limits.gatheredLinks { return true }
            next = key.rawValue == .max ? nil : DocumentKey(rawValue: key.rawValue + 1)
            return false
        }
        return next
    }

    /// Whether records of a kind have any: others are not parsed.
    private func lacksLinks(of resource: Resource) -> Bool {
        switch resource {
        case .order: format < 2
        case .property, .unit, .document: true
        default: false
        }
    }

    private mutating func add(_ model: RecordModel, _ account: UInt32, _ id: UInt64) {
        var links = RecordLinks()
        switch model {
        case .order(let order): links.entries = order.partEntries(account)
        case .property(let property): links.entries = [property.updateEntry(account)]
        case .document(let document): links = document.links(account)
        case .unit(let unit):
            links.entries = [unit.updateEntry(account)]
            links.terms = unit.mscNumberTerm(account)
        default: break
        }
        links.keep(behind: format)
        entries += links.lists.map { ListEntry(list: $0, key: UInt128(id)) }
        entries += links.entries
        terms += links.terms.map { (term: $0, id: id) }
    }

    /// Enters them in the order of the lists, so that a leaf is worked on once.
    mutating func enter(_ transaction: inout StoreTransaction) throws(StoreError) {
        for (term, id) in terms { entries.append(try transaction.entry(of: term, id)) }
        entries.sort {
            ($0.list.account, $0.list.kind, $0.list.parameter, $0.key)
                < ($1.list.account, $1.list.kind, $1.list.parameter, $1.key)
        }
        for entry in entries { try transaction.insert(entry) }
    }
}
