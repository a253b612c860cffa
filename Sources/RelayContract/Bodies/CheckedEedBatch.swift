import JSON

/// The body of consumeEedBatch as the service reads it: one delivery that breaks a rule leaves the others as
/// they are. A client sends an `EedBatch`.
public struct CheckedEedBatch: ContractModel {
    /// One delivery, or why it is none.
    public enum Delivery: Equatable, Sendable {
        /// One that its schema accepts.
        case valid(EedDelivery)
        /// The faults of one that its schema refuses, at least one.
        case refused([Fault])
    }

    /// In the order of the body.
    public private(set) var deliveries: [Delivery]
    /// What the refused ones refer to, by their index.
    private var references: [Int: BodyReferences] = [:]

    /// Of deliveries that are valid.
    public init(_ deliveries: [EedDelivery]) { self.deliveries = deliveries.map { .valid($0) } }

    /// Reads a body.
    public init?(decoding value: JSONValue, into faults: inout Faults) {
        guard faults.expectObject(value) else { return nil }
        var references: [Int: BodyReferences] = [:]
        var deliveries: [Delivery]?
        var seen: UInt32 = 0
        for member in value.members {
            let place = member.name.matches("deliveries") ? 0 : -1
            guard faults.admit(member.name, place: place, seen: &seen) else { continue }
            var index = 0
            deliveries = faults.at("deliveries") { faults in
                faults.array(member.value, count: 1...10_000) { value, faults in
                    defer { index += 1 }
                    let delivery = Self.delivery(value, &faults)
                    if case .refused = delivery {
                        references[index] = BodyReferences(
                            at: "/deliveries/\(index)", value, EedDelivery.findReferences)
                    }
                    return delivery
                }
            }
        }
        if seen == 0 { faults.missing("deliveries") }
        guard let deliveries else { return nil }
        self.deliveries = deliveries
        self.references = references
    }

    private static func delivery(_ value: JSONValue, _ faults: inout Faults) -> Delivery {
        let read = faults.apart { EedDelivery(decoding: value, into: &$0) }
        guard let delivery = read.result, read.faults.isEmpty else { return .refused(read.faults) }
        return .valid(delivery)
    }

    /// Adds to each refused delivery the references in it that name nothing.
    ///
    /// - Parameter check: adds a fault for each of those.
    public mutating func checkReferences<Failure: Error>(
        _ check: (BodyReferences, inout Faults) throws(Failure) -> Void
    ) throws(Failure) {
        var all = Faults()
        for (index, found) in references.sorted(by: { $0.key < $1.key }) {
            guard case .refused(let faults) = deliveries[index] else { continue }
            let more = try all.apart { (faults) throws(Failure) in try check(found, &faults) }
            deliveries[index] = .refused(faults + more.faults)
        }
        references = [:]
    }

    /// Reads what `write` wrote.
    public init?(written value: JSONValue, into faults: inout Faults) {
        guard let value = value["deliveries"] else { return nil }
        let deliveries: [Delivery]? = faults.array(value) { value, faults in
            if value.kind == .array {
                return faults.array(value, Fault.init(decoding:into:)).map { .refused($0) }
            }
            return EedDelivery(decoding: value, into: &faults).map { .valid($0) }
        }
        guard let deliveries else { return nil }
        self.deliveries = deliveries
    }

    /// Writes the deliveries; one that is refused as an array of its faults, which no body can have.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.name("deliveries")
        writer.beginArray()
        for delivery in deliveries {
            switch delivery {
            case .valid(let delivery): delivery.write(to: &writer)
            case .refused(let faults): writer.values(faults)
            }
        }
        writer.endArray()
        writer.endObject()
    }
}
