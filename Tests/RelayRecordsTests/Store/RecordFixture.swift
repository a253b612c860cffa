import CivilTime
import JSON
import RelayContract
import RelayRecords
import RelayStore
import Testing

/// An empty store in memory and what applies changes to it, one transaction each.
struct RecordFixture {
    let store: Store
    private let applier = RecordApplier()

    init(options: StoreOptions? = nil) throws { self.init(try Store.inMemory(options: options)) }

    init(_ store: Store) { self.store = store }

    /// When changes happen, unless a test says otherwise.
    static let time = Timestamp(milliseconds: 1_767_225_600_000)

    @discardableResult
    func apply(
        _ change: any RecordChange, account: UInt32 = 1, time: Timestamp = Self.time
    ) throws -> RecordAnswer {
        try store.write { (transaction) throws(StoreError) in
            try applier.apply(change, account: account, time: time, to: &transaction)
        }
    }

    /// Applies a change that must succeed.
    @discardableResult
    func must(
        _ change: any RecordChange, account: UInt32 = 1,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> RecordAnswer {
        let answer = try apply(change, account: account)
        #expect(answer.problem == nil, sourceLocation: sourceLocation)
        return answer
    }

    /// Applies a change that must be refused, leaving no trace; returns its faults as
    /// `pointer code`.
    @discardableResult
    func refuse(
        _ change: any RecordChange, _ status: Int = 422, account: UInt32 = 1,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [String] {
        let before = try image()
        let answer = try apply(change, account: account)
        #expect(answer.problem?.status == status, sourceLocation: sourceLocation)
        #expect(answer.createdID == nil && answer.body == [], sourceLocation: sourceLocation)
        #expect(try image() == before, "something was changed", sourceLocation: sourceLocation)
        return (answer.problem?.faults ?? []).map { "\($0.pointer) \($0.code)" }
    }

    func image() throws -> StoreImage { try StoreImage(store) }

    // MARK: Reading

    func model<Model: ContractModel>(
        _ type: Model.Type, _ resource: Resource, _ id: UInt64, account: UInt32 = 1
    ) throws -> Model? {
        let reader = try store.makeReader()
        guard let document = try reader.document(resource.key(account, id)) else { return nil }
        return try reader.view.withJSON(of: document) { Model(stored: $0, parser: JSONParser()) }
    }

    func version(_ resource: Resource, _ id: UInt64) throws -> UInt64? {
        let reader = try store.makeReader()
        return try reader.document(resource.key(1, id))?.version
    }

    func sequence() throws -> UInt64 {
        let reader = try store.makeReader()
        return try reader.view.lastSequence()
    }

    func list(_ list: RecordList, _ parameter: UInt64 = 0) throws -> [UInt64] {
        let reader = try store.makeReader()
        var ids: [UInt64] = []
        let view = reader.view
        let keys = try view.list(list.key(1, parameter), of: UInt64.self)
        try keys.forEach(in: keys.offsets) { (id) throws(StoreError) in
            ids.append(id)
            return true
        }
        return ids
    }

    func lookup(
        _ lookup: UniqueIndex, _ resource: Resource, _ text: String
    ) throws -> UInt64? {
        let reader = try store.makeReader()
        return try reader.view.record(
            named:
                UniqueKey(
                    account: 1, resource: resource.rawValue, kind: lookup.rawValue,
                    text: Array(text.utf8)))
    }

    // MARK: Records to start from

    /// Creates a customer; returns its id.
    @discardableResult
    func customer(_ name: String = "Nord", internalID: String? = nil) throws -> UInt64 {
        let input = CustomerInput(internalId: internalID, name: name)
        return try must(UpsertCustomer(CustomerUpsert(customer: input))).createdID!
    }

    /// Creates a property of a customer; returns its id.
    @discardableResult
    func property(
        of customer: UInt64, mscNumber: String? = nil, internalID: String? = nil,
        externalID: UInt64? = nil
    ) throws -> UInt64 {
        try must(
            UpsertProperties([
                PropertyInput(
                    name: "Haus", mscNumber: mscNumber, internalId: internalID,
                    externalId: externalID, customerId: customer)
            ]))
        return try list(.properties).last!
    }

    /// Creates a unit of a property; returns its id.
    @discardableResult
    func unit(of property: UInt64, mscNumber: String? = nil) throws -> UInt64 {
        try must(
            UpsertUnits([UnitInput(propertyId: property, name: "WE", unitMscNumber: mscNumber)]))
        return try list(.units).last!
    }
}

extension UpsertProperties {
    init(_ properties: [PropertyInput]) { self.init(PropertyUpsert(properties: properties)) }
}

extension UpsertUnits {
    init(_ units: [UnitInput]) { self.init(UnitUpsert(units: units)) }
}

extension UpsertCustomer {
    init(_ customer: CustomerInput) { self.init(CustomerUpsert(customer: customer)) }
}

extension RecordCommand {
    /// A command of this that is read and applied by what nobody else uses.
    func pending(
        completion: @escaping @Sendable (Result<RecordAnswer, StoreError>) -> Void
    ) -> PendingCommand<RecordCommand> {
        pending(Context(JSONParser(), RecordApplier()), completion: completion)
    }
}

extension RecordPrecondition {
    /// `If-Match: *`
    static let exists = RecordPrecondition(ifMatch: .any)

    /// If-Match with tags of those versions.
    static func versions(_ versions: [UInt64]) -> RecordPrecondition {
        RecordPrecondition(ifMatch: .versions(versions))
    }
}
