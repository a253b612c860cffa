import JSON
import RelayContract
import RelayStore

/// A change that a client asks for: its body decoded and validated, its references not yet.
///
/// A type for each kind of change, beside the code that carries it out. `ChangeKind` lists them all.
public protocol RecordChange: Sendable {
    /// The kind, which no other type has.
    static var kind: ChangeKind { get }

    /// What the change can be made again from: what its record in the change log holds. A precondition
    /// is left out: it held when the change was recorded.
    var payload: [UInt8] { get }

    /// Whether the change made attachments of files, whose bytes are in no change record: it cannot
    /// be applied again elsewhere.
    var adoptsFiles: Bool { get }

    /// What must hold of the record that is changed: a command says it beside the payload.
    var precondition: RecordPrecondition { get set }

    /// Reads a change record back; nil when it is not what `payload` wrote.
    init?(payload: UnsafeRawBufferPointer, parser: JSONParser)

    /// Makes the change, or refuses it and leaves the transaction as it was.
    func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer
}

extension RecordChange {
    /// The kind of this change.
    public var kind: ChangeKind { Self.kind }

    /// Most changes make no attachments.
    public var adoptsFiles: Bool { false }

    /// A POST has none, and keeps none that it is given: see `TargetPrecondition`.
    public var precondition: RecordPrecondition {
        get { .none }
        set {}
    }
}

/// A change whose payload is JSON.
public protocol JSONChange: RecordChange, ContractModel {}

extension JSONChange {
    /// The change as JSON.
    public var payload: [UInt8] { json }

    /// Reads the JSON back.
    public init?(payload: UnsafeRawBufferPointer, parser: JSONParser) {
        self.init(stored: payload, parser: parser)
    }
}

/// A change that a request's body says all of: its payload is the body.
public protocol BodyChange: JSONChange {
    /// The body's type.
    associatedtype Body: ContractModel
    /// The body.
    var body: Body { get }
    /// The change that a body asks for.
    init(_ body: Body)
}

extension BodyChange {
    /// Reads the body.
    public init?(decoding value: JSONValue, into faults: inout Faults) {
        guard let body = Body(decoding: value, into: &faults) else { return nil }
        self.init(body)
    }

    /// Writes the body.
    public func write(to writer: inout JSONWriter) { body.write(to: &writer) }
}

/// A kind of record that clients change.
public protocol UpdatableRecord: Sendable {
    /// What changes: the request's body.
    associatedtype Patch: ContractModel
    /// The kind of change.
    static var update: ChangeKind { get }
    /// Changes a record, or refuses to and leaves the transaction as it was.
    static func update(
        _ id: UInt64, _ patch: Patch, _ precondition: RecordPrecondition,
        in transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer
}

/// A change of one record: its payload is `[id, patch]`.
public struct Update<Record: UpdatableRecord>: JSONChange {
    /// The kind of change.
    public static var kind: ChangeKind { Record.update }
    /// The record's id.
    public let id: UInt64
    /// What changes.
    public let patch: Record.Patch
    /// What must hold.
    public var precondition: RecordPrecondition

    /// Asks for it.
    public init(_ id: UInt64, _ patch: Record.Patch, _ precondition: RecordPrecondition) {
        self.id = id
        self.patch = patch
        self.precondition = precondition
    }

    /// Reads what `write` wrote.
    public init?(decoding value: JSONValue, into faults: inout Faults) {
        var elements = value.elements
        guard let id = elements.next()?.integer.flatMap({ UInt64(exactly: $0) }),
            let body = elements.next(), let patch = Record.Patch(decoding: body, into: &faults)
        else { return nil }
        self.init(id, patch, .none)
    }

    /// Writes id and patch.
    public func write(to writer: inout JSONWriter) {
        writer.beginArray()
        writer.value(id)
        patch.write(to: &writer)
        writer.endArray()
    }

    /// Makes the change.
    public func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try Record.update(id, patch, precondition, in: &transaction)
    }
}

/// A kind of record that clients delete.
public protocol DeletableRecord: Sendable {
    /// The kind of change.
    static var deletion: ChangeKind { get }
    /// Deletes a record, or refuses to and leaves the transaction as it was.
    static func delete(
        _ id: UInt64, _ precondition: RecordPrecondition, in transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer
}

/// The end of one record: its payload is `{"id":…}`.
public struct Deletion<Record: DeletableRecord>: JSONChange {
    /// The kind of change.
    public static var kind: ChangeKind { Record.deletion }
    /// The record's id.
    public let id: UInt64
    /// What must hold.
    public var precondition: RecordPrecondition

    /// Asks for it.
    public init(_ id: UInt64, _ precondition: RecordPrecondition) {
        self.id = id
        self.precondition = precondition
    }

    /// Reads the id.
    public init?(decoding value: JSONValue, into faults: inout Faults) {
        guard let object = IdObject(decoding: value, into: &faults) else { return nil }
        self.init(object.id, .none)
    }

    /// Writes the id.
    public func write(to writer: inout JSONWriter) { IdObject(id: id).write(to: &writer) }

    /// Makes the change.
    public func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try Record.delete(id, precondition, in: &transaction)
    }
}
