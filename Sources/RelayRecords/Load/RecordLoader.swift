import CivilTime
import JSON
import RelayContract
import RelayStore

/// Loads records that bring their own ids into an account: sample data.
///
/// A bulk load leaves one change record per transaction, of kind 0 and without a payload: it says
/// that the store changed, not what. Ids ascend, the account has no records yet, and references are
/// the caller's responsibility.
public struct RecordLoader {
    private let account: UInt32
    private let time: Timestamp
    private var last: [Resource: UInt64] = [:]
    private var writer = JSONWriter()
    /// Lists and what is to be appended to each: see `end`.
    private var lists: [ListKey: [UInt64]] = [:]
    private var wideLists: [ListKey: [UInt128]] = [:]
    /// Numbers of the texts that came first: types come again and again.
    private var terms: [ListTerm: UInt64] = [:]

    /// The kind of change record that a bulk load leaves.
    public static let changeKind: UInt8 = 0

    /// Makes a loader for an account.
    ///
    /// - Parameter time: the time of the change records, unless the store has a later one.
    public init(account: UInt32, time: Timestamp) {
        self.account = account
        self.time = time
    }

    /// Begins a transaction's share of the load: takes the sequence number of its records.
    public func begin(_ transaction: inout StoreTransaction) throws(StoreError) {
        try RecordApplier().moveOn(&transaction)
        _ = try transaction.use(of: account)
        let last = try transaction.view.lastTime() ?? .min
        _ = try transaction.recordChange(
            account: account, kind: Self.changeKind, time: max(time.milliseconds, last))
    }

    /// Adds an address.
    public mutating func add(
        _ address: Address, to transaction: inout StoreTransaction
    ) throws(StoreError) {
        try put(address, .address, address.id, &transaction)
    }

    /// Adds a customer.
    public mutating func add(
        _ customer: Customer, to transaction: inout StoreTransaction
    ) throws(StoreError) {
        try link(customer.id, customer.links(account), &transaction)
        try put(customer, .customer, customer.id, &transaction)
    }

    /// Adds a property.
    public mutating func add(
        _ property: Property, to transaction: inout StoreTransaction
    ) throws(StoreError) {
        try link(property.id, property.links(account), &transaction)
        try put(property, .property, property.id, &transaction)
    }

    /// Adds a unit of a property.
    public mutating func add(
        _ unit: Unit, of property: Property, to transaction: inout StoreTransaction
    ) throws(StoreError) {
        try link(unit.id, unit.links(account, of: property), &transaction)
        try put(unit, .unit, unit.id, &transaction)
    }

    /// Adds an order, with the ids of its parts.
    public mutating func add(
        _ order: Order, to transaction: inout StoreTransaction
    ) throws(StoreError) {
        try link(order.id, order.links(account), &transaction)
        note(.orderField, order.fields.last?.id)
        note(.comment, order.comments.last?.id)
        note(.contactPerson, order.contactPersons.last?.id)
        note(.attachment, order.attachments.last?.id)
        note(.order, order.id)
        try transaction.putOrder(order, json: order.json, account: account)
    }

    /// Adds an appointment.
    public mutating func add(
        _ appointment: Appointment, to transaction: inout StoreTransaction
    ) throws(StoreError) {
        try link(appointment.id, appointment.links(account), &transaction)
        try put(appointment, .appointment, appointment.id, &transaction)
    }

    /// Adds a unit's energy data of a month, which has no id of its own to bring: the next one.
    public mutating func add(
        _ month: EedMonth, benchmarks: [EedBenchmark], to transaction: inout StoreTransaction
    ) throws(StoreError) {
        let id = (last[.eedMonth] ?? 0) + 1
        try link(id, month.links(account), &transaction)
        try put(month, .eedMonth, id, &transaction, privateBytes: benchmarks.json)
    }

    /// Ends a transaction's share: later ids go on behind the ones that were loaded.
    public mutating func end(_ transaction: inout StoreTransaction) throws(StoreError) {
        for (resource, id) in last {
            try transaction.setCounter(
                account: account, resource: resource.rawValue,
                to: ResourceCounter(lastID: id, changeSequence: transaction.sequence))
        }
    }

    /// Ends the load: enters all records into their lists, in the last transaction.
    ///
    /// Not earlier, because ids go into lists all over the tree: each transaction would leave
    /// thousands of freed pages behind for the next one's documents, and a page of neighbours
    /// would be scattered over the file. Filled at once, lists are dense as well.
    public mutating func finish(_ transaction: inout StoreTransaction) throws(StoreError) {
        let order = lists.keys.sorted { ($0.kind, $0.parameter) < ($1.kind, $1.parameter) }
        for list in order {
            let ids = lists[list] ?? []
            try transaction.append(ids.span, to: list)
        }
        lists = [:]
        for list in wideLists.keys.sorted(by: {
            ($0.kind, $0.parameter) < ($1.kind, $1.parameter)
        }) {
            let keys = (wideLists[list] ?? []).sorted()
            try transaction.append(keys.span, to: list)
            for key in keys {
                let entry = ListEntry(list: list, key: key)
                guard let document = entry.covered else { break }
                try transaction.putCoveringEntry(of: document, in: list, by: entry.order)
            }
        }
        wideLists = [:]
    }

    private mutating func link(
        _ id: UInt64, _ links: RecordLinks, _ transaction: inout StoreTransaction
    ) throws(StoreError) {
        for list in links.lists { lists[list, default: []].append(id) }
        for entry in links.entries { add(entry) }
        for term in links.terms {
            if let known = terms[term] {
                add(term.entry(known, id))
                continue
            }
            // The number stands where entries have it: in the parameter or in the high word.
            let entry = try transaction.entry(of: term, id)
            let number =
                entry.list.isWide
                ? UInt64(truncatingIfNeeded: entry.key >> 64) : entry.list.parameter
            if terms.count < Limits.rememberedTerms { terms[term] = number }
            add(entry)
        }
        for name in links.names { try transaction.setUnique(name, to: id) }
    }

    private mutating func add(_ entry: ListEntry) {
        if entry.list.isWide {
            wideLists[entry.list, default: []].append(entry.key)
        } else {
            lists[entry.list, default: []].append(UInt64(entry.key))
        }
    }

    private mutating func note(_ resource: Resource, _ id: UInt64?) {
        guard let id else { return }
        last[resource] = max(last[resource] ?? 0, id)
    }

    private mutating func put(
        _ model: some ContractModel, _ resource: Resource, _ id: UInt64,
        _ transaction: inout StoreTransaction, privateBytes: [UInt8] = []
    ) throws(StoreError) {
        note(resource, id)
        writer.reset()
        model.write(to: &writer)
        try transaction.putDocument(
            resource.key(account, id), json: writer.bytes.span.bytes,
            privateBytes: privateBytes.span.bytes, version: transaction.sequence)
    }
}
