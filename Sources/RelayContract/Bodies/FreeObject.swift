import JSON

/// An object whose members are the client's own affair, such as an attachment's metadata: its JSON,
/// compact. Numbers keep their value: 64-bit integers and what a double holds; others are faults.
@frozen
public struct FreeObject: ContractModel {
    /// The object's text.
    public private(set) var bytes: [UInt8]

    /// Keeps an object, whatever its depth: what is stored was let through once.
    public init?(decoding value: JSONValue, into faults: inout Faults) {
        self.init(decoding: value, depth: .max, into: &faults)
    }

    /// Keeps an object of a request.
    ///
    /// - Parameter depth: levels of objects and arrays that it may have, itself being one (`x-max-depth`).
    init?(decoding value: JSONValue, depth: Int, into faults: inout Faults) {
        guard faults.expectObject(value) else { return nil }
        let count = faults.count
        Self.check(value, depth, level: 1, &faults)
        guard faults.count == count else { return nil }
        var writer = JSONWriter()
        writer.value(value)
        bytes = writer.bytes
    }

    /// Writes the object as it was kept.
    public func write(to writer: inout JSONWriter) {
        // SAFETY: the array's own bytes, copied during this call.
        bytes.withUnsafeBytes { writer.raw($0) }
    }

    /// A name that is there twice is a mistake here too. Recursion ends at the parser's limit of depth.
    private static func check(
        _ value: JSONValue, _ depth: Int, level: Int, _ faults: inout Faults
    ) {
        if value.isInfinite {
            faults.add(.outOfRange, "expected a number up to 1.7976931348623157e+308")
        }
        if value.isInexact { faults.addInexact() }
        guard value.kind == .object || value.kind == .array else { return }
        if level > depth {
            return faults.add(
                .tooMany, "expected at most \(depth) levels of objects and arrays")
        }
        var index = 0
        for element in value.elements {
            faults.at(index: index) { check(element, depth, level: level + 1, &$0) }
            index += 1
        }
        guard value.kind == .object else { return }
        var seen: Set<[UInt8]> = []
        for member in value.members {
            if !seen.insert(Array(member.name.bytes)).inserted { faults.duplicate(member.name) }
            faults.at(foreign: member.name) { check(member.value, depth, level: level + 1, &$0) }
        }
    }
}
