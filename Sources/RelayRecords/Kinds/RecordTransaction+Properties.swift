import JSON
import RelayContract
import RelayStore

/// One element of createProperties that was found to be right.
private struct PropertyPlan {
    var input: PropertyInput
    var old: Property?
    var address: AddressPlan

    /// The property as it is, if the element says nothing else: what a client sends again and again
    /// is not written again, and keeps its version and time.
    var unchanged: Property? {
        guard let old, address.keeps(old.address), input.keeps(old) else { return nil }
        return old
    }
}

extension PropertyInput {
    /// Whether a property has all that is given; the address is not looked at.
    fileprivate func keeps(_ old: Property) -> Bool {
        (name == nil || name.hasBytes(of: old.name))
            && (externalId == nil || externalId == old.externalId)
            && (internalId == nil || internalId.hasBytes(of: old.internalId))
            && (mscNumber == nil || mscNumber.hasBytes(of: old.mscNumber))
            && (customerId == nil || customerId == old.customerId)
    }
}

extension RecordTransaction {
    /// Creates or updates properties, all of them or none.
    mutating func upsertProperties(
        _ upsert: PropertyUpsert
    ) throws(StoreError) -> RecordAnswer {
        var faults = Faults()
        let plans = try faults.at("properties") {
            (faults: inout Faults) throws(StoreError) -> [PropertyPlan] in
            try plan(upsert.properties, &faults)
        }
        guard faults.isEmpty else { return RecordAnswer(Problem(.validation, faults)) }
        var echoes: [PropertyEcho] = []
        echoes.reserveCapacity(plans.count)
        var hasBegun = false
        for plan in plans {
            var property = plan.unchanged
            if property == nil, !hasBegun {
                try begin()
                hasBegun = true
            }
            if property == nil { property = try store(plan) }
            echoes.append(PropertyEcho(property!))
        }
        let result = PropertyUpsertResult(
            casaviAccountId: upsert.casaviAccountId, properties: echoes)
        return RecordAnswer(200, body: result.json)
    }

    private func plan(
        _ inputs: [PropertyInput], _ faults: inout Faults
    ) throws(StoreError) -> [PropertyPlan] {
        var batch = UpsertBatch(inputs.count)
        var plans: [PropertyPlan] = []
        plans.reserveCapacity(inputs.count)
        for (index, input) in inputs.enumerated() {
            let checked = try faults.at(index: index) {
                (faults: inout Faults) throws(StoreError) -> PropertyPlan in
                try plan(input, &batch, &faults)
            }
            plans.append(checked)
        }
        return plans
    }

    private func plan(
        _ input: PropertyInput, _ batch: inout UpsertBatch, _ faults: inout Faults
    ) throws(StoreError) -> PropertyPlan {
        let names = UpsertNames(
            id: input.id, externalID: input.externalId.map { String($0) },
            internalID: input.internalId)
        let id = try resolve(names, .property, &faults)
        batch.admit(names, target: id, &faults)
        if id == nil, input.id == nil {
            if input.name == nil {
                faults.add(.required, member: "name", "a new property needs a name")
            }
            if input.customerId == nil {
                faults.add(.required, member: "customerId", "a new property needs a customer")
            }
        }
        try check(input.customerId, .customer, "customerId", &faults)
        let old = try load(Property.self, .property, ifAny: id)
        let address = try planAddress(input.address, keeping: old?.address, &faults)
        return PropertyPlan(input: input, old: old, address: address)
    }

    private mutating func store(_ plan: PropertyPlan) throws(StoreError) -> Property {
        let input = plan.input
        let id = try keptID(plan.old?.id, .property)
        let address = try store(plan.address)
        var property =
            plan.old
            ?? Property(
                id: id, name: "", customerId: 0, origin: "API", createdAt: time,
                updatedAt: time)
        property.name = input.name ?? property.name
        property.externalId = input.externalId ?? property.externalId
        property.internalId = input.internalId ?? property.internalId
        property.mscNumber = input.mscNumber ?? property.mscNumber
        property.customerId = input.customerId ?? property.customerId
        property.address = address ?? property.address
        property.updatedAt = time
        try transaction.relink(
            id, from: plan.old?.links(account) ?? RecordLinks(), to: property.links(account))
        try store(property, .property, id)
        if let old = plan.old { try updateUnits(of: property, from: old) }
        return property
    }

    /// Deletes a property that nothing refers to.
    mutating func deleteProperty(
        _ id: UInt64, _ precondition: RecordPrecondition
    ) throws(StoreError) -> RecordAnswer {
        guard let stored = try load(Property.self, .property, id) else {
            return .missing(.property, id)
        }
        if let refusal = precondition.refusal(of: stored.version) { return refusal }
        var referrers = Referrers()
        try referrers.add(
            Unit.self, .unit, on: RecordList.unitsOfProperty.key(account, id), named: \.name,
            self)
        try referrers.add(
            Order.self, .order, on: RecordList.ordersOfProperty.key(account, id), named: \.title,
            self)
        try referrers.add(
            Document.self, .document, on: RecordList.documentsOfProperty.key(account, id),
            named: \.title, self)
        guard referrers.isEmpty else {
            return RecordAnswer(referrers.problem(record: "property \(id)"))
        }
        let property = stored.model
        try begin()
        try remove(.property, id, property.links(account))
        return RecordAnswer(200, body: property.json)
    }
}

extension PropertyEcho {
    /// A property in the shape that createProperties answers.
    init(_ property: Property) {
        self.init(
            id: property.id, name: property.name, address: property.address,
            mscNumber: property.mscNumber, internalId: property.internalId,
            externalId: property.externalId, customerId: property.customerId)
    }
}

/// createProperties: creates or updates some.
public struct UpsertProperties: BodyChange {
    /// The kind of change.
    public static let kind = ChangeKind.upsertProperties
    /// What the client sent.
    public let body: PropertyUpsert

    /// Asks for it.
    public init(_ body: PropertyUpsert) { self.body = body }

    /// Makes the change.
    public func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer { try transaction.upsertProperties(body) }
}

/// deleteProperty.
public typealias DeleteProperty = Deletion<Property>

extension Property: DeletableRecord {
    /// deleteProperty.
    public static var deletion: ChangeKind { .deleteProperty }

    /// Deletes one.
    public static func delete(
        _ id: UInt64, _ precondition: RecordPrecondition, in transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.deleteProperty(id, precondition)
    }
}
