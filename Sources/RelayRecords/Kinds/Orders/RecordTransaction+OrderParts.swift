import JSON
import RelayContract
import RelayStore

/// Fields and contact persons come to an order one by one. They are parts of its document, so that
/// getOrder shows them at once and the order's version covers them.
extension RecordTransaction {
    /// Adds a field to an order.
    mutating func createOrderField(
        _ new: OrderFieldAddition
    ) throws(StoreError) -> RecordAnswer {
        try extend(new.orderId, by: .orderField) { order, id in
            order.fields.append(
                OrderField(id: id, position: new.position, name: new.name, content: new.content))
        }
    }

    /// Adds a contact person to an order.
    mutating func createContactPerson(
        _ new: ContactPersonAddition
    ) throws(StoreError) -> RecordAnswer {
        try extend(new.orderId, by: .contactPerson) { order, id in
            order.contactPersons.append(
                ContactPerson(
                    type: new.type, name: new.name, id: id, telephone: new.telephone,
                    mobile: new.mobile, emailAddress: new.email))
        }
    }

    /// Adds a part to an order, or refuses it with a fault at `orderId`.
    private mutating func extend(
        _ orderID: UInt64, by part: Resource,
        _ add: (inout Order, UInt64) -> Void
    ) throws(StoreError) -> RecordAnswer {
        var faults = Faults()
        try check(orderID, .order, "orderId", &faults)
        guard faults.isEmpty, let old = try load(Order.self, .order, orderID)?.model
        else { return RecordAnswer(Problem(.validation, faults)) }
        let present = part == .orderField ? old.fields.count : old.contactPersons.count
        if present >= Limits.partsPerOrder {
            faults.add(
                .tooMany, member: "orderId",
                "order \(orderID) already has \(present) of these, the most that an order may have")
            return RecordAnswer(Problem(.validation, faults))
        }
        try begin()
        let id = try newID(part)
        var order = old
        add(&order, id)
        order.updatedAt = time
        try replace(old, with: order)
        // The id alone: what the version would belong to, the order, is not what was created.
        return RecordAnswer(201, body: Array(String(id).utf8), createdID: id)
    }
}

/// createOrderField.
public struct CreateOrderField: BodyChange {
    /// The kind of change.
    public static let kind = ChangeKind.createOrderField
    /// What the client sent.
    public let body: OrderFieldAddition

    /// Asks for it.
    public init(_ body: OrderFieldAddition) { self.body = body }

    /// Makes the change.
    public func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer { try transaction.createOrderField(body) }
}

/// createContactPerson.
public struct CreateContactPerson: BodyChange {
    /// The kind of change.
    public static let kind = ChangeKind.createContactPerson
    /// What the client sent.
    public let body: ContactPersonAddition

    /// Asks for it.
    public init(_ body: ContactPersonAddition) { self.body = body }

    /// Makes the change.
    public func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer { try transaction.createContactPerson(body) }
}
