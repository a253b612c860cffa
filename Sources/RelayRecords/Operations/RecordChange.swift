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

/// A change of one record: its payload is `[id, patch]`.
public protocol PatchChange: JSONChange {
    /// The body's type.
    associatedtype Patch: ContractModel
    /// The record's id.
    var id: UInt64 { get }
    /// What changes.
    var patch: Patch { get }
    /// Changes a record under a precondition.
    init(_ id: UInt64, _ patch: Patch, _ precondition: RecordPrecondition)
}

extension PatchChange {
    /// Reads what `write` wrote.
    public init?(decoding value: JSONValue, into faults: inout Faults) {
        var elements = value.elements
        guard let id = elements.next()?.integer.flatMap({ UInt64(exactly: $0) }),
            let body = elements.next(), let patch = Patch(decoding: body, into: &faults)
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
}

/// The end of one record: its payload is `{"id":…}`.
public protocol DeletionChange: JSONChange {
    /// The record's id.
    var id: UInt64 { get }
    /// Deletes a record under a precondition.
    init(_ id: UInt64, _ precondition: RecordPrecondition)
}

extension DeletionChange {
    /// Reads the id.
    public init?(decoding value: JSONValue, into faults: inout Faults) {
        guard let object = IdObject(decoding: value, into: &faults) else { return nil }
        self.init(object.id, .none)
    }

    /// Writes the id.
    public func write(to writer: inout JSONWriter) { IdObject(id: id).write(to: &writer) }
}
