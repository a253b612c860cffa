import JSON

/// The references of a body that its schema refuses, for its problem to list those that name nothing
/// as well. Which members are references is generated from the schemas.
public struct BodyReferences: Equatable, Sendable {
    /// A member that names another record.
    public struct Reference: Equatable, Sendable {
        /// Where it stands, as a JSON Pointer (RFC 6901).
        public let pointer: String
        /// What kind of record it names.
        public let kind: ReferredKind
        /// Which record.
        public let target: Target
    }

    /// How a record is named.
    public enum Target: Equatable, Sendable {
        /// By its id.
        case record(UInt64)
        /// By its id, as the record that the object is to change.
        case updated(UInt64)
        /// By the client's own id.
        case named(String)
    }

    /// In the order of the body.
    public private(set) var found: [Reference] = []
    private var pointer = ""

    /// None so far.
    init() {}

    /// Those of a part of a body.
    init(
        at pointer: String, _ part: JSONValue, _ find: (JSONValue, inout BodyReferences) -> Void
    ) {
        self.pointer = pointer
        find(part, &self)
    }

    mutating func add(record object: JSONValue, _ member: StaticString, _ kind: ReferredKind) {
        guard let id = object[member]?.referencedId else { return }
        add(member, kind, .record(id))
    }

    mutating func add(updated object: JSONValue, _ member: StaticString, _ kind: ReferredKind) {
        guard let id = object[member]?.referencedId else { return }
        add(member, kind, .updated(id))
    }

    mutating func add(named object: JSONValue, _ member: StaticString, _ kind: ReferredKind) {
        guard let name = object[member]?.string else { return }
        add(member, kind, .named(String(name)))
    }

    private mutating func add(_ member: StaticString, _ kind: ReferredKind, _ target: Target) {
        found.append(Reference(pointer: "\(pointer)/\(member)", kind: kind, target: target))
    }

    /// Goes on in a member that is an object.
    mutating func at(
        _ object: JSONValue, _ member: StaticString,
        _ find: (JSONValue, inout BodyReferences) -> Void
    ) {
        guard let value = object[member] else { return }
        enter("\(member)", value, find)
    }

    /// Goes on in each element of a member that is an array.
    mutating func atEach(
        of object: JSONValue, _ member: StaticString,
        _ find: (JSONValue, inout BodyReferences) -> Void
    ) {
        guard let elements = object[member]?.elements else { return }
        var index = 0
        for element in elements {
            enter("\(member)/\(index)", element, find)
            index += 1
        }
    }

    private mutating func enter(
        _ place: String, _ value: JSONValue, _ find: (JSONValue, inout BodyReferences) -> Void
    ) {
        let outer = pointer
        pointer += "/\(place)"
        find(value, &self)
        pointer = outer
    }
}

extension JSONValue {
    /// The record that a reference names, or nil when it is none that its schema lets pass.
    public var referencedId: UInt64? {
        var faults = Faults()
        return faults.id(self, .either)
    }
}
