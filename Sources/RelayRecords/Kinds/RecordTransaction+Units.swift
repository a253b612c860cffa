import JSON
import RelayContract
import RelayStore

/// One element of createUnits that was found to be right.
private struct UnitPlan {
    var input: UnitInput
    var old: Unit?
    /// The property that the unit belongs to from now on.
    var property: Property
    /// The property that it belonged to.
    var oldProperty: Property?
}

extension RecordTransaction {
    /// Creates or updates units, all of them or none.
    mutating func upsertUnits(_ upsert: UnitUpsert) throws(StoreError) -> RecordAnswer {
        var faults = Faults()
        let plans = try faults.at("units") {
            (faults: inout Faults) throws(StoreError) -> [UnitPlan] in
            try plan(upsert.units, &faults)
        }
        guard faults.isEmpty else { return RecordAnswer(Problem(.validation, faults)) }
        try begin()
        var units: [Unit] = []
        units.reserveCapacity(plans.count)
        for plan in plans { units.append(try store(plan)) }
        return RecordAnswer(200, body: UnitUpsertResult(units: units).json)
    }

    private func plan(
        _ inputs: [UnitInput], _ faults: inout Faults
    ) throws(StoreError) -> [UnitPlan] {
        var batch = UpsertBatch(inputs.count)
        var plans: [UnitPlan] = []
        plans.reserveCapacity(inputs.count)
        for (index, input) in inputs.enumerated() {
            let checked = try faults.at(index: index) {
                (faults: inout Faults) throws(StoreError) -> UnitPlan? in
                try plan(input, &batch, &faults)
            }
            if let checked { plans.append(checked) }
        }
        return plans
    }

    private func plan(
        _ input: UnitInput, _ batch: inout UpsertBatch, _ faults: inout Faults
    ) throws(StoreError) -> UnitPlan? {
        let names = UpsertNames(id: input.id)
        let id = try resolve(names, .unit, &faults)
        batch.admit(names, target: id, &faults)
        if id == nil, input.id == nil {
            if input.name == nil {
                faults.add(.required, member: "name", "a new unit needs a name")
            }
            if input.propertyId == nil {
                faults.add(.required, member: "propertyId", "a new unit needs a property")
            }
        }
        try check(input.propertyId, .property, "propertyId", &faults)
        let old = try load(Unit.self, .unit, ifAny: id)
        guard faults.isEmpty, let propertyID = input.propertyId ?? old?.propertyId,
            let property = try load(Property.self, .property, propertyID)?.model
        else { return nil }
        let oldProperty = try load(
            Property.self, .property, ifAny: old?.propertyId)
        return UnitPlan(input: input, old: old, property: property, oldProperty: oldProperty)
    }

    private mutating func store(_ plan: UnitPlan) throws(StoreError) -> Unit {
        let id = try keptID(plan.old?.id, .unit)
        var unit =
            plan.old
            ?? Unit(
                propertyId: plan.property.id, id: id, name: "", createdAt: time,
                updatedAt: time)
        unit.propertyId = plan.property.id
        unit.propertyMscNumber = plan.property.mscNumber
        unit.name = plan.input.name ?? unit.name
        unit.unitMscNumber = plan.input.unitMscNumber ?? unit.unitMscNumber
        unit.updatedAt = time
        var oldLinks = RecordLinks()
        if let old = plan.old, let property = plan.oldProperty {
            oldLinks = old.links(account, of: property)
        }
        try transaction.relink(id, from: oldLinks, to: unit.links(account, of: plan.property))
        try store(unit, .unit, id)
        return unit
    }

    private func ids(on list: ListKey) throws(StoreError) -> [UInt64] {
        let view = view
        let keys = try view.list(list, of: UInt64.self)
        var ids: [UInt64] = []
        ids.reserveCapacity(Int(keys.count))
        try keys.forEach(in: keys.offsets) { (id) throws(StoreError) in
            ids.append(id)
            return true
        }
        return ids
    }

    /// Carries a property's new customer or mscNumber over to its units.
    mutating func updateUnits(
        of property: Property, from old: Property
    ) throws(StoreError) {
        if old.customerId == property.customerId && old.mscNumber == property.mscNumber { return }
        let list = RecordList.unitsOfProperty.key(account, property.id)
        for id in try ids(on: list) {
            guard let unit = try load(Unit.self, .unit, id)?.model else {
                throw .corrupted(list, "it names unit \(id), which is missing")
            }
            var changed = unit
            changed.propertyMscNumber = property.mscNumber
            changed.updatedAt = time
            try transaction.relink(
                id, from: unit.links(account, of: old),
                to: changed.links(account, of: property))
            try store(changed, .unit, id)
        }
    }
}

/// createUnits: creates or updates some.
public struct UpsertUnits: BodyChange {
    /// The kind of change.
    public static let kind = ChangeKind.upsertUnits
    /// What the client sent.
    public let body: UnitUpsert

    /// Asks for it.
    public init(_ body: UnitUpsert) { self.body = body }

    /// Makes the change.
    public func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer { try transaction.upsertUnits(body) }
}
