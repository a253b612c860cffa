import JSON
import RelayContract
import RelayStore

extension RecordTransaction {
    /// Creates an order.
    mutating func createOrder(_ new: NewOrder) throws(StoreError) -> RecordAnswer {
        var faults = Faults()
        try check(new.propertyId, .property, "propertyId", &faults)
        try check(new.customerId, .customer, "customerId", &faults)
        let plan = try planAddress(new.address, &faults)
        guard faults.isEmpty else { return RecordAnswer(Problem(.validation, faults)) }
        try begin()
        let id = try newID(.order)
        var fields: [OrderField] = []
        for field in new.fields ?? [] {
            fields.append(
                OrderField(
                    id: try newID(.orderField), position: field.position,
                    name: field.name, content: field.content))
        }
        var persons: [ContactPerson] = []
        for person in new.contactPersons ?? [] {
            persons.append(
                ContactPerson(
                    type: person.type, name: person.name, id: try newID(.contactPerson),
                    telephone: person.telephone, mobile: person.mobile,
                    emailAddress: person.email))
        }
        let order = Order(
            id: id, title: new.title, status: new.status ?? .open,
            address: try store(plan), dueDate: new.dueDate,
            followUpDate: new.followUpDate, createdAt: time, updatedAt: time,
            internalId: new.internalId, isInternal: new.isInternal, type: new.type,
            taskId: new.taskId, propertyId: new.propertyId, casaviOrderId: new.casaviOrderId,
            casaviTicketId: new.casaviTicketId, fields: fields, attachments: [], comments: [],
            contactPersons: persons, customerId: new.customerId)
        try replace(nil, with: order)
        return RecordAnswer(
            201, body: IdObject(id: id).json, version: sequence, createdID: id)
    }

    /// Changes an order's status, due date, internal id or address.
    mutating func updateOrder(
        _ id: UInt64, _ patch: OrderPatch, _ precondition: RecordPrecondition
    ) throws(StoreError) -> RecordAnswer {
        guard let stored = try load(Order.self, .order, id) else {
            return .missing(.order, id)
        }
        if let refusal = precondition.refusal(of: stored.version) { return refusal }
        var faults = Faults()
        let plan = try planAddress(
            patch.address, keeping: stored.model.address, &faults)
        guard faults.isEmpty else { return RecordAnswer(Problem(.validation, faults)) }
        try begin()
        var order = stored.model
        order.status = patch.status ?? order.status
        order.dueDate = patch.dueDate ?? order.dueDate
        order.internalId = patch.internalId ?? order.internalId
        order.address = try store(plan) ?? order.address
        order.updatedAt = time
        try replace(stored.model, with: order)
        return .id(200, id, version: sequence)
    }

    /// Writes an order and enters it into what finds it: the only way in which orders change.
    mutating func replace(_ old: Order?, with new: Order) throws(StoreError) {
        try transaction.relink(
            new.id, from: old?.links(account) ?? RecordLinks(), to: new.links(account))
        try store(new, .order, new.id, privateBytes: new.facts)
    }
}

/// createOrder.
public struct CreateOrder: BodyChange {
    /// The kind of change.
    public static let kind = ChangeKind.createOrder
    /// What the client sent.
    public let body: NewOrder

    /// Asks for it.
    public init(_ body: NewOrder) { self.body = body }

    /// Makes the change.
    public func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer { try transaction.createOrder(body) }
}

/// updateOrder.
public struct UpdateOrder: PatchChange {
    /// The kind of change.
    public static let kind = ChangeKind.updateOrder
    /// The record's id.
    public let id: UInt64
    /// What changes.
    public let patch: OrderPatch
    /// What must hold.
    public let precondition: RecordPrecondition

    /// Asks for it.
    public init(_ id: UInt64, _ patch: OrderPatch, _ precondition: RecordPrecondition) {
        self.id = id
        self.patch = patch
        self.precondition = precondition
    }

    /// Makes the change.
    public func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.updateOrder(id, patch, precondition)
    }
}
