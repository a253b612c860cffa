import JSON
import RelayContract
import RelayStore

/// Fields and contact persons of orders are changed and deleted by their own ids. They have the version
/// of their order, which preconditions are about.
extension RecordTransaction {
    /// Changes a field of an order.
    mutating func updateOrderField(
        _ id: UInt64, _ patch: OrderFieldPatch, _ precondition: RecordPrecondition
    ) throws(StoreError) -> RecordAnswer {
        try change(.orderField, id, on: .ordersByField, precondition) { order in
            guard let place = order.fields.firstIndex(where: { $0.id == id }) else { return false }
            order.fields[place].name = patch.name ?? order.fields[place].name
            order.fields[place].content = patch.content ?? order.fields[place].content
            order.fields[place].position = patch.position ?? order.fields[place].position
            return true
        }
    }

    /// Deletes a field of an order.
    mutating func deleteOrderField(
        _ id: UInt64, _ precondition: RecordPrecondition
    ) throws(StoreError) -> RecordAnswer {
        try change(.orderField, id, on: .ordersByField, precondition) { order in
            let count = order.fields.count
            order.fields.removeAll { $0.id == id }
            return order.fields.count < count
        }
    }

    /// Changes a contact person of an order.
    mutating func updateContactPerson(
        _ id: UInt64, _ patch: ContactPersonPatch, _ precondition: RecordPrecondition
    ) throws(StoreError) -> RecordAnswer {
        try change(.contactPerson, id, on: .ordersByContactPerson, precondition) { order in
            guard let place = order.contactPersons.firstIndex(where: { $0.id == id })
            else { return false }
            var person = order.contactPersons[place]
            person.name = patch.name ?? person.name
            person.type = patch.type ?? person.type
            person.emailAddress = patch.email ?? person.emailAddress
            person.telephone = patch.merged(patch.telephone, .telephone, over: person.telephone)
            person.mobile = patch.merged(patch.mobile, .mobile, over: person.mobile)
            order.contactPersons[place] = person
            return true
        }
    }

    /// Deletes a contact person of an order.
    mutating func deleteContactPerson(
        _ id: UInt64, _ precondition: RecordPrecondition
    ) throws(StoreError) -> RecordAnswer {
        try change(.contactPerson, id, on: .ordersByContactPerson, precondition) { order in
            let count = order.contactPersons.count
            order.contactPersons.removeAll { $0.id == id }
            return order.contactPersons.count < count
        }
    }

    /// Changes the order that has a part, and answers with the part's id.
    ///
    /// - Parameter body: makes the change; false when the order has no such part.
    private mutating func change(
        _ part: Resource, _ id: UInt64, on list: RecordList, _ precondition: RecordPrecondition,
        _ body: (inout Order) -> Bool
    ) throws(StoreError) -> RecordAnswer {
        guard let orderID = try owner(of: id, on: list) else { return .missing(part, id) }
        guard let stored = try load(Order.self, .order, orderID) else {
            throw .corrupted(what: "order \(orderID)")
        }
        if let refusal = precondition.refusal(of: stored.version) { return refusal }
        var order = stored.model
        guard body(&order) else { throw .corrupted(what: "order \(orderID)") }
        try begin()
        order.updatedAt = time
        try replace(stored.model, with: order)
        return .id(200, id, version: sequence)
    }
}

/// updateOrderField.
public typealias UpdateOrderField = Update<OrderField>

extension OrderField: UpdatableRecord {
    /// updateOrderField.
    public static var update: ChangeKind { .updateOrderField }

    /// Changes one.
    public static func update(
        _ id: UInt64, _ patch: OrderFieldPatch, _ precondition: RecordPrecondition,
        in transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.updateOrderField(id, patch, precondition)
    }
}

/// deleteOrderField.
public typealias DeleteOrderField = Deletion<OrderField>

extension OrderField: DeletableRecord {
    /// deleteOrderField.
    public static var deletion: ChangeKind { .deleteOrderField }

    /// Deletes one.
    public static func delete(
        _ id: UInt64, _ precondition: RecordPrecondition, in transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.deleteOrderField(id, precondition)
    }
}

/// updateContactPerson.
public typealias UpdateContactPerson = Update<ContactPerson>

extension ContactPerson: UpdatableRecord {
    /// updateContactPerson.
    public static var update: ChangeKind { .updateContactPerson }

    /// Changes one.
    public static func update(
        _ id: UInt64, _ patch: ContactPersonPatch, _ precondition: RecordPrecondition,
        in transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.updateContactPerson(id, patch, precondition)
    }
}

/// deleteContactPerson.
public typealias DeleteContactPerson = Deletion<ContactPerson>

extension ContactPerson: DeletableRecord {
    /// deleteContactPerson.
    public static var deletion: ChangeKind { .deleteContactPerson }

    /// Deletes one.
    public static func delete(
        _ id: UInt64, _ precondition: RecordPrecondition, in transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.deleteContactPerson(id, precondition)
    }
}
