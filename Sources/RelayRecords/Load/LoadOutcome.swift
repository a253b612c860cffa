import JSON

/// A line that could not be loaded.
public struct LoadFault: Equatable, Sendable {
    /// Where it stands among the lines that were read, from 0 on.
    public var line: Int
    /// Whether it may be loaded once other lines have been: it refers to a record that is not there, or
    /// has a name that another record has now.
    public var waits: Bool
    /// What is wrong.
    public var detail: String

    /// A fault.
    public init(line: Int, waits: Bool = false, detail: String) {
        self.line = line
        self.waits = waits
        self.detail = detail
    }
}

/// What became of the lines that were to be loaded.
public struct LoadOutcome: Equatable, Sendable {
    /// Records that were not there before.
    public var created: UInt64 = 0
    /// Records that were there with other bytes.
    public var updated: UInt64 = 0
    /// Records that were there in the same bytes and were left alone.
    public var unchanged: UInt64 = 0
    /// Lines that could not be loaded.
    public var faults: [LoadFault] = []

    /// Nothing yet.
    public init() {}

    /// Adds another outcome.
    public mutating func add(_ other: LoadOutcome) {
        created += other.created
        updated += other.updated
        unchanged += other.unchanged
        faults += other.faults
    }

    /// Members `created`, `updated`, `unchanged` and `faults`: `line`, `waits` and `detail` of each.
    public func writeMembers(to writer: inout JSONWriter) {
        writer.member("created", created)
        writer.member("updated", updated)
        writer.member("unchanged", unchanged)
        writer.name("faults")
        writer.beginArray()
        for fault in faults {
            writer.beginObject()
            writer.member("line", fault.line)
            writer.member("waits", fault.waits)
            writer.member("detail", fault.detail)
            writer.endObject()
        }
        writer.endArray()
    }

    /// Reads back what `writeMembers` wrote; nil for anything else.
    public init?(_ value: JSONValue) {
        func count(_ name: StaticString) -> UInt64? {
            value[name]?.integer.flatMap { UInt64(exactly: $0) }
        }
        guard let created = count("created"), let updated = count("updated"),
            let unchanged = count("unchanged"), let list = value["faults"]
        else { return nil }
        self.created = created
        self.updated = updated
        self.unchanged = unchanged
        for fault in list.elements {
            guard let line = fault["line"]?.integer, let waits = fault["waits"]?.boolean,
                let detail = fault["detail"]?.string
            else { return nil }
            faults.append(LoadFault(line: Int(line), waits: waits, detail: String(detail)))
        }
    }
}
