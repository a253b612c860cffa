import CivilTime
import JSON
import RelayContract
import RelayStore

/// What a change is made in: a transaction of the store, and who changes what and when.
///
/// The verbs of the API are extensions of this type (`createOrder`, `upsertUnits` …), beside the
/// changes that call them. What they have in common is here.
public struct RecordTransaction: ~Copyable {
    /// The store's own.
    var transaction: StoreTransaction
    let account: UInt32
    /// The time that the change is given, which its record holds.
    let time: Timestamp
    /// What the clock says, which may be before `time`: what has to be past is compared with it.
    let present: Timestamp
    let parser: JSONParser
    /// What to note in the change record, once the change is known to happen.
    let change: any RecordChange
    /// That change's payload, if it has been made already.
    let payload: [UInt8]?
    /// What a POST's conditional fields ask of what is at its path.
    let target: TargetPrecondition?

    /// The store with the changes so far. Valid until the next change.
    var view: StoreView {
        @_lifetime(borrow self) borrowing get { transaction.view }
    }

    /// The version of what the change writes.
    var sequence: UInt64 { transaction.sequence }

    /// Writes what there is to know of the change, once all of it is done.
    mutating func endChange() throws(StoreError) { try transaction.endChange() }

    /// Gives the store's transaction back.
    consuming func end() -> StoreTransaction { transaction }
}

/// A record read back from its document.
struct Stored<Model: ContractModel> {
    var model: Model
    var version: UInt64
}

extension RecordTransaction {
    /// Writes the change record, whose sequence number is the version of all that is written from
    /// here on. Called after all checks.
    mutating func begin() throws(StoreError) { try begin(as: change, payload) }

    /// Begins a change of which only a part happens.
    mutating func begin(
        as change: any RecordChange, _ payload: [UInt8]? = nil
    ) throws(StoreError) {
        assert(
            change.kind.type == type(of: change),
            "\(type(of: change)) has the kind of another type")
        defer { precondition(sequence > 0, "a change has a number") }
        let payload = payload ?? change.payload
        _ = try transaction.recordChange(
            account: account, kind: change.kind.rawValue,
            time: time.milliseconds, payload: payload)
    }

    /// Reads a record, nil when the account has none of this id.
    func load<Model: ContractModel>(
        _ type: Model.Type, _ resource: Resource, _ id: UInt64
    ) throws(StoreError) -> Stored<Model>? {
        guard Resource.isStorable(id) else { return nil }
        let key = resource.key(account, id)
        guard let document = try transaction.intactDocument(key) else { return nil }
        // SAFETY: the map's bytes are read while the transaction is borrowed.
        let model = try view.withJSON(of: document) { Model(stored: $0, parser: parser) }
        guard let model else { throw .corrupted(what: "\(resource) \(id)") }
        return Stored(model: model, version: document.version)
    }

    /// As above, for a record that need not be named.
    func load<Model: ContractModel>(
        _ type: Model.Type, _ resource: Resource, ifAny id: UInt64?
    ) throws(StoreError) -> Model? {
        guard let id else { return nil }
        return try load(type, resource, id)?.model
    }

    /// Whether the account has a record of this id.
    func exists(
        _ resource: Resource, _ id: UInt64
    ) throws(StoreError) -> Bool {
        guard Resource.isStorable(id) else { return false }
        let view = view
        return try view.document(resource.key(account, id)) != nil
    }

    /// Writes a record's document under this transaction's newest sequence number.
    mutating func store(
        _ model: some ContractModel, _ resource: Resource, _ id: UInt64,
        privateBytes: [UInt8] = []
    ) throws(StoreError) {
        precondition(Resource.isStorable(id), "a record has an id that a key can hold")
        var writer = JSONWriter()
        model.write(to: &writer)
        try transaction.putDocument(
            resource.key(account, id), json: writer.bytes.span.bytes,
            privateBytes: privateBytes.span.bytes, version: sequence)
        try transaction.touch(account: account, resource: resource.rawValue, sequence: sequence)
    }

    /// The next id of a kind of record.
    mutating func newID(
        _ resource: Resource
    ) throws(StoreError) -> UInt64 {
        try transaction.nextID(account: account, resource: resource.rawValue)
    }

    /// The id of a record that is updated, or the next one for a record that is created.
    mutating func keptID(
        _ id: UInt64?, _ resource: Resource
    ) throws(StoreError) -> UInt64 {
        if let id { return id }
        return try newID(resource)
    }

    /// The record that a text names, if there is a text and it names one.
    func find(
        _ index: UniqueIndex, _ resource: Resource, _ text: String?
    ) throws(StoreError) -> UInt64? {
        guard let text else { return nil }
        return try view.record(named: UniqueKey(account, index, resource, text))
    }
}
