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
        let fields = try fields(new.fields ?? [], keeping: [])
        let persons = try contactPersons(new.contactPersons ?? [], keeping: [])
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

    /// Changes what a merge patch has of an order.
    mutating func updateOrder(
        _ id: UInt64, _ patch: OrderPatch, _ precondition: RecordPrecondition
    ) throws(StoreError) -> RecordAnswer {
        guard let (stored, parts) = try load(id, withParts: patch.changesParts) else {
            return .missing(.order, id)
        }
        if let refusal = precondition.refusal(of: stored.version) { return refusal }
        var faults = Faults()
        try check(patch.propertyId, .property, "propertyId", &faults)
        try check(patch.customerId, .customer, "customerId", &faults)
        let plan = try planAddress(
            patch.address, keeping: stored.model.address, &faults)
        guard faults.isEmpty else { return RecordAnswer(Problem(.validation, faults)) }
        try begin()
        var order = stored.model.merged(with: patch)
        order.address = patch.merged(try store(plan), .address, over: order.address)
        if let fields = patch.fields {
            order.fields = try self.fields(fields, keeping: order.fields)
        }
        if let persons = patch.contactPersons {
            order.contactPersons = try contactPersons(persons, keeping: order.contactPersons)
        }
        order.updatedAt = time
        if let parts {
            try replace(stored.model, with: order, keeping: parts)
        } else {
            try replace(stored.model, with: order)
        }
        return .id(200, id, version: sequence)
    }

    /// Writes an order and enters it into what finds it: the only way in which orders change.
    mutating func replace(_ old: Order?, with new: Order) throws(StoreError) {
        try relink(old, to: new)
        try transaction.putOrder(new, json: new.json, account: account)
        try touchOrders()
    }

    /// As above, for orders without the comments that stay in their segments.
    mutating func replace(
        _ old: Order, with new: Order, behind segments: [DocumentSegment]
    ) throws(StoreError) {
        if segments.isEmpty { return try replace(old, with: new) }
        try relink(old, to: new)
        try transaction.putOrder(new, behind: segments, account: account)
        try touchOrders()
    }

    /// As above, for orders without their parts, which stay as they are.
    private mutating func replace(
        _ old: Order, with new: Order, keeping parts: OrderParts
    ) throws(StoreError) {
        try relink(old, to: new)
        let json = parts.joined(to: new)
        var order = new
        if json.count > Limits.segmentBytes {
            // Earlier programs left long orders without segments: all comments are looked at.
            // SAFETY: the array's own bytes, during this call.
            let whole = json.withUnsafeBytes { Order(stored: $0, parser: parser) }
            guard let whole else { throw .corrupted(what: "order \(new.id)") }
            order = whole
        }
        try transaction.putOrder(order, json: json, account: account)
        try touchOrders()
    }

    private mutating func touchOrders() throws(StoreError) {
        try transaction.touch(
            account: account, resource: Resource.order.rawValue, sequence: sequence)
    }

    private mutating func relink(_ old: Order?, to new: Order) throws(StoreError) {
        // What leads from its parts to it changes seldom, and may be thousands of keys.
        let movesParts = old.map { !new.hasParts(of: $0) } ?? true
        try transaction.relink(
            new.id, from: old?.links(account, withParts: movesParts) ?? RecordLinks(),
            to: new.links(account, withParts: movesParts))
    }
}

extension OrderPatch {
    /// Whether it says anything of what `OrderParts` has.
    fileprivate var changesParts: Bool { fields != nil || contactPersons != nil }
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
public typealias UpdateOrder = Update<Order>

extension Order: UpdatableRecord {
    /// updateOrder.
    public static var update: ChangeKind { .updateOrder }

    /// Changes one.
    public static func update(
        _ id: UInt64, _ patch: OrderPatch, _ precondition: RecordPrecondition,
        in transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.updateOrder(id, patch, precondition)
    }
}
