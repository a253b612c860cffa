import JSON

/// Reads the bodies of requests: one for each event loop, used on its thread.
///
/// A body that its schema refuses is not answered at once, but kept until whoever dispatches takes it:
/// which references name no record only the store can tell, and a problem lists all faults.
public final class BodyReader {
    /// What parses; also for bodies that are read in another way.
    public let parser = JSONParser(depth: JSON.Limits.bodyDepth)
    private var refused: RefusedBody?

    /// Makes a reader.
    public init() {}

    /// Keeps a body with what is wrong with it.
    func refuse(_ body: JSONValue, _ faults: Faults) {
        precondition(refused == nil, "a refused body is taken before the next one is read")
        refused = RefusedBody(body: body, faults: faults)
    }

    /// The body that the last dispatch refused, if it did.
    public func takeRefused() -> RefusedBody? {
        defer { refused = nil }
        return refused
    }
}

/// A body that its schema refuses. Valid until its parser reads the next one.
public struct RefusedBody {
    /// All of it.
    public let body: JSONValue
    /// What the schema has against it.
    public let faults: Faults
}

extension JSONValue {
    /// The record that a reference names, or nil when it is none that its schema lets pass.
    public var referencedId: UInt64? {
        var faults = Faults()
        return faults.id(self, .either)
    }
}
