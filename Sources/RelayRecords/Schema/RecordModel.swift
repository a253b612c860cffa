import JSON
import RelayContract
import RelayStore

/// A record of any kind that has a document of its own, decoded: what loads and checks switch over.
public enum RecordModel: Sendable {
    case address(Address)
    case customer(Customer)
    case property(Property)
    case unit(Unit)
    case order(Order)
    case appointment(Appointment)
    case document(Document)
    case eedMonth(EedMonth)
    case attachment(Attachment)
    case cancellation(Cancellation)

    /// Reads a record and adds every fault; nil also for a kind that has no documents.
    init?(_ resource: Resource, decoding value: JSONValue, into faults: inout Faults) {
        let model: RecordModel? =
            switch resource {
            case .address: Address(decoding: value, into: &faults).map { .address($0) }
            case .customer: Customer(decoding: value, into: &faults).map { .customer($0) }
            case .property: Property(decoding: value, into: &faults).map { .property($0) }
            case .unit: Unit(decoding: value, into: &faults).map { .unit($0) }
            case .order: Order(decoding: value, into: &faults).map { .order($0) }
            case .appointment:
                Appointment(decoding: value, into: &faults).map { .appointment($0) }
            case .document: Document(decoding: value, into: &faults).map { .document($0) }
            case .eedMonth: EedMonth(decoding: value, into: &faults).map { .eedMonth($0) }
            case .attachment: Attachment(decoding: value, into: &faults).map { .attachment($0) }
            case .cancellation:
                Cancellation(decoding: value, into: &faults).map { .cancellation($0) }
            case .orderField, .comment, .contactPerson, .term, .commentSegment: nil
            }
        if case .appointment(let appointment) = model, !appointment.endsAfterItBegins {
            faults.addBackwards("dateEnd")
        }
        guard let model, faults.isEmpty else { return nil }
        self = model
    }

    /// The id that the record says it has, if it says so.
    var id: UInt64? {
        switch self {
        case .address(let address): address.id
        case .customer(let customer): customer.id
        case .property(let property): property.id
        case .unit(let unit): unit.id
        case .order(let order): order.id
        case .appointment(let appointment): appointment.id
        case .document(let document): document.id
        case .attachment(let attachment): attachment.id
        case .cancellation(let cancellation): cancellation.appointment.id
        case .eedMonth: nil
        }
    }

    /// The account that the record says it belongs to, if it says so.
    var account: UInt64? {
        switch self {
        case .address(let address): address.accountId
        case .customer(let customer): customer.accountId
        case .property, .unit, .order, .document, .appointment, .eedMonth, .attachment,
            .cancellation:
            nil
        }
    }

    /// The records of the same account that this one cannot be without.
    var references: [RecordReference] {
        var references: [RecordReference] = []
        switch self {
        // A deleted appointment's customer may be gone as well.
        case .address, .customer, .attachment, .cancellation: break
        case .property(let property): references.add("customerId", .customer, property.customerId)
        case .unit(let unit): references.add("propertyId", .property, unit.propertyId)
        case .order(let order):
            references.add("propertyId", .property, order.propertyId)
            references.add("customerId", .customer, order.customerId)
        case .appointment(let appointment):
            references.add("customerId", .customer, appointment.customerId)
        case .document(let document):
            references.add("propertyId", .property, document.propertyId)
            references.add("customerId", .customer, document.customerId)
        case .eedMonth(let month): references.add("unitId", .unit, month.unitId)
        }
        return references
    }

    /// The highest ids of the record's parts, which are counted on their own.
    var parts: [(resource: Resource, id: UInt64)] {
        if case .document(let document) = self {
            return document.attachments.map(\.id).max().map { [(.attachment, $0)] } ?? []
        }
        guard case .order(let order) = self else { return [] }
        var parts: [(Resource, UInt64)] = []
        if let id = order.fields.map(\.id).max() { parts.append((.orderField, id)) }
        if let id = order.comments.map(\.id).max() { parts.append((.comment, id)) }
        if let id = order.contactPersons.map(\.id).max() { parts.append((.contactPerson, id)) }
        let files = order.attachments + order.comments.flatMap(\.attachments)
        if let id = files.compactMap(\.id).max() { parts.append((.attachment, id)) }
        return parts
    }

    /// The property that what finds the record depends on, if it does.
    var owner: UInt64? {
        if case .unit(let unit) = self { unit.propertyId } else { nil }
    }

    /// What finds the record; nil for a unit whose property is missing.
    func links(_ account: UInt32, of owner: Property?) -> RecordLinks? {
        switch self {
        case .address, .attachment: return RecordLinks()
        case .customer(let customer): return customer.links(account)
        case .property(let property): return property.links(account)
        case .order(let order): return order.links(account)
        case .appointment(let appointment): return appointment.links(account)
        case .document(let document): return document.links(account)
        case .eedMonth(let month): return month.links(account)
        case .cancellation(let cancellation): return cancellation.links(account)
        case .unit(let unit): return owner.map { unit.links(account, of: $0) }
        }
    }

    /// The record as its document has it.
    func write(to writer: inout JSONWriter) {
        switch self {
        case .address(let address): address.write(to: &writer)
        case .customer(let customer): customer.write(to: &writer)
        case .property(let property): property.write(to: &writer)
        case .unit(let unit): unit.write(to: &writer)
        case .order(let order): order.write(to: &writer)
        case .appointment(let appointment): appointment.write(to: &writer)
        case .document(let document): document.write(to: &writer)
        case .eedMonth(let month): month.write(to: &writer)
        case .attachment(let attachment): attachment.write(to: &writer)
        case .cancellation(let cancellation): cancellation.write(to: &writer)
        }
    }
}

/// A record that another one names.
struct RecordReference: Sendable {
    /// The member that names it.
    let member: StaticString
    let resource: Resource
    let id: UInt64
}

extension [RecordReference] {
    fileprivate mutating func add(_ member: StaticString, _ resource: Resource, _ id: UInt64?) {
        if let id { append(RecordReference(member: member, resource: resource, id: id)) }
    }
}
