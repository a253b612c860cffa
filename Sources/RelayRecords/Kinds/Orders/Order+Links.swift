import CivilTime
import JSON
import RelayContract
import RelayStore

extension Order {
    /// All orders; its property's, its customer's, its state's and its type's; by internalId, due
    /// date and change; by its fields, contact persons and attachments.
    ///
    /// - Parameter withParts: whether those by its parts are wanted.
    func links(_ account: UInt32, withParts: Bool = true) -> RecordLinks {
        var links = RecordLinks()
        // Twice in each change of an order: each array is allocated once.
        links.lists.reserveCapacity(5)
        links.lists.append(RecordList.orders.key(account))
        links.lists.append(RecordList.ordersOfStatus.key(account, status.parameter))
        if let propertyId {
            links.lists.append(RecordList.ordersOfProperty.key(account, propertyId))
        }
        if let customerId {
            links.lists.append(RecordList.ordersOfCustomer.key(account, customerId))
        }
        if let isInternal {
            links.lists.append(RecordList.ordersOfInternal.key(account, isInternal ? 1 : 0))
        }
        links.entries = [
            ListEntry(list: RecordList.ordersByDueDate.key(account), key: UInt128(dueKey, id)),
            ListEntry(.ordersByUpdate, account, updatedAt, id),
        ]
        if withParts { links.entries += partEntries(account) }
        links.terms.reserveCapacity(2)
        if let type {
            links.terms.append(ListTerm(account: account, kind: .orderType, text: type))
        }
        if let internalId {
            links.terms.append(
                ListTerm(account: account, kind: .orderInternalID, text: internalId))
        }
        return links
    }

    /// Whether the same parts lead to it as to another state of it.
    func hasParts(of other: Order) -> Bool {
        return fields.elementsEqual(other.fields) { $0.id == $1.id }
            && contactPersons.elementsEqual(other.contactPersons) { $0.id == $1.id }
            && attachments.elementsEqual(other.attachments) { $0.id == $1.id }
            && comments.lazy.flatMap(\.attachments).elementsEqual(
                other.comments.lazy.flatMap(\.attachments)
            ) { $0.id == $1.id }
    }

    /// What leads from its parts to it. Comments need none: their paths name the order.
    func partEntries(_ account: UInt32) -> [ListEntry] {
        var entries: [ListEntry] = []
        entries.add(fields.map(\.id), of: id, on: .ordersByField, account)
        entries.add(contactPersons.map(\.id), of: id, on: .ordersByContactPerson, account)
        entries.add(attachmentIDs, of: id, on: .ordersByAttachment, account)
        return entries
    }

    /// The files of its comments; of an order that was loaded, whatever it names.
    var attachmentIDs: [UInt64] {
        var ids = attachments.compactMap(\.id)
        for comment in comments { ids += comment.attachments.compactMap(\.id) }
        return ids
    }

    /// The due date as the list by due date has it; an order without one is behind all others.
    var dueKey: UInt64 { dueDate?.listKey ?? .max }

    /// What a filter by time asks of an order that was found by something else: both keys, so that
    /// the document need not be parsed.
    var facts: [UInt8] { Self.facts(dueKey: dueKey, updated: updatedAt) }

    /// As above, of an order of which only these are known.
    static func facts(dueKey: UInt64, updated: Timestamp) -> [UInt8] {
        let words: InlineArray<2, UInt64> = [dueKey.littleEndian, updated.listKey.littleEndian]
        // SAFETY: the bytes of a value are copied while it is there.
        return words.span.bytes.withUnsafeBytes { Array($0) }
    }
}

extension Timestamp {
    /// Milliseconds since the year 0, which sort as unsigned numbers do.
    var listKey: UInt64 { UInt64(milliseconds - Timestamp.earliest.milliseconds) }

    /// The time that a list's key was made of.
    init(listKey: UInt64) {
        self.init(
            milliseconds: Timestamp.earliest.milliseconds + Int64(truncatingIfNeeded: listKey))
    }
}

extension OrderStatus {
    /// As the lists by state have it: part of the bytes on disk, so that the words of the contract
    /// may be sorted anew.
    var parameter: UInt64 {
        switch self {
        case .open: 1
        case .inProgress: 2
        case .finished: 3
        case .declined: 4
        case .null: 5
        case .prepare: 6
        }
    }
}
